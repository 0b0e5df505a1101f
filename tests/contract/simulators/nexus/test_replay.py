"""Replays what was recorded of a real Nexus 3.77 (facts/nexus.md) against the simulator, in the recorded order.

Compared are status, WWW-Authenticate, the class of Content-Type, and JSON bodies. Arrays are sets; what differs from
run to run is left out: addresses, error ids, times, asset ids, free space. Texts and pages are not compared.
"""

from __future__ import annotations

import base64
import json
import re
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from tests.support.servers.nexus import ADMIN, NexusProcess, start_nexus

if TYPE_CHECKING:
    from collections.abc import Iterator

    Case = dict[str, Any]

HERE = Path(__file__).parent
CASES: list[Case] = [
    json.loads(line) for line in (HERE / "cases.jsonl").read_text(encoding="utf-8").splitlines()
]
EXCEPTIONS: dict[int, str] = YAML(typ="safe").load(HERE / "exceptions.yaml") or {}
RECORDED_URL = "http://127.0.0.1:18081"
LEAST_AGREEMENT = 0.97
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VARYING = {
    "time",
    "timestamp",
    "duration",
    "availableSpaceInBytes",
    "lastModified",
    "lastDownloaded",
    "blobCreated",
}


@pytest.fixture(scope="module")
def differences(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, str]]:
    """Replay all cases; return what differs, by number."""
    nexus = start_nexus(tmp_path_factory.mktemp("replay"), edition="core")
    try:
        yield {case["n"]: said for case in CASES if (said := difference(nexus, case))}
    finally:
        nexus.stop()


def test_every_answer_is_the_recorded_one_but_for_the_exceptions(differences: dict[int, str]) -> None:
    unexplained = [f"{number}: {said}" for number, said in differences.items() if number not in EXCEPTIONS]
    assert not unexplained, "\n".join([f"{len(unexplained)} cases:", *unexplained])


def test_no_exception_is_listed_that_agrees(differences: dict[int, str]) -> None:
    assert not set(EXCEPTIONS) - set(differences), "they agree now: take them out of exceptions.yaml"


def test_enough_cases_agree_and_every_exception_has_its_reason() -> None:
    assert len(EXCEPTIONS) <= (1 - LEAST_AGREEMENT) * len(CASES)
    assert all(len(reason.split()) >= 5 for reason in EXCEPTIONS.values())


def difference(nexus: NexusProcess, case: Case) -> str:
    """Send a case's request; return what is other than recorded, empty when nothing is."""
    # A connection of its own each, and http.client: the path must go out as it is, dots and all.
    connection = HTTPConnection("127.0.0.1", nexus.port, timeout=60)
    try:
        body = case["body"].encode() if "body" in case else None
        connection.request(case["method"], case["path"], body, headers_of(nexus, case))
        return compared(nexus, case, connection.getresponse())
    finally:
        connection.close()


def headers_of(nexus: NexusProcess, case: Case) -> dict[str, str]:
    # The recorder took a part of a tuple for a header once; such a name cannot be sent.
    headers = {name: value for name, value in case.get("headers", {}).items() if _TOKEN.fullmatch(name)}
    auth = case.get("auth", "none")
    if auth not in ("none", None):
        credentials = f"{ADMIN}:{nexus.admin_password}" if auth == "admin" else auth
        headers["Authorization"] = f"Basic {base64.b64encode(credentials.encode()).decode()}"
    return headers


def compared(nexus: NexusProcess, case: Case, response: HTTPResponse) -> str:
    answered = response.read()
    shown = f"{case['method']} {case['path']}: {response.status} {answered[:400]!r}"
    if response.status != case["status"]:
        return f"{shown} instead of {case['status']}"
    recorded = case.get("response_headers", {})
    if recorded.get("WWW-Authenticate") != response.getheader("WWW-Authenticate"):
        return f"{shown}: WWW-Authenticate is {response.getheader('WWW-Authenticate')}"
    if "Content-Type" in recorded:
        expected, got = media_type(recorded["Content-Type"]), media_type(response.getheader("Content-Type"))
        if expected != got:
            return f"{shown}: Content-Type is {got} instead of {expected}"
    if "json" not in case:
        return ""
    expected, got = normal(case["json"], RECORDED_URL), normal(json.loads(answered), nexus.url)
    return "" if expected == got else f"{shown} instead of {json.dumps(case['json'])[:400]}"


def media_type(value: str | None) -> str:
    return (value or "").partition(";")[0].strip().lower()


def normal(value: Any, url: str) -> Any:
    """Return a document so that two that mean the same are equal."""
    if isinstance(value, dict):
        inner = {key: normal(each, url) for key, each in value.items() if key not in _VARYING}
        if "downloadUrl" in inner:
            del inner["id"]
        return inner
    if isinstance(value, list):
        return sorted(
            (normal(each, url) for each in value), key=lambda each: json.dumps(each, sort_keys=True)
        )
    return value.replace(url, "") if isinstance(value, str) else value
