"""Transport of every client: pooled, bounded in time and size, safe retries, one host only.

`PooledSession` is an ordinary requests.Session, so python-gitlab takes it as well. It raises the exceptions
of requests; their translation into words is clients/http/session's.

What is retried, and what is not:
- no connection was made: any method, because nothing was sent;
- the connection broke afterwards, and 502, 504: methods that may be repeated (GET, HEAD, OPTIONS, PUT, DELETE);
- 429 and 503: any method, because the server did nothing;
- a time-out while waiting for the answer, TLS failures, every other status: never;
- while a server is known to be away, because a call has just waited for it in vain: only 429, so that a thousand calls say
  so in about the time of one.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from requests.hooks import default_hooks
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers, get_environ_proxies
from urllib3.exceptions import DecodeError, HTTPError, NewConnectionError, ReadTimeoutError

from ciaccess.clients.addresses import origin
from ciaccess.clients.credentials import ca_bundle
from ciaccess.clients.http.bounds import (
    BodyTooLargeError,
    Pages,
    Response,
    TimedHTTPConnection,
    TimedHTTPSConnection,
    deadline,
)

_REPEATABLE = ("GET", "HEAD", "OPTIONS", "PUT", "DELETE")
_BUSY = 429
_NOT_DONE = (_BUSY, 503)
_MOST_REDIRECTS = 3
_RETRIED = (*_NOT_DONE, 502, 504)
_NOT_PASSING = (requests.exceptions.SSLError, requests.exceptions.ProxyError, requests.exceptions.InvalidURL)
_BEFORE_SENDING = (requests.ConnectTimeout, *_NOT_PASSING)
_IMPATIENT_CONNECT_SECONDS = 0.3
_CHUNK_BYTES = 64 * 1024
_BEFORE_VALUES = (b",", b"[", b"{")  # in text as well, which only makes the bound stricter


@dataclass(frozen=True)
class HttpOptions:
    """The bounds of one call, and the CA bundle, by default the environment's.

    `down_seconds` is how long a server may be down (no connection, 502, 503, 504) before that is an error;
    `total_seconds` is the most a call may take, waits for a busy server included, however slowly the server sends;
    `most_values` is how many values of JSON an answer may have; an error's body is cut after `most_error_bytes`.
    """

    ca_bundle: Path | None = field(default_factory=ca_bundle)
    connect_seconds: float = 2.0
    read_seconds: float = 20.0
    down_seconds: float = 4.0
    total_seconds: float = 60.0
    attempts: int = 4
    backoff_seconds: float = 0.2
    most_wait_seconds: float = 20.0
    most_body_bytes: int = 32 * 1024 * 1024
    most_values: int = 1_000_000
    most_error_bytes: int = 64 * 1024
    connections: int = 16


class ElsewhereError(requests.RequestException):
    """A redirect or a link leads to another server; the text names both."""


class BundleUnusableError(requests.exceptions.SSLError):
    """The CA bundle is missing, or no file of certificates."""


def was_sent(error: requests.RequestException) -> bool:
    """Tell whether the request may have reached the server before this error."""
    if isinstance(error, _BEFORE_SENDING):
        return False
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    # urllib3's name resolution error is one of these.
    return not isinstance(reason, NewConnectionError)


class _Attempts:
    """The retries of one call: counts attempts, and returns the wait before the next one."""

    def __init__(self, options: HttpOptions, method: str, *, is_patient: bool) -> None:
        """An impatient call retries only a busy server (429), with a short connection timeout."""
        self._options = options
        self._down_seconds = options.down_seconds if is_patient else -1.0
        most = options.connect_seconds if is_patient else _IMPATIENT_CONNECT_SECONDS
        self._connect_seconds = min(options.connect_seconds, most)
        self._repeatable = method in _REPEATABLE
        self._started = time.monotonic()
        self._made = 0
        self.was_in_vain = False

    def timeout(self) -> tuple[float, float]:
        """Return the (connect, read) time-outs of the next attempt, in seconds."""
        self._made += 1
        left = max(0.1, self.deadline - time.monotonic())
        return min(self._connect_seconds, left), min(self._options.read_seconds, left)

    @property
    def deadline(self) -> float:
        """Return when the call must be over, on the monotonic clock."""
        return self._started + self._options.total_seconds

    def after_error(self, error: requests.RequestException) -> float | None:
        """Return the seconds to wait, None when the error is final."""
        if was_sent(error):
            final = isinstance(error, requests.Timeout | ElsewhereError | BodyTooLargeError)
            broken = isinstance(error, requests.ConnectionError | requests.exceptions.ChunkedEncodingError)
            if final or not broken or not self._repeatable:
                return None
        elif isinstance(error, _NOT_PASSING):
            return None
        return self._within(self._backoff(), self._down_seconds)

    def after_answer(self, response: requests.Response) -> float | None:
        """Return the seconds to wait, None when the answer is final."""
        status = response.status_code
        if status not in _RETRIED or not (self._repeatable or status in _NOT_DONE):
            return None
        asked = _retry_after_seconds(response)
        wait = self._backoff() if asked is None else min(asked, self._options.most_wait_seconds)
        return self._within(wait, self._options.total_seconds if status == _BUSY else self._down_seconds)

    def _backoff(self) -> float:
        # Jitter, so that clients that were refused together do not come back together.
        jitter = random.uniform(0.5, 1.0)  # noqa: S311 no secret
        return self._options.backoff_seconds * 2.0 ** (self._made - 1) * jitter

    def _within(self, wait: float, seconds: float) -> float | None:
        is_last = self._made >= self._options.attempts
        self.was_in_vain = is_last or time.monotonic() + wait > self._started + seconds
        return None if self.was_in_vain else wait


def _retry_after_seconds(response: requests.Response) -> float | None:
    """Return what Retry-After asks for, a number or a date; None when it asks for nothing readable."""
    value = response.headers.get("Retry-After")
    try:
        return None if value is None else urllib3.Retry(0).parse_retry_after(value)
    except (HTTPError, ValueError, OverflowError):
        return None


class _Transport(HTTPAdapter):
    """Sends one request within its bounds and with retries, and reads the whole response."""

    def __init__(self, options: HttpOptions) -> None:
        self._options = options
        # Until then the server is known to be down, for every call.
        self._down_until = 0.0
        self._pool: Any = None
        # A blocking pool caps the connections to the server, whatever the number of threads.
        super().__init__(pool_maxsize=options.connections, pool_block=True)

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:
        """Send it; the answer is read whole even when a stream is asked for, since its size is bounded."""
        is_patient = time.monotonic() >= self._down_until
        attempts = _Attempts(self._options, request.method or "", is_patient=is_patient)
        while True:
            bounds = {"stream": True, "timeout": attempts.timeout()}
            try:
                with deadline(attempts.deadline):
                    response = super().send(request, **(options | bounds))
                    self._read(response)
            except requests.RequestException as error:
                wait = attempts.after_error(error)
                if wait is None:
                    self._record(is_down=attempts.was_in_vain)
                    raise
            except OSError as error:  # requests opens the bundle, and does not wrap what happens then
                raise BundleUnusableError(error) from error
            else:
                wait = attempts.after_answer(response)
                if wait is None:
                    self._record(is_down=attempts.was_in_vain and response.status_code != _BUSY)
                    return response
            time.sleep(wait)

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        """Return the pool, which makes connections that end at the deadline; of one origin there is one."""
        if self._pool is None:
            pool: Any = super().get_connection_with_tls_context(*args, **options)
            pool.ConnectionCls = TimedHTTPSConnection if pool.scheme == "https" else TimedHTTPConnection
            self._pool = pool
        return self._pool

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """Return the response, without the search for cookies, which are not kept."""
        response = Response()
        response.status_code, response.reason = resp.status, resp.reason
        response.headers = CaseInsensitiveDict(resp.headers)
        response.encoding = get_encoding_from_headers(response.headers)
        response.raw, response.request, response.url = resp, req, req.url or ""
        return response

    def close(self) -> None:
        """Close the connections."""
        self._pool = None
        super().close()

    def _record(self, *, is_down: bool) -> None:
        self._down_until = time.monotonic() + self._options.down_seconds if is_down else 0.0

    def _read(self, response: requests.Response) -> None:
        """Read the body in pieces, within its bounds; the rest of a long error is not read."""
        try:
            body = self._body(response)
        except ReadTimeoutError as error:
            response.raw.close()
            raise requests.ReadTimeout(error, request=response.request) from error
        except DecodeError as error:
            response.raw.close()
            raise requests.exceptions.ContentDecodingError(error, request=response.request) from error
        except HTTPError as error:
            response.raw.close()
            raise requests.exceptions.ChunkedEncodingError(error, request=response.request) from error
        except requests.RequestException:
            response.raw.close()
            raise
        response._content = body  # noqa: SLF001 requests has no other way to hand over a body that was read
        response._content_consumed = True  # type: ignore[attr-defined] # noqa: SLF001 the same

    def _body(self, response: requests.Response) -> bytes:
        body = bytearray()
        # No preload: raw is urllib3's response, and one read gives what has arrived.
        while piece := response.raw.read1(_CHUNK_BYTES, decode_content=True):
            body += piece
            if not response.ok and len(body) > self._options.most_error_bytes:
                response.raw.close()
                return bytes(body[: self._options.most_error_bytes])
            if len(body) > self._options.most_body_bytes:
                raise BodyTooLargeError(f"the answer has more than {self._options.most_body_bytes} bytes")
        # Each becomes an object of some 60 bytes or more when it is parsed.
        if sum(map(body.count, _BEFORE_VALUES)) > self._options.most_values:
            raise BodyTooLargeError(f"the answer has more than {self._options.most_values} values")
        response.raw.release_conn()
        return bytes(body)


class PooledSession(requests.Session):
    """A requests.Session for one server, bounded by `options`.

    It calls no other origin than the base URL's, not for a redirect, nor for a library that follows a link (ElsewhereError). It
    keeps no cookie (a session cookie would log one user in with another's password), reads no netrc, follows no redirect
    of a write, and takes proxies from the environment, NO_PROXY included.
    """

    verify: bool | str

    def __init__(self, base_url: str, options: HttpOptions) -> None:
        super().__init__()
        self._base_url = base_url
        self.trust_env = False  # it would put REQUESTS_CA_BUNDLE above our bundle, and send netrc's passwords
        self.proxies.update(get_environ_proxies(base_url))
        self.verify = str(options.ca_bundle) if options.ca_bundle else True
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.max_redirects = _MOST_REDIRECTS
        self.headers["User-Agent"] = "ciaccess"
        self._headers = {name: str(value) for name, value in self.headers.items()}
        self._transport = _Transport(options)
        self._pages = Pages()
        for scheme in ("https://", "http://"):
            self.mount(scheme, self._transport)

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        params: Mapping[str, str] | None = None,
        auth: HTTPBasicAuth | None = None,
    ) -> requests.Response:
        """Send a request to the base URL's origin as `request` does, in half of its processor time.

        The settings of this session are the same for every request, and need no merging; docs/performance.md.
        """
        request = requests.PreparedRequest()
        request.method, request.body, request.hooks = method, body, default_hooks()
        request.headers = CaseInsensitiveDict({**self._headers, **headers})
        if body is not None:
            request.headers["Content-Length"] = str(len(body))
        request.prepare_url(url, params)
        if auth:
            auth(request)
        response = self._transport.send(request, verify=self.verify, proxies=self.proxies)
        if self.get_redirect_target(response) is None:
            return response
        return self.request(method, url, headers=headers, params=params, auth=auth)

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send a request, one that follows a redirect or a link to a next page included."""
        url = request.url or ""
        if origin(url) != origin(self._base_url):
            raise ElsewhereError(
                f"{_display_origin(self._base_url)} leads to {_display_origin(url)}", request=request
            )
        response = super().send(request, **options)
        self._pages.check(response)
        return response

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return where to go on; requests asks this of every answer."""
        try:
            target = super().get_redirect_target(resp)
        except UnicodeError:
            target = "http://["  # as any other that is not a URL
        if target is None:
            return None
        there = _join(resp.url, target)
        if origin(resp.url) != origin(there):
            raise ElsewhereError(
                f"{_display_origin(resp.url)} redirects to {_display_origin(there)}", response=resp
            )
        if resp.request.method not in ("GET", "HEAD"):
            here = urlsplit(resp.url)
            raise ElsewhereError(
                f"{_display_origin(resp.url)} redirects {resp.request.method} {here.path} to {urlsplit(there).path}",
                response=resp,
            )
        return target


def _join(base: str, target: str) -> str:
    try:
        return str(urljoin(base, target))
    except ValueError:
        return target


def _display_origin(url: str) -> str:
    """Return a URL's origin, without credentials."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "a malformed URL"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
