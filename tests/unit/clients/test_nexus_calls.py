"""What is sent to Nexus: paths, bodies, credentials; what is refused before; what the shared lists know."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from ciaccess.clients.errors import (
    ApiError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
    UnexpectedAnswerError,
)
from ciaccess.clients.nexus import Nexus, Privilege, Role
from tests.support.servers.scripted_server import Reply, ScriptedServer, in_json, page
from tests.unit.clients.nexus_objects import (
    PRIVILEGES,
    REST,
    ROLE,
    ROLES,
    SCOPED,
    USER,
    USERS,
    VIEW,
    WILDCARD,
    WIRE_ROLE,
    WIRE_USER,
)


@pytest.mark.parametrize(
    ("identity", "encoded"),
    [
        ("a/b", "a%2Fb"),
        ("a b", "a%20b"),
        ("a%2Fb", "a%252Fb"),
        ("a%b", "a%25b"),
        ("a;b?c#d", "a%3Bb%3Fc%23d"),
        ("a\\b", "a%5Cb"),
        ("...", "..."),
        ("ünï", "%C3%BCn%C3%AF"),
        ("a:b@c", "a%3Ab%40c"),
    ],
)
def test_an_id_is_one_segment_of_the_path_encoded_whole(
    server: ScriptedServer, nexus: Nexus, identity: str, encoded: str
) -> None:
    server.answers(f"GET {ROLES}/{encoded}", in_json(WIRE_ROLE | {"id": identity}))
    found = nexus.roles.read(identity)
    assert found is not None
    assert found.role_id == identity
    assert [request.target for request in server.requests] == [f"{ROLES}/{encoded}"]


@pytest.mark.parametrize("identity", ["", ".", "..", "../users", "a/../b", "..\\x", "\ud800"])
def test_an_id_that_a_path_would_swallow_is_never_sent(
    server: ScriptedServer, nexus: Nexus, identity: str
) -> None:
    for call in (nexus.roles.read, nexus.roles.delete):
        with pytest.raises(RefusedError, match="not valid in a URL"):
            call(identity)
    with pytest.raises(RefusedError, match="not valid in a URL"):
        nexus.roles.create(replace(ROLE, role_id=identity))
    with pytest.raises(RefusedError, match="not valid in a URL"):
        nexus.users.change_password(identity, "password-1")
    assert server.requests == []


def test_a_role_is_sent_with_sorted_sets_and_without_what_nexus_decides(
    server: ScriptedServer, nexus: Nexus
) -> None:
    server.answers(f"POST {ROLES}", in_json(WIRE_ROLE))
    nexus.roles.create(Role("r", "r", "d", frozenset({"b", "a"}), frozenset({"z", "y"}), read_only=True))
    sent = {"id": "r", "name": "r", "description": "d", "privileges": ["a", "b"], "roles": ["y", "z"]}
    assert json.loads(server.requests[0].body) == sent


def test_a_user_is_sent_with_its_password_and_replaced_without_one(
    server: ScriptedServer, nexus: Nexus
) -> None:
    server.answers(f"POST {USERS}", in_json(WIRE_USER))
    server.answers(f"PUT {USERS}/u", Reply(204))
    nexus.users.create(USER, "password-1")
    nexus.users.replace(USER)
    created, replaced = (json.loads(request.body) for request in server.requests)
    assert created.pop("password") == "password-1"
    expected = {key: value for key, value in WIRE_USER.items() if key not in ("readOnly", "externalRoles")}
    assert created == replaced == expected


@pytest.mark.parametrize(
    ("privilege", "fields"),
    [
        (WILDCARD, {"pattern": "nexus:search:read"}),
        (VIEW, {"format": "yum", "repository": "rpm-dev", "actions": ["BROWSE", "READ"]}),
        (
            SCOPED,
            {"format": "yum", "repository": "rpm-dev", "actions": ["BROWSE", "READ"], "contentSelector": "s"},
        ),
    ],
    ids=["wildcard", "repository-view", "repository-content-selector"],
)
def test_a_privilege_is_written_at_its_own_type_s_path_with_its_own_fields(
    server: ScriptedServer, nexus: Nexus, privilege: Privilege, fields: dict[str, object]
) -> None:
    wire = {"name": "p", "description": "d", **fields}
    server.answers(f"POST {PRIVILEGES}/{privilege.type}", Reply(201))
    server.answers(f"PUT {PRIVILEGES}/{privilege.type}/p", Reply(204))
    server.answers(f"GET {PRIVILEGES}/p", in_json(wire | {"type": privilege.type, "readOnly": False}))
    nexus.privileges.create(privilege)
    assert nexus.privileges.read("p") == privilege
    nexus.privileges.replace(privilege)
    written = [json.loads(request.body) for request in server.requests if request.method != "GET"]
    assert written == [wire, wire]


def test_a_privilege_of_another_type_is_not_overwritten(server: ScriptedServer, nexus: Nexus) -> None:
    wire = {"type": "wildcard", "name": "p", "description": "d", "pattern": "nexus:*"}
    server.answers(f"GET {PRIVILEGES}/p", in_json(wire))
    with pytest.raises(RefusedError, match="it is of type wildcard, which cannot become repository-view"):
        nexus.privileges.replace(VIEW)
    assert [request.method for request in server.requests] == ["GET"]


def test_a_missing_privilege_is_not_replaced(server: ScriptedServer, nexus: Nexus) -> None:
    server.answers(f"GET {PRIVILEGES}/p", in_json({"message": "\"Privilege 'p' not found.\""}, 404))
    with pytest.raises(NotFoundError):
        nexus.privileges.replace(VIEW)


@pytest.mark.parametrize("pattern", ["::", ":", "", " ", "nexus::read", "nexus:", ",", "nexus:a,:read"])
def test_a_wildcard_pattern_with_an_empty_part_is_never_sent(
    server: ScriptedServer, nexus: Nexus, pattern: str
) -> None:
    for write in (nexus.privileges.create, nexus.privileges.replace):
        with pytest.raises(RefusedError, match="empty part"):
            write(replace(WILDCARD, pattern=pattern))
    assert server.requests == []


def test_a_privilege_of_a_type_that_is_only_read_is_not_written(server: ScriptedServer, nexus: Nexus) -> None:
    with pytest.raises(RefusedError, match="type 'application' are not written here"):
        nexus.privileges.create(replace(VIEW, type="application"))
    assert server.requests == []


def test_a_user_is_matched_by_its_exact_id_and_source(server: ScriptedServer, nexus: Nexus) -> None:
    several = [{**WIRE_USER, "userId": each} for each in ("U", "u-b")] + [{**WIRE_USER, "source": "LDAP"}]
    server.answers(f"GET {USERS}", in_json(several), in_json([*several, WIRE_USER]))
    assert nexus.users.read("u") is None
    assert nexus.users.read("u") == USER
    assert all(request.target == f"{USERS}?userId=u&source=default" for request in server.requests)


def test_the_list_of_users_is_that_of_the_local_source(server: ScriptedServer, nexus: Nexus) -> None:
    server.answers(f"GET {USERS}", in_json([WIRE_USER, {**WIRE_USER, "source": "LDAP", "roles": []}]))
    assert nexus.users.all() == {"u": USER}
    assert server.requests[0].target == f"{USERS}?source=default"


def test_a_user_without_roles_is_not_sent(server: ScriptedServer, nexus: Nexus) -> None:
    without = replace(USER, roles=frozenset())
    with pytest.raises(
        RefusedError, match=r"replace user 'u': a user without roles. Give it at least one role"
    ):
        nexus.users.replace(without)
    with pytest.raises(RefusedError, match="create user 'u'"):
        nexus.users.create(without, "password-1")
    assert server.requests == []


def test_a_password_is_changed_as_plain_text_to_the_letter(server: ScriptedServer, nexus: Nexus) -> None:
    server.answers(f"PUT {USERS}/u%2F1/change-password", Reply(204))
    nexus.users.change_password("u/1", 'pä"ss\\w rd')
    request = server.requests[0]
    assert request.body == 'pä"ss\\w rd'.encode()
    assert request.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("password", ["", "   ", "word\n", "a\rb", "a\x00b"])
def test_a_password_that_nobody_could_type_is_not_sent(
    server: ScriptedServer, nexus: Nexus, password: str
) -> None:
    with pytest.raises(RefusedError, match="change the password of user 'u': the password is blank"):
        nexus.users.change_password("u", password)
    with pytest.raises(RefusedError):
        nexus.users.create(USER, password)
    assert server.requests == []


def test_a_forbidden_change_of_a_password_says_that_it_needs_everything(
    server: ScriptedServer, nexus: Nexus
) -> None:
    server.answers(f"PUT {USERS}/u/change-password", Reply(403))
    with pytest.raises(ForbiddenError, match=r"needs nexus:\*"):
        nexus.users.change_password("u", "password-1")


@pytest.mark.parametrize(("status", "accepted"), [(200, True), (401, False)])
def test_the_login_probe_sends_the_user_s_credentials(
    server: ScriptedServer, nexus: Nexus, status: int, *, accepted: bool
) -> None:
    server.answers(f"GET {REST}/status", Reply(status))
    assert nexus.users.accepts("u", "pä:ss") is accepted
    sent = server.requests[0].headers["Authorization"].removeprefix("Basic ")
    assert base64.b64decode(sent).decode() == "u:pä:ss"


@pytest.mark.parametrize(
    "reply", [Reply(403), Reply(404), Reply(500), Reply(503), page("Sign in"), Reply(reset=True)]
)
def test_a_login_probe_that_is_answered_otherwise_is_an_error(
    server: ScriptedServer, nexus: Nexus, reply: Reply
) -> None:
    server.answers(f"GET {REST}/status", reply)
    with pytest.raises(ApiError, match="try the login of user 'u'"):
        nexus.users.accepts("u", "password-1")


def test_a_login_probe_that_is_sent_to_a_sign_in_page_is_an_error(
    server: ScriptedServer, nexus: Nexus
) -> None:
    server.answers(f"GET {REST}/status", Reply(302, headers={"Location": "/sign-in"}))
    server.answers("GET /sign-in", Reply(200))
    with pytest.raises(UnexpectedAnswerError, match="/status redirects elsewhere"):
        nexus.users.accepts("u", "password-1")


def test_a_login_probe_of_a_user_with_a_colon_is_refused(server: ScriptedServer, nexus: Nexus) -> None:
    with pytest.raises(RefusedError, match="colon"):
        nexus.users.accepts("u:v", "password-1")
    assert server.requests == []


@pytest.mark.parametrize("status", [300, 302, 304])
def test_a_write_that_is_answered_neither_yes_nor_no_did_not_work(
    server: ScriptedServer, nexus: Nexus, status: int
) -> None:
    for method in ("PUT", "DELETE"):
        server.answers(f"{method} {ROLES}/r", Reply(status))
    with pytest.raises(
        UnexpectedAnswerError, match=f"replace role 'r': Nexus answered HTTP {status} with an empty body"
    ):
        nexus.roles.replace(ROLE)
    with pytest.raises(
        UnexpectedAnswerError, match=f"delete role 'r': Nexus answered HTTP {status} with an empty body"
    ):
        nexus.roles.delete("r")


@pytest.mark.parametrize("enabled", [True, False])
def test_anonymous_access_is_read(server: ScriptedServer, nexus: Nexus, *, enabled: bool) -> None:
    wire = {"enabled": enabled, "userId": "anonymous", "realmName": "NexusAuthorizingRealm"}
    server.answers(f"GET {REST}/security/anonymous", in_json(wire))
    assert nexus.anonymous_access() is enabled


def test_anonymous_access_is_not_guessed(server: ScriptedServer, nexus: Nexus) -> None:
    server.answers(f"GET {REST}/security/anonymous", in_json({"userId": "anonymous"}))
    with pytest.raises(UnexpectedAnswerError, match="anonymous access 'anonymous' has no 'enabled'"):
        nexus.anonymous_access()
