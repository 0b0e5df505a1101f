"""Faults on demand, as both simulators have them (simulators/shared/controls.py)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from tests.support.servers.nexus import NexusProcess

ROLES = "/service/rest/v1/security/roles"


def create(nexus: NexusProcess, role_id: str) -> requests.Response:
    return nexus.ask("POST", ROLES, json={"id": role_id, "name": role_id})


def exists(nexus: NexusProcess, role_id: str) -> bool:
    return nexus.ask("GET", f"{ROLES}/{role_id}").status_code == 200


def test_the_next_requests_of_a_method_and_path_get_the_fault_and_then_the_truth(
    shared: NexusProcess,
) -> None:
    shared.fail_next(429, 2, method="POST", path=ROLES, headers={"Retry-After": "1"}, body={"id": "*"})
    assert exists(shared, "nx-admin"), "another method"
    answers = [create(shared, f"later-{number}") for number in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert (answers[0].headers["Retry-After"], answers[0].json()) == ("1", {"id": "*"})


def test_a_page_of_a_proxy_can_stand_in_for_an_answer(shared: NexusProcess) -> None:
    page = "<html>Bad Gateway</html>"
    shared.fail_next(502, body=page, headers={"Content-Type": "text/html"})
    answer = shared.ask("GET", ROLES)
    assert (answer.status_code, answer.text, answer.headers["Content-Type"]) == (502, page, "text/html")


def test_a_late_answer_is_late_and_true(shared: NexusProcess) -> None:
    shared.fail_next(0, delay_seconds=0.3)
    begun = time.monotonic()
    assert exists(shared, "nx-admin")
    assert time.monotonic() - begun >= 0.3


@pytest.mark.parametrize(("cut", "takes_effect"), [("before", False), ("after", True)])
def test_a_connection_is_cut_before_or_after_the_request_took_effect(
    shared: NexusProcess, cut: str, *, takes_effect: bool
) -> None:
    shared.fail_next(0, cut=cut)
    with pytest.raises(requests.ConnectionError):
        create(shared, f"cut-{cut}")
    assert exists(shared, f"cut-{cut}") is takes_effect


@pytest.mark.parametrize("fault", [{"status": 0}, {"status": 200, "body": [1, 2, 3, 4, 5, 6, 7, 8, 9]}])
def test_a_body_is_broken_off(shared: NexusProcess, fault: dict[str, Any]) -> None:
    shared.fail_next(**fault, truncate_bytes=10)
    with pytest.raises(requests.exceptions.ChunkedEncodingError) as broken:
        shared.ask("GET", ROLES)
    assert "10 bytes read" in str(broken.value)


def test_forgotten_faults_do_not_happen(shared: NexusProcess) -> None:
    shared.fail_next(500, 5)
    shared.control("DELETE", "faults")
    assert exists(shared, "nx-admin")


def test_a_read_of_a_cluster_may_be_from_before_a_write_for_some_seconds(shared: NexusProcess) -> None:
    user = {
        "userId": "late",
        "firstName": "L",
        "lastName": "L",
        "emailAddress": "l@l.test",
        "status": "active",
    }
    shared.ask("PUT", "/simulator/staleness", json={"seconds": 1.5})
    try:
        assert create(shared, "stale").status_code == 200
        made = shared.ask(
            "POST", "/service/rest/v1/security/users", json={**user, "password": "pw", "roles": ["stale"]}
        )
        assert made.status_code == 200, "writes are of now"
        assert not exists(shared, "stale")
        assert create(shared, "stale").status_code == 400, "it is there nevertheless"
        status = "/service/rest/v1/status"
        assert shared.ask("GET", status, auth=("late", "pw")).status_code == 401
        deadline = time.monotonic() + 10
        while shared.ask("GET", status, auth=("late", "pw")).status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert exists(shared, "stale")
    finally:
        shared.ask("PUT", "/simulator/staleness", json={"seconds": 0})
