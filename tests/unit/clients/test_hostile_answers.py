"""Bytes that no system sends: each is an answer or an error of the client, soon, and can be printed."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ciaccess.clients.errors import ApiError, UnexpectedAnswerError, UnreachableError
from ciaccess.clients.http.session import Session, json_of
from tests.unit.clients.conftest import QUICK

if TYPE_CHECKING:
    from collections.abc import Iterator

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
FOUND = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: "
BOMB = gzip.compress(b"[" + b" " * 40_000_000 + b"]")
CUT, OTHER = UnreachableError, UnexpectedAnswerError
ANSWERS: dict[str, tuple[bytes, type[ApiError] | None]] = {
    "a negative length": (OK + b"Content-Length: -5\r\n\r\n[]", None),
    "a length beyond all numbers": (OK + b"Content-Length: 99999999999999999999\r\n\r\n[]", CUT),
    "two lengths": (OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n[]", CUT),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n[]", None),
    "HTTP/0.9": (b"[]", CUT),
    "HTTP/2 without being asked": (b"\x00\x00\x12\x04" + b"\x00" * 20, CUT),
    "nothing": (b"", CUT),
    "a bomb": (OK + b"Content-Encoding: gzip\r\n\r\n" + BOMB, OTHER),
    "sixty encodings": (OK + b"Content-Encoding: " + b", ".join([b"gzip"] * 60) + b"\r\n\r\nx", OTHER),
    "a negative chunk": (OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n[]\r\n0\r\n\r\n", CUT),
    "a chunk beyond all memory": (OK + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n[]", CUT),
    "five thousand headers": (OK + b"X: y\r\n" * 5000 + b"\r\n[]", CUT),
    "a long header": (OK + b"X: " + b"y" * 200_000 + b"\r\n\r\n[]", CUT),
    "a redirect to no text": (FOUND + b"/\xff\xfe\r\n\r\n", OTHER),
    "a redirect to a file": (FOUND + b"file:///etc/passwd\r\n\r\n", OTHER),
    "a redirect to a user of another host": (FOUND + b"http://127.0.0.1@evil.example/\r\n\r\n", OTHER),
    "a redirect without a scheme": (FOUND + b"//evil.example/\r\n\r\n", OTHER),
    "HTML": (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n[]", OTHER),
    "no type": (b"HTTP/1.1 200 OK\r\n\r\n[]", OTHER),
    "half a character": (OK + b'\r\n["\\ud800", "\\ud83d\\ude00"]', None),
    "not a number": (OK + b"\r\n[NaN]", OTHER),
    "a number of a hundred thousand digits": (OK + b"\r\n[" + b"9" * 100_000 + b"]", OTHER),
    "no UTF-8": (OK + b'\r\n["\xff"]', OTHER),
}


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """Serve these bytes to every connection; yields the address."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                try:
                    connection.sendall(answer)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


@pytest.mark.parametrize("name", ANSWERS)
def test_it_is_an_answer_or_an_error_of_the_client_that_can_be_printed(name: str) -> None:
    answer, expected = ANSWERS[name]
    started, got = time.monotonic(), None
    with answering(answer) as address:
        session = Session("Nexus", address, options=replace(QUICK, attempts=2))
        try:
            json.dumps(json_of(session.send("GET", "/x", "try"), "try", "Nexus"), ensure_ascii=False).encode()
        except ApiError as error:
            got = type(error)
            str(error).encode()
        session.close()
    assert got is expected
    assert time.monotonic() - started < 30
