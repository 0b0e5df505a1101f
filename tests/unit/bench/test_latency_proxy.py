"""The proxy that makes a network slow: each request late by as much, many at once no later than one, nothing lost."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.support.servers.latency_proxy import LatencyProxy
from tests.support.servers.scripted_server import ScriptedServer, in_json

DELAY_SECONDS = 0.5


def test_each_request_is_late_and_those_at_once_wait_at_once(server: ScriptedServer) -> None:
    server.answers("GET /x", in_json({"a": 1}))
    with LatencyProxy({"nexus": server.url}, DELAY_SECONDS) as proxy:

        def ask(_: int) -> float:
            began = time.monotonic()
            assert requests.get(f"{proxy.addresses['nexus']}/x", timeout=10).json() == {"a": 1}
            return time.monotonic() - began

        began = time.monotonic()
        with ThreadPoolExecutor(16) as pool:
            took = list(pool.map(ask, range(32)))
    assert min(took) >= DELAY_SECONDS
    assert time.monotonic() - began < 32 * DELAY_SECONDS


def test_a_body_of_many_pieces_arrives_whole_and_in_order(server: ScriptedServer) -> None:
    server.answers("POST /x", in_json({}))
    body = b"".join(b"%08d" % number for number in range(200_000))
    with LatencyProxy({"nexus": server.url}, 0.001) as proxy:
        assert requests.post(f"{proxy.addresses['nexus']}/x", data=body, timeout=10).ok
    assert server.requests[-1].body == body


def test_a_system_that_is_down_is_down_behind_it_too() -> None:
    with (
        LatencyProxy({"nexus": "http://127.0.0.1:1"}, 0.001) as proxy,
        pytest.raises(requests.ConnectionError),
    ):
        requests.get(proxy.addresses["nexus"], timeout=10)
