"""A proxy in front of Vault, Nexus and GitLab that lets one request go wrong, at exactly the moment that is wanted.

It runs in the test's own process, one listener a system, and forwards byte for byte until a write meets a fault. A write
is a request that changes something: what Vault answers to a POST without changing anything is none.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_READING = ("GET", "HEAD", "OPTIONS", "LIST")
_READING_PATHS = ("/v1/sys/capabilities-self", "/v1/auth/token/")
_UPSTREAM_SECONDS = 30
_HOP_BY_HOP = ("transfer-encoding", "connection", "keep-alive", "content-length", "server", "date")
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset


@dataclass(frozen=True)
class Request:
    """A request that passed: `path` without its query."""

    system: str
    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.system} {self.method} {self.path}"

    @property
    def writes(self) -> bool:
        """Tell whether it changes something."""
        return self.method not in _READING and not self.path.startswith(_READING_PATHS)


@dataclass(frozen=True)
class Answer:
    """What is answered in place of the system's own answer; only where it `is_forwarded` the system gets the request."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)
    is_forwarded: bool = False


def busy(seconds: int) -> Answer:
    """Return a 429 that asks for a pause."""
    return Answer(429, b"slow down", headers={"Retry-After": str(seconds)})


def proxy_page(status: int = 502) -> Answer:
    """Return what a reverse proxy says when it has nothing behind it."""
    return Answer(status, b"<html><head><title>Bad Gateway</title></head></html>", "text/html")


# The request is done, and the answer is cut short by somebody who says that it is whole.
BROKEN_JSON = Answer(200, json.dumps({"a": "b" * 64}).encode()[:-20], "application/json", is_forwarded=True)


@dataclass
class Fault:
    """What happens to the `at`-th request of those that match, and to the `times` - 1 after it.

    In this order: `strike` is called, a `delay_seconds` passes, the connection is cut `before` the request or it is
    forwarded (unless there is another `answer`), `strike_after` is called, and the answer is cut `after` nothing of it or
    `within` it was sent, when `strike_within` is called. `strike_late` is called once it was sent whole.
    """

    request: Request | None = None
    system: str = ""
    prefix: str = ""
    at: int = 1
    times: int = 1
    reads: bool = False
    cut: str = ""
    delay_seconds: float = 0.0
    answer: Answer | None = None
    strike: Callable[[], object] | None = None
    strike_after: Callable[[], object] | None = None
    strike_within: Callable[[], object] | None = None
    strike_late: Callable[[], object] | None = None
    met: int = 0

    def matches(self, request: Request) -> bool:
        """Tell whether a request counts."""
        if self.request is not None:
            return request == self.request
        wanted = self.reads or request.writes
        return wanted and request.system.startswith(self.system) and request.path.startswith(self.prefix)

    def happened(self) -> bool:
        """Tell whether a request has met it."""
        return self.met >= self.at


class FaultProxy:
    """Listeners on loopback, `addresses` by system. `requests` are those that came, in their order."""

    def __init__(self, upstreams: Mapping[str, str]) -> None:
        self.requests: list[Request] = []
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._servers = {system: _Server(self, system, url) for system, url in upstreams.items()}
        self.addresses = {
            system: f"http://127.0.0.1:{server.server_port}" for system, server in self._servers.items()
        }

    def __enter__(self) -> Self:
        for server in self._servers.values():
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers.values():
            server.shutdown()
            server.server_close()

    def writes(self) -> list[Request]:
        """Return the writes that came."""
        with self._lock:
            return [request for request in self.requests if request.writes]

    def expect(self, faults: Iterable[Fault] = ()) -> None:
        """Forget what came, and let these faults happen from now on."""
        with self._lock:
            self.requests.clear()
            self._faults = list(faults)

    def take(self, request: Request) -> Fault | None:
        """Note a request; return the fault that it meets."""
        with self._lock:
            self.requests.append(request)
            for fault in self._faults:
                if fault.matches(request):
                    fault.met += 1
                    if fault.at <= fault.met < fault.at + fault.times:
                        return fault
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, proxy: FaultProxy, system: str, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.proxy = proxy
        self.system = system
        self.upstream = urlsplit(upstream)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a connection that breaks is what this is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(self.server.system, self.command, urlsplit(self.path).path)
        fault = self.server.proxy.take(request) or Fault()
        _call(fault.strike)
        time.sleep(fault.delay_seconds)
        if fault.cut == "before":
            self._cut()
            return
        answer = fault.answer
        if answer is None or answer.is_forwarded:
            forwarded = self._forwarded(body)
            answer = answer or forwarded
        _call(fault.strike_after)
        if fault.cut == "after":
            self._cut()
            return
        if fault.cut == "within":
            self._send_half(answer, fault.strike_within)
        else:
            self._send(answer)
        _call(fault.strike_late)

    def _forwarded(self, body: bytes) -> Answer:
        upstream = self.server.upstream
        connection = http.client.HTTPConnection(
            upstream.hostname or "", upstream.port, timeout=_UPSTREAM_SECONDS
        )
        with contextlib.closing(connection):
            headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
            connection.request(self.command, self.path, body or None, headers)
            reply = connection.getresponse()
            content = reply.read()
        kept = {name: value for name, value in reply.getheaders() if name.lower() not in _HOP_BY_HOP}
        kept["Server"] = reply.getheader("Server", "")
        return Answer(reply.status, content, "", kept)

    def _send(self, answer: Answer) -> None:
        self._send_headers(answer)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _send_half(self, answer: Answer, strike: Callable[[], object] | None) -> None:
        """Send half of the answer's body, or of its headers where it has none."""
        self._send_headers(answer)
        if answer.body:
            self.end_headers()
            self.wfile.write(answer.body[: len(answer.body) // 2])
        else:
            self.wfile.write(b"HTTP/1.1 ")
        with contextlib.suppress(OSError):
            self.wfile.flush()
        _call(strike)
        self._cut()

    def _send_headers(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.content_type:
            self.send_header("Content-Type", answer.content_type)
        has_no_body = answer.status == http.HTTPStatus.NO_CONTENT or self.command == "HEAD"
        if not has_no_body or answer.body:
            self.send_header("Content-Length", str(len(answer.body)))

    def _cut(self) -> None:
        with contextlib.suppress(OSError):
            self.wfile.flush()
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True


for _verb in (*_READING, "POST", "PUT", "DELETE", "PATCH"):
    setattr(_Handler, f"do_{_verb}", _Handler._serve)


def _call(strike: Callable[[], object] | None) -> None:
    if strike is not None:
        strike()
