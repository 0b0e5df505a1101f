"""What the recorded cases do not say: hostile names, races, and who may what."""

from __future__ import annotations

import base64
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import requests
from hypothesis import HealthCheck, given, settings, strategies

from tests.support.servers.nexus import ADMIN

if TYPE_CHECKING:
    from tests.support.servers.nexus import NexusProcess

HOSTILE = [
    "ключ",
    "a/b",
    "../../roles",
    "..",
    ".",
    "a b",
    "%2e%2e",
    "k;DROP TABLE documents",
    "K'--",
    'q"',
    "a\tb",
    "a?b#c",
]
USERS = "/service/rest/v1/security/users"


def ask_raw(nexus: NexusProcess, method: str, path: str, credentials: str = "") -> int:
    """Send a path as it is, which requests would not do with dots, and return the status."""
    connection = HTTPConnection("127.0.0.1", nexus.port, timeout=60)
    encoded = base64.b64encode((credentials or f"{ADMIN}:{nexus.admin_password}").encode()).decode()
    connection.request(method, path, headers={"Authorization": f"Basic {encoded}"})
    try:
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_a_name_like_others(shared: NexusProcess, name: str) -> None:
    before = {each["id"] for each in shared.rest("GET", "/security/roles")}
    shared.add_role(name, "nx-search-read")
    shared.add_user(name, name)
    assert [
        each["userId"] for each in shared.rest("GET", f"/security/users?userId={quote(name, safe='')}")
    ] == [name]
    assert ask_raw(shared, "GET", "/service/rest/v1/status", f"{name}:password") == 200
    encoded = quote(name, safe="")
    assert ask_raw(shared, "DELETE", f"{USERS}/{encoded}") == 204
    assert ask_raw(shared, "DELETE", f"/service/rest/v1/security/roles/{encoded}") == 204
    assert {each["id"] for each in shared.rest("GET", "/security/roles")} == before


def test_of_twenty_creations_of_one_user_at_once_one_succeeds(shared: NexusProcess) -> None:
    names = {"userId": "race", "firstName": "a", "lastName": "b", "emailAddress": "a@b.c"}
    body = names | {"status": "active", "password": "pw", "roles": ["nx-anonymous"]}
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: shared.ask("POST", USERS, json=body).status_code, range(20)))
    assert Counter(answers) == {200: 1, 500: 19}


def test_the_filter_by_user_id_finds_what_begins_so_whatever_the_case(shared: NexusProcess) -> None:
    for user_id in ("svc-deployer", "svc-deployer-b", "SVC-Deployer", "x-svc-deployer"):
        shared.add_user(user_id, "nx-anonymous")
    found = shared.rest("GET", "/security/users?userId=svc-deployer&source=default")
    assert {each["userId"] for each in found} == {"svc-deployer", "svc-deployer-b", "SVC-Deployer"}


def test_a_list_without_a_source_is_cut_at_a_hundred(own: NexusProcess) -> None:
    for number in range(100):
        own.add_user(f"u{number}", "nx-anonymous")
    assert len(own.rest("GET", "/security/users")) == 100
    assert len(own.rest("GET", "/security/users?source=default")) == 102


@pytest.mark.parametrize(
    "value",
    ["Basic", "Basic !", "Basic bm9jb2xvbg==", "Basic \xe9", "Basic " + base64.b64encode(b"\xff:x").decode()],
)
def test_malformed_credentials_are_wrong_ones(shared: NexusProcess, value: str) -> None:
    answer = requests.get(shared.url + USERS, headers={"Authorization": value.encode("latin-1")}, timeout=60)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (
        401,
        'BASIC realm="Sonatype Nexus Repository Manager"',
    )


def test_a_newline_at_its_end_becomes_part_of_a_password(shared: NexusProcess) -> None:
    shared.add_user("newline", "nx-anonymous")
    path, headers = f"{USERS}/newline/change-password", {"Content-Type": "text/plain"}
    assert shared.ask("PUT", path, data="secret\n", headers=headers).status_code == 204
    for password, status in (("secret\n", 200), ("secret", 401)):
        assert shared.ask("GET", "/service/rest/v1/status", ("newline", password)).status_code == status


def test_users_are_made_and_unmade_with_two_permissions_but_passwords_only_with_all(
    shared: NexusProcess,
) -> None:
    shared.add_role("user-maker", "nx-users-all", "nx-userschangepw")
    maker = shared.add_user("maker", "user-maker")
    shared.add_user("made", "nx-anonymous")
    headers = {"Content-Type": "text/plain"}
    answer = shared.ask("PUT", f"{USERS}/made/change-password", maker, data="x", headers=headers)
    assert answer.status_code == 403
    assert shared.ask("DELETE", f"{USERS}/made", maker).status_code == 204
    assert shared.ask("GET", "/service/rest/v1/security/roles", maker).status_code == 403


def test_one_cannot_delete_oneself_but_another_administrator(shared: NexusProcess) -> None:
    other = shared.add_user("other-admin", "nx-admin")
    assert shared.ask("DELETE", f"{USERS}/other-admin", other).status_code == 500
    assert shared.ask("DELETE", f"{USERS}/other-admin").status_code == 204
    assert shared.ask("GET", USERS, other).status_code == 401


def test_a_role_that_does_not_exist_is_hidden_and_counts_once_it_does(shared: NexusProcess) -> None:
    early = shared.add_user("early", "later-role")
    assert shared.rest("GET", "/security/users?userId=early&source=default")[0]["roles"] == []
    assert shared.ask("GET", "/service/rest/v1/security/roles", early).status_code == 403
    shared.add_role("later-role", "nx-roles-read")
    assert shared.ask("GET", "/service/rest/v1/security/roles", early).status_code == 200
    assert shared.rest("GET", "/security/users?userId=early&source=default")[0]["roles"] == ["later-role"]


def test_a_pattern_of_dividers_is_stored_and_breaks_every_call_permanently(own: NexusProcess) -> None:
    path, body = "/service/rest/v1/security/privileges", {"name": "broken", "pattern": "::"}
    assert own.ask("POST", f"{path}/wildcard", json=body).status_code == 500
    for method, one in (("GET", ""), ("GET", "/broken"), ("GET", "/nx-all"), ("DELETE", "/broken")):
        assert own.ask(method, path + one).status_code == 500, (method, one)
    assert own.ask("PUT", f"{path}/wildcard/broken", json=body | {"pattern": "nexus:*"}).status_code == 500


@pytest.mark.parametrize(
    "body", [b"{", b"[1]", b'"x"', b"\xff", b"[" * 100_000, b'{"id": {}}', b'{"id": "\\ud800", "name": "x"}']
)
def test_a_body_that_makes_no_sense_is_refused(shared: NexusProcess, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = shared.ask("POST", "/service/rest/v1/security/roles", data=body, headers=headers)
    assert answer.status_code == 400
    assert shared.ask("GET", "/service/rest/v1/security/roles").status_code == 200


def test_a_large_upload_without_the_right_is_answered_and_not_cut_off(shared: NexusProcess) -> None:
    shared.add_repository("raw", "large")
    nobody = shared.add_user("uploads-nothing", "nx-anonymous")
    for auth, status in ((("admin", "wrong"), 401), (nobody, 403)):
        for headers in ({}, {"Expect": "100-continue"}):
            answer = shared.ask("PUT", "/repository/large/a", auth, data=b"x" * 8_000_000, headers=headers)
            assert answer.status_code == status


BODIES: dict[str, dict[str, Any]] = {
    "security/roles": {
        "id": "f",
        "name": "f",
        "privileges": ["nx-all"],
        "roles": ["nx-admin"],
        "description": "d",
    },
    "security/users": {
        "userId": "f",
        "firstName": "a",
        "lastName": "b",
        "emailAddress": "a@b",
        "password": "p",
    }
    | {"status": "active", "roles": ["nx-admin"], "source": "default"},
    "security/privileges/wildcard": {"name": "f", "pattern": "a:b"},
    "security/privileges/repository-view": {
        "name": "f",
        "format": "raw",
        "repository": "*",
        "actions": ["READ"],
    },
    "security/content-selectors": {"name": "f", "expression": 'path =^ "/a"', "description": "d"},
    "security/anonymous": {"enabled": True, "userId": "anonymous", "realmName": "NexusAuthorizingRealm"},
    "repositories/raw/hosted": {
        "name": "f",
        "online": True,
        "storage": {"blobStoreName": "default"},
        "raw": {},
    },
    "repositories/raw/group": {"name": "g", "online": True, "storage": {"blobStoreName": "default"}}
    | {"group": {"memberNames": ["f"]}},
}
SCALARS = strategies.one_of(
    strategies.none(),
    strategies.booleans(),
    strategies.integers(),
    strategies.floats(allow_nan=False, allow_infinity=False),
    strategies.text(),
)
VALUES = strategies.recursive(
    SCALARS,
    lambda inner: (
        strategies.lists(inner, max_size=3) | strategies.dictionaries(strategies.text(), inner, max_size=3)
    ),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=strategies.data())
def test_no_value_of_a_field_makes_the_simulator_itself_fail(
    shared: NexusProcess, data: strategies.DataObject
) -> None:
    path = data.draw(strategies.sampled_from(sorted(BODIES)))
    field = data.draw(strategies.sampled_from(sorted(BODIES[path])))
    body = BODIES[path] | {field: data.draw(VALUES)}
    method = "PUT" if path == "security/anonymous" else data.draw(strategies.sampled_from(["POST", "PUT"]))
    name = "" if method == "POST" or path == "security/anonymous" else "/f"
    answer = shared.ask(method, f"/service/rest/v1/{path}{name}", json=body)
    assert "RuntimeException" not in answer.text
