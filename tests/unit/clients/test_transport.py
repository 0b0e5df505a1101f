"""The way to a server: what is retried, how long, how much is read."""

from __future__ import annotations

import gzip
import socket
import time
from dataclasses import replace
from email.utils import formatdate

import pytest

from ciaccess.clients.errors import UnexpectedAnswerError, UnreachableError
from ciaccess.clients.http.session import HttpOptions, Session, json_of
from tests.support.servers.dripping_server import dripping
from tests.support.servers.scripted_server import Reply, ScriptedServer, in_json
from tests.unit.clients.conftest import OK, QUICK, SLACK_SECONDS


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_repeatable_call_is_repeated_after_a_reset(
    server: ScriptedServer, session: Session, method: str
) -> None:
    server.answers(f"{method} /x", Reply(reset=True), Reply(reset=True), OK)
    assert session.send(method, "/x", "try").status_code == 200
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_repeatable_call_is_repeated_after_a_passing_failure(
    server: ScriptedServer, session: Session, status: int
) -> None:
    server.answers("GET /x", Reply(status), OK)
    assert session.send("GET", "/x", "try").status_code == 200


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 500, 501])
def test_no_other_status_is_repeated(server: ScriptedServer, session: Session, status: int) -> None:
    server.answers("GET /x", Reply(status), OK)
    assert session.send("GET", "/x", "try").status_code == status
    assert len(server.requests) == 1


@pytest.mark.parametrize(("status", "sent"), [(429, 2), (503, 2), (502, 1), (504, 1)])
def test_a_post_is_repeated_only_where_the_server_did_nothing(
    server: ScriptedServer, session: Session, status: int, sent: int
) -> None:
    server.answers("POST /x", Reply(status), OK)
    session.send("POST", "/x", "try", body={})
    assert len(server.requests) == sent


def test_a_post_that_is_cut_is_not_repeated_and_said_to_be_uncertain(
    server: ScriptedServer, session: Session
) -> None:
    server.answers("POST /x", Reply(reset=True))
    with pytest.raises(UnreachableError) as caught:
        session.send("POST", "/x", "create role 'r'", body={})
    assert caught.value.uncertain
    assert str(caught.value) == (
        f"create role 'r': Nexus at {server.url} sent no complete response (the connection was closed). "
        "It may or may not have been done: run again to find out."
    )
    assert len(server.requests) == 1


def test_the_retries_are_bounded(server: ScriptedServer, session: Session) -> None:
    server.answers("GET /x", Reply(502))
    assert session.send("GET", "/x", "try").status_code == 502
    assert len(server.requests) == QUICK.attempts


@pytest.mark.parametrize("as_date", [False, True], ids=["seconds", "date"])
def test_retry_after_is_honoured(server: ScriptedServer, session: Session, *, as_date: bool) -> None:
    # A date has whole seconds, so it may be cut by almost one.
    value = formatdate(time.time() + 1.9, usegmt=True) if as_date else "1"
    server.answers("GET /x", Reply(429, headers={"Retry-After": value}), OK)
    started = time.monotonic()
    assert session.send("GET", "/x", "try").status_code == 200
    assert time.monotonic() - started >= 0.8


def test_retry_after_is_capped(server: ScriptedServer) -> None:
    server.answers("GET /x", Reply(429, headers={"Retry-After": "86400"}), OK)
    session = Session("Nexus", server.url, options=replace(QUICK, most_wait_seconds=0.1))
    started = time.monotonic()
    assert session.send("GET", "/x", "try").status_code == 200
    assert 0.1 <= time.monotonic() - started < 1 + SLACK_SECONDS
    session.close()


def test_a_wait_that_would_end_too_late_is_not_begun(server: ScriptedServer, session: Session) -> None:
    server.answers("GET /x", Reply(503, headers={"Retry-After": "3600"}), OK)
    started = time.monotonic()
    assert session.send("GET", "/x", "try").status_code == 503
    assert time.monotonic() - started < 1 + SLACK_SECONDS


def test_an_unreadable_retry_after_is_ignored(server: ScriptedServer, session: Session) -> None:
    server.answers("GET /x", Reply(429, headers={"Retry-After": "soon"}), OK)
    assert session.send("GET", "/x", "try").status_code == 200


def test_a_server_that_is_down_is_said_within_five_seconds() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    session = Session("Nexus", url, options=HttpOptions())
    started = time.monotonic()
    with pytest.raises(UnreachableError) as caught:
        session.send("POST", "/x", "list roles")
    assert time.monotonic() - started < 5 + SLACK_SECONDS
    assert not caught.value.uncertain
    assert str(caught.value) == (
        f"list roles: Nexus at {url} is not reachable (connection refused). "
        f"Check that it is running and that {url} is its address. For the local stack: ./ciaccess local start."
    )
    session.close()


def test_a_server_that_takes_no_connection_is_said_within_five_seconds() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        place = full.getsockname()
        # A backlog that is full drops what comes after.
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:
            each.settimeout(0)
            each.connect_ex(place)
        session = Session("Nexus", f"http://127.0.0.1:{place[1]}", options=HttpOptions())
        started = time.monotonic()
        with pytest.raises(UnreachableError, match="connecting timed out"):
            session.send("GET", "/x", "list roles")
        assert time.monotonic() - started < 5 + SLACK_SECONDS
        session.close()
        for each in waiting:
            each.close()


def test_of_a_server_that_is_away_a_thousand_calls_say_so_in_the_time_of_one() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    session = Session("Nexus", url, options=HttpOptions())
    said = set()
    started = time.monotonic()
    for _ in range(1000):
        with pytest.raises(UnreachableError) as caught:
            session.send("GET", "/x", "list roles")
        said.add(str(caught.value))
    assert time.monotonic() - started < 5 + SLACK_SECONDS
    reason = f"list roles: Nexus at {url} is not reachable (connection refused). "
    assert said == {
        f"{reason}Check that it is running and that {url} is its address. For the local stack: ./ciaccess local start."
    }
    session.close()


def test_a_server_that_a_proxy_finds_away_is_asked_once_a_call_until_it_is_back(
    server: ScriptedServer, session: Session
) -> None:
    server.answers("GET /x", *[Reply(503)] * 5, OK, Reply(503), OK)
    assert session.send("GET", "/x", "try").status_code == 503  # four times
    assert session.send("GET", "/x", "try").status_code == 503
    assert len(server.asked("GET /x")) == 5
    assert session.send("GET", "/x", "try").status_code == 200
    assert session.send("GET", "/x", "try").status_code == 200  # patient again


def test_a_write_that_is_not_repeated_takes_no_patience_from_the_next_call(
    server: ScriptedServer, session: Session
) -> None:
    server.answers("POST /x", Reply(502))
    server.answers("GET /x", Reply(502), OK)
    assert session.send("POST", "/x", "try").status_code == 502
    assert session.send("GET", "/x", "try").status_code == 200


def test_an_unknown_host_is_named() -> None:
    session = Session("Nexus", "http://nexus.invalid", options=QUICK)
    with pytest.raises(UnreachableError, match=r"its host name is unknown"):
        session.send("GET", "/x", "list roles")
    session.close()


def test_a_proxy_that_cannot_be_one_is_said_and_nothing_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    session = Session("Nexus", "http://nexus.example.org", options=QUICK)
    with pytest.raises(UnreachableError) as caught:
        session.send("POST", "/x", "create role 'r'", body={})
    assert not caught.value.uncertain
    assert "is not reachable (the proxy's URL in the environment is malformed)" in str(caught.value)


def test_a_slow_answer_is_not_waited_for_twice(server: ScriptedServer, session: Session) -> None:
    server.answers("GET /x", Reply(200, b"{}", delay_seconds=0.9))
    with pytest.raises(UnreachableError, match="the response timed out"):
        session.send("GET", "/x", "try")
    assert len(server.requests) == 1


def test_a_trickle_does_not_outlast_the_total(server: ScriptedServer) -> None:
    server.answers("GET /x", Reply(200, b"x" * 200, trickle_seconds=0.1))
    session = Session("Nexus", server.url, options=replace(QUICK, total_seconds=0.5))
    started = time.monotonic()
    with pytest.raises(UnreachableError, match="the response timed out"):
        session.send("GET", "/x", "try")
    assert time.monotonic() - started < 0.5 + SLACK_SECONDS
    session.close()


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
    ],
    ids=["a header", "100 Continue", "the length of a chunk"],
)
def test_what_comes_without_end_does_not_outlast_the_total(start: bytes, piece: bytes) -> None:
    with dripping(start, piece, every_seconds=0.05) as url:
        session = Session("Nexus", url, options=replace(QUICK, total_seconds=0.5))
        started = time.monotonic()
        with pytest.raises(UnreachableError, match="the response timed out"):
            session.send("GET", "/x", "try")
        assert time.monotonic() - started < 0.5 + SLACK_SECONDS
        session.close()


def test_an_answer_that_is_cut_in_its_body_is_asked_for_again(
    server: ScriptedServer, session: Session
) -> None:
    server.answers("GET /x", Reply(200, b'{"a": 1}', cut_at=3), in_json({"a": 1}))
    assert session.send("GET", "/x", "try").json() == {"a": 1}


def test_an_answer_that_is_always_cut_is_said(server: ScriptedServer, session: Session) -> None:
    server.answers("GET /x", Reply(200, b'{"a": 1}', cut_at=3))
    with pytest.raises(UnreachableError, match="the response was cut off"):
        session.send("GET", "/x", "try")
    assert len(server.requests) == QUICK.attempts


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_flood_is_not_read(server: ScriptedServer, *, packed: bool) -> None:
    flood = b" " * 3_000_000
    headers = {"Content-Encoding": "gzip"} if packed else {}
    server.answers("GET /x", Reply(200, gzip.compress(flood) if packed else flood, headers=headers))
    session = Session("Nexus", server.url, options=replace(QUICK, most_body_bytes=1_000_000))
    with pytest.raises(UnexpectedAnswerError, match="more than 1000000 bytes"):
        session.send("GET", "/x", "try")
    assert len(server.requests) == 1
    session.close()


def test_a_broken_compression_is_said(server: ScriptedServer, session: Session) -> None:
    server.answers("GET /x", Reply(200, b"no gzip", headers={"Content-Encoding": "gzip"}))
    with pytest.raises(UnexpectedAnswerError, match="cannot be decompressed"):
        session.send("GET", "/x", "try")


def test_of_an_errors_body_only_the_beginning_is_read(server: ScriptedServer, session: Session) -> None:
    server.answers("GET /x", Reply(500, b"x" * 5_000_000, "text/plain"))
    answer = session.send("GET", "/x", "try")
    assert (answer.status_code, answer.content) == (500, b"x" * QUICK.most_error_bytes)


def test_an_answer_of_very_many_values_is_refused_before_it_is_parsed(
    server: ScriptedServer, session: Session
) -> None:
    server.answers("GET /x", Reply(200, b"[" + b"[]," * 600_000 + b"[]]", "application/json"))
    with pytest.raises(UnexpectedAnswerError, match="more than 1000000 values"):
        session.send("GET", "/x", "list roles")


def test_an_answer_that_is_nested_deeply_is_refused(server: ScriptedServer, session: Session) -> None:
    for depth in (32, 33):
        body = b"[" * depth + b"1" + b"]" * depth
        server.answers(f"GET /{depth}", Reply(200, body, "application/json"))
    assert json_of(session.send("GET", "/32", "try"), "try", "Nexus")
    with pytest.raises(UnexpectedAnswerError, match="nested more than 32 deep"):
        json_of(session.send("GET", "/33", "try"), "try", "Nexus")
