"""A listener at an address of the test's choice that forwards each connection to a server, byte by byte."""

from __future__ import annotations

import contextlib
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECE_BYTES = 65536


@contextmanager
def forwarded(host: str, port: int, upstream: str) -> Iterator[int]:
    """Listen at a host, such as ::1, and a port, 0 for a free one; yield the port. `upstream` is host:port or a URL."""
    place = urlsplit(upstream if "//" in upstream else f"//{upstream}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family) as listening:

        def accept() -> None:
            while True:
                try:
                    client, _ = listening.accept()
                except OSError:
                    return
                server = socket.create_connection((place.hostname or "", place.port or 80))
                threading.Thread(target=_serve, args=(client, server), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)  # or a listener that waits keeps the port


def _serve(client: socket.socket, server: socket.socket) -> None:
    with client, server:
        back = threading.Thread(target=_copy, args=(server, client), daemon=True)
        back.start()
        _copy(client, server)
        back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(_PIECE_BYTES):
            target.sendall(piece)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
