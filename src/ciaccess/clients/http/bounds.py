"""Bounds of answers, for every library: their time, the depth of JSON, the pages of a list.

A socket's time-out bounds one read. A header line, the length of a chunk, and `100 Continue` before the answer may
take any number of reads: so a connection ends its answers at a deadline, however slowly a server sends them.
"""

from __future__ import annotations

import io
import json
import math
import re
import socket
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http.client import HTTPResponse
from itertools import chain
from typing import Any, NoReturn
from urllib.parse import urlsplit

import requests
from urllib3.connection import HTTPConnection, HTTPSConnection

_MOST_DEPTH = 32
_MOST_PAGES = 1000
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_DEADLINE: ContextVar[float] = ContextVar("deadline", default=math.inf)


class BodyTooLargeError(requests.RequestException):
    """The answer is larger than the options allow."""


class NestedTooDeeplyError(ValueError):
    """The answer's JSON is nested more deeply than any system's."""


class Response(requests.Response):
    """An answer whose JSON has a bounded depth, for every library that reads it."""

    def json(self, **options: Any) -> Any:
        """Return the body's JSON; ValueError: it is broken, or nested too deeply."""
        try:
            found = json.loads(self.content, parse_constant=_refuse, **options)
            if _SURROGATE.search(self.content):
                # Half a character, which can be neither printed nor written.
                found = json.loads(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))
            # Nothing is nested more deeply than there are brackets, of which most answers have few.
            brackets = sum(map(self.content.count, (b"[", b"{")))
            is_deeper = brackets > _MOST_DEPTH and _is_deeper(found, _MOST_DEPTH)
        except RecursionError:
            is_deeper = True
        if is_deeper:
            raise NestedTooDeeplyError(f"the answer is nested more than {_MOST_DEPTH} deep")
        return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


class Pages:
    """The pages of the lists that a library reads by following their links."""

    def __init__(self) -> None:
        # How many pages of each path have been read without the last one.
        self._read: Counter[str] = Counter()

    def check(self, response: requests.Response) -> None:
        """Count a page; BodyTooLargeError: the list does not end."""
        path = urlsplit(response.url).path
        if "next" not in response.links:
            self._read.pop(path, None)
            return
        self._read[path] += 1
        if self._read[path] >= _MOST_PAGES:
            del self._read[path]
            raise BodyTooLargeError(f"the list has more than {_MOST_PAGES} pages", response=response)


def _is_deeper(value: Any, depth: int) -> bool:
    level = [value]
    for _ in range(depth + 1):
        held = [
            each.values() if isinstance(each, dict) else each
            for each in level
            if isinstance(each, dict | list)
        ]
        level = list(chain.from_iterable(held))
    return bool(level)


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
