"""Calls to one system at one base URL, with a message for every failed connection.

What an answer's status and body mean is its client's (clients/nexus); here is what happens when there is no
answer, or when it is not one of an API at all: HTML, broken JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import unescape
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from requests.auth import HTTPBasicAuth

from ciaccess.clients.errors import ApiError, RefusedError, UnexpectedAnswerError, UnreachableError
from ciaccess.clients.http.bounds import BodyTooLargeError, NestedTooDeeplyError
from ciaccess.clients.http.transport import (
    BundleUnusableError,
    ElsewhereError,
    HttpOptions,
    PooledSession,
    was_sent,
)
from ciaccess.clients.redaction import conceal

__all__ = [
    "HttpOptions",
    "PooledSession",
    "Session",
    "as_api_error",
    "basic",
    "json_of",
    "page_title",
    "segment",
]

_TITLE_CHARACTERS = 4096
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def basic(username: str, password: str) -> HTTPBasicAuth:
    """Return basic authentication in UTF-8, its password concealed in every spelling.

    Raises:
        ValueError: the username contains a colon, which would move the rest of it into the password.
    """
    if ":" in username:
        raise ValueError("a user id with a colon cannot log in with basic authentication")
    conceal(password)
    conceal(f"{username}:{password}")
    return HTTPBasicAuth(username.encode(), password.encode())


def segment(identity: str, doing: str, system: str) -> str:
    """Return an id as one segment of a path, encoded whole.

    Raises:
        RefusedError: it is empty, no text, or has a part `.` or `..`, which proxies resolve even when encoded.
    """
    swallowed = any(part in (".", "..") for part in re.split(r"[/\\]", identity))
    if not identity or swallowed or re.search(r"[\ud800-\udfff]", identity):
        raise RefusedError(doing, "this id is not valid in a URL", "Choose another one.", system=system)
    return quote(identity, safe="")


class Session:
    """Calls to one system. `url` may have a path (`https://host/nexus`), which every call keeps."""

    # Whether each write can be repeated with the same effect, so that it does not matter if one was done.
    writes_are_repeatable = False

    def __init__(
        self,
        system: str,
        url: str,
        *,
        options: HttpOptions,
        auth: HTTPBasicAuth | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.system = system
        self.url = url.rstrip("/")
        self._session = PooledSession(self.url, options)
        self._auth = auth
        self._headers = {"Accept": "application/json", **(headers or {})}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def send(  # noqa: PLR0913 the parts of a request, by name
        self,
        method: str,
        path: str,
        doing: str,
        *,
        body: Any = None,
        text: str | None = None,
        params: Mapping[str, str] | None = None,
        auth: HTTPBasicAuth | None = None,
    ) -> requests.Response:
        """Send `body` as JSON, or `text` as it is; return the answer, whatever its status.

        `path` starts with a slash and is encoded already (`segment`); `doing` begins the errors' texts.
        """
        headers = dict(self._headers)
        data: bytes | None = None
        if text is not None:
            data, headers["Content-Type"] = text.encode(), "text/plain; charset=utf-8"
        elif body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        try:
            return self._session.call(
                method,
                self.url + path,
                headers=headers,
                body=data,
                params=params,
                auth=auth or self._auth,
            )
        except requests.RequestException as error:
            sent = "GET" if self.writes_are_repeatable else method
            raise as_api_error(error, doing, self.system, self.url, sent) from None

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()


def as_api_error(
    error: requests.RequestException, doing: str, system: str, base_url: str, method: str = "GET"
) -> ApiError:
    """Return a failure of requests in words. `method` decides whether a broken call may be half done."""
    place = f"{system} at {base_url}"
    if isinstance(error, ElsewhereError | requests.TooManyRedirects):
        remedy = (
            f"Credentials go to no other place: correct {system}'s URL, or sign in where a proxy asks for it."
        )
        reason = str(error) if isinstance(error, ElsewhereError) else f"{base_url} redirects in a circle"
        status = error.response.status_code if error.response is not None else None
        return UnexpectedAnswerError(doing, reason, remedy, system=system, status=status)
    if isinstance(error, BodyTooLargeError | requests.exceptions.ContentDecodingError):
        reason = str(error) if isinstance(error, BodyTooLargeError) else "the answer cannot be decompressed"
        return UnexpectedAnswerError(doing, reason, f"Check that {base_url} is {system}.", system=system)
    if isinstance(error, BundleUnusableError):
        remedy = "Name a file of PEM certificates in CIACCESS_CA_BUNDLE."
        return UnreachableError(doing, "the CA bundle cannot be used", remedy, system=system)
    if isinstance(error, requests.exceptions.SSLError) and not was_sent(error):
        reason = f"TLS with {place} failed ({_tls_reason(error)})"
        remedy = (
            "Name the file of the CA that signed its certificate in CIACCESS_CA_BUNDLE, or correct the URL."
        )
        return UnreachableError(doing, reason, remedy, system=system)
    remedy = f"Check that it is running and that {base_url} is its address."
    if urlsplit(base_url).hostname in _LOOPBACK:
        remedy = f"{remedy} For the local stack: ./ciaccess local start."
    if not was_sent(error):
        reason = f"{place} is not reachable ({_reason(error)}{_through(error, base_url)})"
        return UnreachableError(doing, reason, remedy, system=system)
    uncertain = method not in ("GET", "HEAD", "OPTIONS")
    if uncertain:
        remedy = "It may or may not have been done: run again to find out."
    reason = f"{place} sent no complete response ({_reason(error)})"
    return UnreachableError(doing, reason, remedy, system=system, uncertain=uncertain)


def _tls_reason(error: requests.RequestException) -> str:
    text = str(error)
    # OpenSSL's words: `[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:992)`
    found = re.search(r"verify failed: ([^(]+?) \(_ssl", text) or re.search(r"\] ([^(]+?) \(_ssl", text)
    return found[1] if found else "no secure connection"


def _through(error: requests.RequestException, base_url: str) -> str:
    """Return the proxy that a connection was tried to, as an addition to the reason."""
    pool = getattr(error.args[0], "pool", None) if error.args else None
    host, port = getattr(pool, "host", None), getattr(pool, "port", None)
    return f" by the proxy {host}:{port}" if host and host.strip("[]") != urlsplit(base_url).hostname else ""


_REASONS = (
    (r"InvalidProxyURL", "the proxy's URL in the environment is malformed"),
    (r"Connection refused", "connection refused"),
    (
        r"Name or service not known|NameResolutionError|getaddrinfo|name resolution",
        "its host name is unknown",
    ),
    (r"No route to host|Network is unreachable", "no route to it"),
    (r"ConnectTimeout|connect timeout|connection to .* timed out", "connecting timed out"),
    (r"[Rr]ead timed out|did not end in time", "the response timed out"),
    (r"IncompleteRead|InvalidChunkLength", "the response was cut off"),
    (r"RemoteDisconnected|reset by peer|Connection aborted|Broken pipe|EOF", "the connection was closed"),
    (r"[Pp]roxy", "the proxy refused"),
)


def _reason(error: requests.RequestException) -> str:
    text = f"{type(error).__name__} {error!r}"
    return next((words for pattern, words in _REASONS if re.search(pattern, text)), type(error).__name__)


def page_title(response: requests.Response) -> str | None:
    """Return the title of an HTML page (`untitled` without one), None for another answer."""
    start = response.content[:_TITLE_CHARACTERS].decode("utf-8", errors="replace")
    begins_so = re.match(r"\s*(<!doctype html|<html)", start, re.IGNORECASE)
    if not begins_so and "html" not in response.headers.get("Content-Type", "").lower():
        return None
    title = re.search(r"<title[^>]*>(.*?)</title", start, re.IGNORECASE | re.DOTALL)
    return unescape(title[1]).strip() if title and title[1].strip() else "untitled"


def json_of(response: requests.Response, doing: str, system: str) -> Any:
    """Return an answer's JSON; UnexpectedAnswerError where it has none, or not the API's."""
    kind = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
    if (title := page_title(response)) is not None:
        reason = f"the answer is an HTML page titled '{title}', not {system}'s"
    elif not response.content:
        reason = "the answer is empty"
    elif kind != "application/json" and not kind.endswith("+json"):
        reason = f"the answer is of type {kind or 'unknown'}, not JSON"
    else:
        try:
            return response.json()
        except NestedTooDeeplyError as error:
            reason = str(error)
        except ValueError:
            reason = "the answer is broken JSON"
    remedy = f"Check that the URL is {system}'s own, and that no proxy answers in its place."
    raise UnexpectedAnswerError(doing, reason, remedy, system=system, status=response.status_code)
