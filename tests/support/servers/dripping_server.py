"""A server on loopback that answers every connection with pieces of bytes, one after the other, for as long as it is read."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def dripping(start: bytes, piece: bytes, *, every_seconds: float) -> Iterator[str]:
    """Serve `start` and then `piece` without end; yield the address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=drip, args=(connection,), daemon=True).start()

        def drip(connection: socket.socket) -> None:
            with connection:
                connection.recv(65536)
                for each in itertools.chain((start,), itertools.repeat(piece)):
                    try:
                        connection.sendall(each)
                    except OSError:
                        return
                    time.sleep(every_seconds)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
