"""A mirror of releases on loopback, and a proxy, each with the faults that a test asks for."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
import time
import urllib.request
import zipfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Mirror:
    """What a mirror serves, by path; and how: whole, cut after some bytes, or slowly."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.cut_after: dict[str, int] = {}
        self.bytes_a_second: dict[str, int] = {}
        self.requests: list[str] = []
        self.address = ""

    def publish(
        self, folder: str, archive: str, content: bytes, checksums: str, algorithm: str = "sha256"
    ) -> None:
        """Publish an archive with a file of checksums beside it."""
        digest = hashlib.new(algorithm, content).hexdigest()
        self.files[f"/{folder}/{archive}"] = content
        self.files[f"/{folder}/{checksums}"] = f"{'0' * 64}  other.zip\n{digest}  ./{archive}\n".encode()


def tar(files: dict[str, str]) -> bytes:
    """Return a .tar.gz of these files; a content of `-> path` is a symbolic link."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            if content.startswith("-> "):
                member.type, member.linkname = tarfile.SYMTYPE, content.removeprefix("-> ")
            member.size = 0 if member.issym() else len(content)
            archive.addfile(member, io.BytesIO(content.encode()))
    return packed.getvalue()


def zipped(files: dict[str, str]) -> bytes:
    """Return a .zip of these files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


@contextmanager
def mirror() -> Iterator[Mirror]:
    """Serve a mirror."""
    state = Mirror()

    class Handler(_Quiet):
        def do_GET(self) -> None:
            state.requests.append(self.path)
            content = state.files.get(self.path)
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            rate = state.bytes_a_second.get(self.path)
            for start in range(0, len(content), rate or len(content)):
                self.wfile.write(
                    content[: state.cut_after.get(self.path)][start : start + (rate or len(content))]
                )
                self.wfile.flush()
                if rate:
                    time.sleep(0.05)

    with _served(Handler) as address:
        state.address = address
        yield state


@contextmanager
def proxy() -> Iterator[tuple[str, list[str]]]:
    """Serve an HTTP proxy; yields its address and the addresses that were asked of it."""
    asked: list[str] = []
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    class Handler(_Quiet):
        def do_GET(self) -> None:
            asked.append(self.path)
            with direct.open(self.path, timeout=5) as response:
                content = response.read()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_CONNECT(self) -> None:
            asked.append(self.path)
            self.send_error(403)

    with _served(Handler) as address:
        yield address, asked


class _Quiet(BaseHTTPRequestHandler):
    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 the base's signature
        pass


@contextmanager
def _served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that hung up
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
