"""The same exchanges with two servers, and where their answers differ: by status, and by what is said in which shape."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import requests

from tests.real.exchanges import Exchange, exchanges

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_SECONDS = 30
_PASSWORD = "password"
_PLAIN = {"Content-Type": "text/plain"}
_OBJECTS = {
    "users": "userId",
    "roles": "id",
    "privileges": "name",
    "content-selectors": "name",
    "repositories": "name",
}
_KEPT = ("admin", "anonymous", "nx-admin", "nx-anonymous")
_ANONYMOUS = {"enabled": False, "userId": "anonymous", "realmName": "NexusAuthorizingRealm"}
# What no contract covers: ids of content, times, addresses, blobs' names.
_VOLATILE = re.compile(
    r"lastModified|lastDownloaded|blobCreated|uploader|id$|downloadUrl|url$|blobStoreName|checksum|fileSize|contentType|repository$"
)


@dataclass(frozen=True)
class Server:
    """A server by its address and administrator's password; `etags` are those of the last answers, by path."""

    url: str
    password: str
    session: requests.Session = field(default_factory=requests.Session)
    etags: dict[str, str] = field(default_factory=dict)

    def send(self, exchange: Exchange) -> Answer:
        """Send a request and return what came of it."""
        headers = {"Accept": "application/json"} if "/service/" in exchange.path else {}
        if exchange.path.endswith("/change-password"):
            headers["Content-Type"] = "text/plain"
        if exchange.repeats_etag and exchange.path in self.etags:
            headers["If-None-Match"] = self.etags[exchange.path]
        request = requests.Request(
            exchange.method, self.url, headers=headers, json=exchange.body, data=exchange.data
        )
        if exchange.user != "":
            request.auth = ("admin", self.password) if exchange.user is None else (exchange.user, _PASSWORD)
        prepared = self.session.prepare_request(request)
        prepared.url = self.url + exchange.path.replace(" ", "%20")
        answer = self.session.send(prepared, timeout=_SECONDS)
        if exchange.method == "GET" and "ETag" in answer.headers:
            self.etags[exchange.path] = answer.headers["ETag"]
        return Answer(answer.status_code, _body(exchange, answer))


@dataclass(frozen=True)
class Answer:
    """A status, and the body as far as it is part of the contract."""

    status: int
    body: Any


@dataclass(frozen=True)
class Difference:
    """An exchange, its number, and what came of it."""

    number: int
    exchange: Exchange
    real: Answer
    simulated: Answer

    def __str__(self) -> str:
        who = "admin" if self.exchange.user is None else self.exchange.user or "nobody"
        sent = self.exchange.body if self.exchange.body is not None else self.exchange.data
        return (
            f"{self.number} {self.exchange.method} {self.exchange.path} by {who} {sent!r}\n"
            f"    real      {self.real.status} {str(self.real.body)[:400]}\n"
            f"    simulated {self.simulated.status} {str(self.simulated.body)[:400]}"
        )


@dataclass(frozen=True)
class Allowed:
    """Differences that may be, by name, with the reason."""

    name: str
    reason: str
    covers: Callable[[Difference], bool]


def prepare(server: Server) -> None:
    """Leave nothing but the repository raw-0, anonymous access disabled, and an administrator that is active."""
    rest, auth = f"{server.url}/service/rest/v1", ("admin", server.password)
    for kind, identity in _OBJECTS.items():
        path = "repositories" if kind == "repositories" else f"security/{kind}"
        for each in requests.get(f"{rest}/{path}?source=default", auth=auth, timeout=_SECONDS).json():
            if each[identity] not in _KEPT and not each.get("readOnly"):
                one = f"{rest}/{path}/{quote(each[identity], safe='')}"
                requests.delete(one, auth=auth, timeout=_SECONDS).raise_for_status()
    storage = {"blobStoreName": "default", "strictContentTypeValidation": False, "writePolicy": "ALLOW"}
    calls: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("POST", "repositories/raw/hosted", {"json": {"name": "raw-0", "online": True, "storage": storage}}),
        ("PUT", "security/anonymous", {"json": _ANONYMOUS}),
        ("PUT", "security/users/admin/change-password", {"data": server.password, "headers": _PLAIN}),
    )
    for method, path, options in calls:
        requests.request(method, f"{rest}/{path}", auth=auth, timeout=_SECONDS, **options).raise_for_status()


def unexplained(
    found: Iterable[Difference], allowed: Sequence[Allowed]
) -> tuple[list[Difference], list[Allowed]]:
    """Return the differences that are not allowed, and what is allowed and did not occur."""
    left: list[Difference] = []
    idle = list(allowed)
    for difference in found:
        reasons = [each for each in allowed if each.covers(difference)]
        if not reasons:
            left.append(difference)
        if reasons and reasons[0] in idle:
            idle.remove(reasons[0])
    return left, idle


def differences(real: Server, simulated: Server, seed: int, number: int) -> Iterator[Difference]:
    """Yield where two servers differ, on which nothing has been made but the repository raw-0."""
    for count, exchange in enumerate(exchanges(random.Random(seed), number)):  # noqa: S311 a test's sequence
        answers = real.send(exchange), simulated.send(exchange)
        if answers[0] != answers[1]:
            yield Difference(count, exchange, *answers)


def _body(exchange: Exchange, answer: requests.Response) -> Any:
    if not exchange.path.startswith("/service/"):
        return answer.content if answer.status_code == requests.codes.ok else ""
    if "json" not in answer.headers.get("Content-Type", ""):
        return _text(answer.text) if answer.status_code >= requests.codes.bad else ""
    body = _json(answer.text)
    if isinstance(body, dict) and "items" in body:
        # 3.71 shows paths with a slash, 3.30 without.
        return sorted(str(each.get("path") or each.get("name")).lstrip("/") for each in body["items"])
    return _comparable(body)


def _json(text: str) -> Any:
    """Return an answer's JSON; 3.30 quotes messages without escaping what is in them."""
    try:
        return json.loads(text, strict=False)
    except ValueError:
        return text.strip().strip('"')


def _text(text: str) -> str:
    line = text.strip().splitlines()[0] if text.strip() else ""
    return re.sub(r"\(ID [0-9a-f-]+\)", "(ID)", line)[:200]


def _comparable(value: Any) -> Any:
    """Return JSON without what is volatile, lists in one order; an error's message whatever the shape around it."""
    if isinstance(value, dict):
        if value.keys() <= {"id", "message"} and "message" in value:
            return str(value["message"]).strip('"')
        return {
            key: _comparable(each)
            for key, each in sorted(value.items())
            if not _VOLATILE.search(key) or key == "id"
        }
    if isinstance(value, list):
        return sorted((_comparable(each) for each in value), key=repr)
    return value
