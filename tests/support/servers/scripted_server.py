"""A small HTTP server on loopback that answers as it is told: late, broken, cut, as a page, or not at all."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import ssl
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SO_LINGER, SOL_SOCKET
from typing import TYPE_CHECKING, Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Reply:
    """One answer. `reset` cuts the connection instead; `cut_at` stops the body there and cuts it then."""

    status: int = 200
    body: bytes = b""
    content_type: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    delay_seconds: float = 0.0
    trickle_seconds: float = 0.0
    cut_at: int | None = None
    reset: bool = False


@dataclass(frozen=True)
class Request:
    """What was asked, with the target exactly as it stood in the request line."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


def in_json(value: Any, status: int = 200, **options: Any) -> Reply:
    """Return a value as Nexus answers it."""
    return Reply(status, json.dumps(value).encode(), "application/json", **options)


def page(title: str, status: int = 200) -> Reply:
    """Return an HTML page, as proxies answer with."""
    body = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body>secret body</body></html>"
    return Reply(status, body.encode(), "text/html; charset=UTF-8")


def plain(text: str, status: int) -> Reply:
    """Return plain text, as Nexus answers its own failures with."""
    return Reply(status, text.encode(), "text/plain;charset=utf-8")


class ScriptedServer:
    """Answers each call `METHOD /path` with the replies that were written for it, the last one again and again.

    Use as a context manager. A call that nothing was written for gets 599.
    """

    def __init__(self, certificate: Path | None = None) -> None:
        self._script: dict[str, list[Reply]] = {}
        self._lock = threading.Lock()
        self.requests: list[Request] = []
        self.server_header = "Nexus/3.77.0-08 (OSS)"
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.script = self
        self._scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self._scheme = "https"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )

    @property
    def url(self) -> str:
        """Return the address."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answers(self, call: str, *replies: Reply) -> None:
        """Write the replies to `METHOD /path`; the path is compared without query, as it was sent."""
        self._script[call] = list(replies)

    def asked(self, call: str) -> list[Request]:
        """Return the requests that were made as this `METHOD /path`."""
        return [each for each in self.requests if f"{each.method} {each.target.split('?')[0]}" == call]

    def reply_to(self, request: Request) -> Reply:
        """Return the next reply, and note the request."""
        with self._lock:
            self.requests.append(request)
            replies = self._script.get(f"{request.method} {request.target.split('?')[0]}")
            if not replies:
                return plain(f"nothing is written for {request.method} {request.target}", 599)
            return replies.pop(0) if len(replies) > 1 else replies[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    script: ScriptedServer

    def handle_error(self, *_: Any) -> None:
        """Say nothing: connections that break are what is tested."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def __getattr__(self, name: str) -> Any:
        # The base class looks for do_GET and the like.
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    @property
    def _script(self) -> ScriptedServer:
        return self.server.script

    def version_string(self) -> str:
        return self._script.server_header

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the base class's name
        pass

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        reply = self._script.reply_to(Request(self.command, self.path, dict(self.headers), body))
        time.sleep(reply.delay_seconds)
        if reply.reset:
            self._cut()
            return
        self.send_response(reply.status)
        if reply.content_type:
            self.send_header("Content-Type", reply.content_type)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self._send(reply)

    def _send(self, reply: Reply) -> None:
        try:
            if reply.trickle_seconds:
                for index in range(len(reply.body)):
                    self.wfile.write(reply.body[index : index + 1])
                    time.sleep(reply.trickle_seconds)
            else:
                self.wfile.write(reply.body[: reply.cut_at])
        except OSError:
            self.close_connection = True
        if reply.cut_at is not None:
            self.close_connection = True

    def _cut(self) -> None:
        # Close without FIN: the other side gets a reset.
        self.connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Make a CA and a certificate of it for 127.0.0.1; return (the CA's file, the server's file with its key)."""
    now = dt.datetime.now(dt.UTC)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a CA of the tests")])

    def builder(subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder(subject_name=subject, issuer_name=ca_name, public_key=public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _DAY)
            .not_valid_after(now + _DAY)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
            )
        )

    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)  # noqa: FBT003 positional only
    ca = builder(ca_name, ca_key.public_key())
    ca = ca.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    signed_ca = ca.add_extension(usage, critical=True).sign(ca_key, hashes.SHA256())
    place = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    signed = (
        builder(name, key.public_key()).add_extension(place, critical=False).sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    ca_file, server_file = folder / "ca.pem", folder / "server.pem"
    ca_file.write_bytes(signed_ca.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    server_file.write_bytes(private + signed.public_bytes(pem))
    return ca_file, server_file
