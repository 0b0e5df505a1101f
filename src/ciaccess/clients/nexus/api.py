"""Nexus's REST API as a whole: the session, the version, and what an answer means.

The one place that reads error bodies: text, or JSON that is a string (3.30), an object or an array (since), and pages
of proxies.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import HTTPBasicAuth

from ciaccess.clients.errors import ApiError, ConflictError, RefusedError, UnexpectedAnswerError, error_class
from ciaccess.clients.http.session import HttpOptions, Session, basic, json_of, page_title
from ciaccess.clients.nexus.wire import NEXUS, Kind

_REST = "/service/rest/v1"
# A server that answers with a body is not Nexus, and nothing may have been done.
_ANSWERED_WITHOUT_A_BODY = ("PUT", "DELETE")
_SUCCESSES = range(200, 300)
_EXISTS = re.compile(r"already exists|Duplicate key|found duplicated key")
_IN_USE = re.compile(r"is in use and cannot be deleted")
_READ_ONLY = "Nexus is in read-only mode"

# the first pattern found in Nexus's message decides the remedy
_REMEDIES = (
    (_EXISTS.pattern, "Bring the existing one under control (pulumi import), or choose another name."),
    (_IN_USE.pattern, "Delete the privileges that use it first."),
    (r"internal and cannot be", "Nexus's own objects stay as they are: leave it out."),
    (r"contain itself", "Take the circle of roles apart."),
    (
        r"not found|Unable to locate|Invalid (selector|repository|format)",
        "Create what is named first, or correct the name.",
    ),
    (r"Invalid CSEL", "Correct the expression."),
    (
        r"Wildcard string|getPrivilegeProperty",
        "A stored wildcard such as '::' breaks every call for privileges. Remove it in Nexus's database.",
    ),
    (r"value is too long", "Shorten it: Nexus keeps up to 200 characters."),
)


class Api(Session):
    """Sends calls to one Nexus and turns refusals into errors."""

    def __init__(self, url: str, username: str, password: str, options: HttpOptions) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{NEXUS}'s address is not a URL of http or https")
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError(f"{NEXUS}'s URL holds credentials, a query or a fragment: take them out")
        super().__init__(NEXUS, url, options=options, auth=basic(username, password))
        self._version: str | None = None

    @property
    def version(self) -> str:
        """Nexus's version from its Server header (`3.77.0-08`), `unknown` where a proxy hides it."""
        if self._version is None:
            self.answer("GET", "/status", "read the version of Nexus")
        return self._version or "unknown"

    def answer(
        self, method: str, path: str, doing: str, *, root: str = _REST, **options: Any
    ) -> requests.Response:
        """Return the answer, whatever its status; `options` as Session.send takes them."""
        response = self.send(method, root + path, doing, **options)
        if found := re.match(r"Nexus/(\S+)", response.headers.get("Server", "")):
            self._version = found[1]
        return response

    def call(self, method: str, path: str, doing: str, kind: Kind[Any], **options: Any) -> requests.Response:
        """Return the answer of a call that worked; the kind gives an error its words."""
        response = self.answer(method, path, doing, **options)
        if response.status_code not in _SUCCESSES:
            raise self.failure(response, doing, kind)
        self._refuse_page(response, doing)
        if method in _ANSWERED_WITHOUT_A_BODY and response.content:
            reason = f"HTTP {response.status_code} with a body, which Nexus gives no such call"
            raise _not_nexus(response, doing, reason)
        return response

    def json(self, path: str, doing: str, kind: Kind[Any], **options: Any) -> Any:
        """Return the JSON that a GET is answered with."""
        return json_of(self.call("GET", path, doing, kind, **options), doing, NEXUS)

    def accepts(self, doing: str, auth: HTTPBasicAuth) -> bool:
        """Tell whether credentials are accepted (200, not 401); /status shows that for any rights."""
        response = self.answer("GET", "/status", doing, auth=auth)
        if response.history:
            reason = "/status redirects elsewhere, so the answer is not Nexus's"
            raise _not_nexus(response, doing, reason)
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            return False
        self._refuse_page(response, doing)
        if response.status_code != HTTPStatus.OK:
            raise self.failure(response, doing, None)
        return True

    @staticmethod
    def _refuse_page(response: requests.Response, doing: str) -> None:
        if response.status_code in _SUCCESSES and (title := page_title(response)) is not None:
            reason = f"the answer is an HTML page titled '{title}', not Nexus's"
            raise _not_nexus(response, doing, reason)

    def takes_writes(self, doing: str = "ask whether Nexus takes writes") -> bool:
        """Tell whether Nexus takes writes (200, not 503), which it does not in read-only mode."""
        response = self.answer("GET", "/status/writable", doing)
        if (
            response.status_code not in (HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE)
            or page_title(response) is not None
        ):
            raise self.failure(response, doing, None)
        return response.status_code == HTTPStatus.OK

    def failure(self, response: requests.Response, doing: str, kind: Kind[Any] | None) -> ApiError:
        """Return the error that an answer means."""
        reason = _message(response, {name: field for field, name in kind.wire.items()} if kind else {})
        status = response.status_code
        error = error_class(status)
        if self._is_read_only(response, doing):
            reason = _READ_ONLY
        elif _EXISTS.search(reason):
            error = ConflictError
        elif _IN_USE.search(reason):
            error = RefusedError
        elif status == HTTPStatus.NOT_FOUND and not _is_of_the_api(response):
            # The REST API names in JSON what is missing; anything else is another server, or another path of Nexus.
            error, reason = UnexpectedAnswerError, f"there is no such path ({reason})"
        remedy = _remedy(error, status, reason, kind.grants if kind else "", self.url)
        return error(doing, reason, remedy, system=NEXUS, status=status)

    def _is_read_only(self, response: requests.Response, doing: str) -> bool:
        """Tell whether a write failed because of read-only mode; not for a proxy's 503."""
        own_words = response.headers.get("Content-Type", "").lower().startswith("text/plain")
        if (
            response.status_code != HTTPStatus.SERVICE_UNAVAILABLE
            or response.request.method == "GET"
            or not own_words
        ):
            return False
        try:
            return (
                not self.takes_writes(doing)
                and self.answer("GET", "/status", doing).status_code == HTTPStatus.OK
            )
        except ApiError:
            return False


def _not_nexus(response: requests.Response, doing: str, reason: str) -> UnexpectedAnswerError:
    remedy = "Check that the URL is Nexus's own, and that no proxy answers in its place."
    return UnexpectedAnswerError(doing, reason, remedy, system=NEXUS, status=response.status_code)


def _remedy(error: type[ApiError], status: int, reason: str, grants: str, url: str) -> str:
    if reason == _READ_ONLY:
        return (
            "Wait until it is taken out of read-only mode (a backup or an upgrade may be running), or do so."
        )
    by_status = {
        401: "Check NEXUS_USERNAME and NEXUS_PASSWORD.",
        403: f"Give its user the privileges {grants}-*, or the role nx-admin."
        if grants
        else "Give its user the privilege.",
        429: "Try again later.",
        503: "Try again when Nexus is up: it may be starting, or a proxy cannot reach it.",
    }
    if status in by_status:
        return by_status[status]
    if error is UnexpectedAnswerError:
        return f"Check that {url} is Nexus's address, with its context path (such as /nexus) if it has one."
    for pattern, remedy in _REMEDIES:
        if re.search(pattern, reason):
            return remedy
    if status >= 500:  # noqa: PLR2004 the server's own failures
        return "Look into Nexus's log (nexus.log) for the cause."
    return "Correct what it names and run again."


def _is_of_the_api(response: requests.Response) -> bool:
    """Tell whether an error is the REST API's; outside its context path Nexus's Jetty answers."""
    body = _body(response)
    if isinstance(body, dict):
        return "message" in body and "url" not in body
    return isinstance(body, str) and bool(body)


def _body(response: requests.Response) -> Any:
    if "json" not in response.headers.get("Content-Type", "").lower():
        return None
    text = response.content.decode("utf-8", errors="replace").strip()
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        # 3.30 puts quotes around a message, and escapes nothing in it.
        return text[1:-1] if text.startswith('"') and text.endswith('"') else None


def _message(response: requests.Response, fields: Mapping[str, str]) -> str:
    """Return the server's message, shortened; `fields` are our names by Nexus's."""
    status = f"Nexus answered HTTP {response.status_code}"
    if (title := page_title(response)) is not None:
        return f"{status} with an HTML page titled '{title}', from a proxy or another server"
    body = _body(response)
    text = body.get("message") if isinstance(body, dict) else body
    if isinstance(text, str):
        return text.strip().removeprefix('"').removesuffix('"') or status
    if isinstance(body, list):
        return "; ".join(_faults(body, fields)) or f"{status}, the request has a wrong shape"
    text = response.content[:2000].decode("utf-8", errors="replace").strip()
    if (
        body is not None
        or not text
        or not response.headers.get("Content-Type", "").lower().startswith("text/plain")
    ):
        return f"{status} with an empty body" if not text else f"{status} with an answer that is not Nexus's"
    return _plain(text)


def _faults(body: list[Any], fields: Mapping[str, str]) -> list[str]:
    """Return the faults of Nexus's list, such as `name: must not be empty`."""
    found = []
    for fault in body:
        if isinstance(fault, dict) and isinstance(fault.get("message"), str):
            name = str(fault.get("id") or "").split(" ")[-1].split(".")[-1]
            about = "" if name in ("", "*") else f"{fields.get(name, name)}: "
            found.append(about + fault["message"])
    return found


def _plain(text: str) -> str:
    """Return a plain message without fault id, Java class, and the value that is too long."""
    if too_long := re.search(r'Value too long for column "(\w+)', text):
        return f"the {too_long[1].lower()}'s value is too long"
    if quoted := re.search(r"message='\"?(.*?)\"?'\}", text):
        return quoted[1]
    line = re.sub(r"^ERROR: \(ID [0-9a-f-]+\)\s*", "", text.splitlines()[0])
    return re.sub(r"^(?:[a-z][\w$]*\.)+[A-Z][\w$]*(?::\s*|$)", "", line) or line
