"""Connections whose answers end at a deadline, however slowly a server sends them.

A socket's time-out bounds one read. A header line, the length of a chunk, and `100 Continue` before the answer may
take any number of reads.
"""

from __future__ import annotations

import io
import math
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http.client import HTTPResponse
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection

_DEADLINE: ContextVar[float] = ContextVar("deadline", default=math.inf)


@contextmanager
def deadline(moment: float) -> Iterator[None]:
    """End the answers of this block's calls at a moment of the monotonic clock."""
    token = _DEADLINE.set(moment)
    try:
        yield
    finally:
        _DEADLINE.reset(token)


class _TimedReader(io.RawIOBase):
    """Reads a socket until the deadline of the call that was made on it."""

    def __init__(self, raw: io.RawIOBase, connection: socket.socket) -> None:
        self._raw = raw
        self._socket = connection
        self._deadline = _DEADLINE.get()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer did not end in time")
        if left < (self._socket.gettimeout() or math.inf):
            self._socket.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_TimedReader(self.fp.detach(), sock))


class TimedHTTPConnection(HTTPConnection):
    """A connection without TLS whose answers, a proxy's included, end at the deadline."""

    response_class = _TimedResponse


class TimedHTTPSConnection(HTTPSConnection):
    """The same with TLS."""

    response_class = _TimedResponse
