"""The same exchanges with two servers, and where their answers differ: by status, and by what is said in which shape."""

from __future__ import annotations

import itertools
import json
import random
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import requests

from tests.real.client_exchanges import CLIENTS, opening, stored
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
    """A server by its address and administrator's password.

    `etags` and `dates` are those of the last answers, by path; `ids` those of what lists have shown, by kind, repository and name.
    """

    url: str
    password: str
    session: requests.Session = field(default_factory=requests.Session)
    etags: dict[str, str] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)
    ids: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def send(self, exchange: Exchange) -> Answer:
        """Send a request, and those for further pages, and return what came of it."""
        answer = self._send(exchange, exchange.path)
        pages = [answer]
        while exchange.all_pages and (token := self._noted(pages[-1]).get("continuationToken")):
            pages.append(self._send(exchange, f"{exchange.path}&continuationToken={token}"))
        if len(pages) == 1:
            return Answer(answer.status_code, self._body(exchange, answer))
        items = [self._body(exchange, page) for page in pages]
        # 3.30 may end with an empty page.
        sizes = [len(each) for each in items if each]
        return Answer(answer.status_code, sorted(itertools.chain(*items)), sizes)

    def _noted(self, answer: requests.Response) -> dict[str, Any]:
        """Return a page of a list, its items' ids remembered."""
        page = _json(answer.text)
        if not answer.ok or not isinstance(page, dict):
            return {}
        for item in page["items"]:
            kind = "assets" if "path" in item else "components"
            self.ids[(kind, item["repository"], _item(item))] = item["id"]
        return page

    def _path(self, exchange: Exchange, path: str) -> str:
        if exchange.of is None:
            return path
        kind = path.rstrip("/").rpartition("/")[2]
        return path + self.ids.get((kind, *exchange.of), "none")

    def _send(self, exchange: Exchange, path: str) -> requests.Response:
        headers = {"Accept": "application/json"} if "/service/" in exchange.path else {}
        if exchange.path.endswith("/change-password"):
            headers["Content-Type"] = "text/plain"
        if exchange.content_type:
            headers["Content-Type"] = exchange.content_type
        if exchange.repeats_etag and exchange.path in self.etags:
            headers["If-None-Match"] = self.etags[exchange.path]
        if exchange.repeats_date and exchange.path in self.dates:
            headers["If-Modified-Since"] = self.dates[exchange.path]
        request = requests.Request(
            exchange.method, self.url, headers=headers, json=exchange.body, data=exchange.data
        )
        if exchange.user != "":
            request.auth = ("admin", self.password) if exchange.user is None else (exchange.user, _PASSWORD)
        prepared = self.session.prepare_request(request)
        prepared.url = self.url + self._path(exchange, path).replace(" ", "%20")
        answer = self.session.send(prepared, timeout=_SECONDS, allow_redirects=False)
        if exchange.method == "GET":
            for kept, name in ((self.etags, "ETag"), (self.dates, "Last-Modified")):
                if name in answer.headers:
                    kept[exchange.path] = answer.headers[name]
        return answer

    def _body(self, exchange: Exchange, answer: requests.Response) -> Any:
        if exchange.path.startswith("/service/"):
            return _of_api(answer)
        if answer.status_code != requests.codes.ok or exchange.method != "GET":
            return ""
        kind = answer.headers.get("Content-Type", "")
        if "html" in kind:
            return sorted(re.findall(r'<a href="([^"#]*)[^"]*"[^>]*>([^<]*)</a>', answer.text))
        return _of_npm(_json(answer.text)) if "json" in kind else answer.content


@dataclass(frozen=True)
class Answer:
    """A status, the body as far as it is part of the contract, and how many items each of several pages has."""

    status: int
    body: Any
    pages: list[int] = field(default_factory=list)


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
            f"    real      {self.real.status} {self.real.pages or ''} {str(self.real.body)[:400]}\n"
            f"    simulated {self.simulated.status} {self.simulated.pages or ''} {str(self.simulated.body)[:400]}"
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


def differences(
    real: Server, simulated: Server, seed: int, number: int, formats: tuple[str, ...]
) -> Iterator[Difference]:
    """Yield where two servers differ, on which nothing has been made but the repository raw-0.

    The clients of `formats` are among those that ask.
    """
    chance = random.Random(seed)  # noqa: S311 a test's sequence
    clients = [CLIENTS[each] for each in formats]
    sequence = exchanges(chance, number, (*clients, lambda each: stored(each, formats)))
    for count, exchange in enumerate(itertools.chain(opening(formats), sequence)):
        answers = real.send(exchange), simulated.send(exchange)
        if answers[0] != answers[1]:
            yield Difference(count, exchange, *answers)


def _of_npm(document: Any) -> Any:
    """Return what a client takes from an answer of npm: the tags, and each version's digest."""
    if not isinstance(document, dict) or "versions" not in document:
        return document
    versions = {name: each["dist"]["shasum"] for name, each in document["versions"].items()}
    return document["dist-tags"], versions


def _of_api(answer: requests.Response) -> Any:
    if "json" not in answer.headers.get("Content-Type", ""):
        return _text(answer.text) if answer.status_code >= requests.codes.bad else ""
    body = _json(answer.text)
    if isinstance(body, dict) and "items" in body:
        return sorted(map(_item, body["items"]))
    return _comparable(body)


def _item(item: dict[str, Any]) -> str:
    """Return the name of an item of a list: 3.71 shows paths with a slash, 3.30 without."""
    name = item.get("path") or " ".join(str(item[key]) for key in ("name", "version") if item.get(key))
    return str(name).lstrip("/")


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
        is_content = "downloadUrl" in value or "assets" in value
        if is_content and value.get("version") == "":
            value = {**value, "version": None}
        return {
            key: str(each).lstrip("/") if is_content and key in ("path", "name") else _comparable(each)
            for key, each in sorted(value.items())
            if not _VOLATILE.search(key) or (key == "id" and not is_content)
        }
    if isinstance(value, list):
        return sorted((_comparable(each) for each in value), key=repr)
    return value
