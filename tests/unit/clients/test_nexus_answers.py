"""What Nexus, or whoever answers in its place, says, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.clients.errors import (
    ApiError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
    ServerError,
    UnauthorizedError,
    UnexpectedAnswerError,
    UnreachableError,
)
from ciaccess.clients.nexus import Nexus, Role
from tests.support.servers.scripted_server import Reply, ScriptedServer, in_json, page, plain
from tests.unit.clients.conftest import QUICK
from tests.unit.clients.nexus_objects import REST, ROLE, ROLES, USER, USERS, WIRE_ROLE

if TYPE_CHECKING:
    from collections.abc import Callable

# reply → class, text without what to do
CREATE_ROLE = [
    (
        in_json({"id": "*", "message": "\"Privilege 'x' contained in role 'r' not found.\""}, 400),
        RefusedError,
        "Privilege 'x' contained in role 'r' not found. Create what is named first",
    ),
    (
        in_json({"id": "*", "message": "\"Role 'r' already exists, use a unique roleId.\""}, 400),
        ConflictError,
        "Role 'r' already exists, use a unique roleId. Bring the existing one under control",
    ),
    (
        in_json(
            [{"id": "PARAMETER name", "message": "must not be empty"}, {"id": "*", "message": "no"}], 400
        ),
        RefusedError,
        "name: must not be empty; no. Correct",
    ),
    (in_json([], 400), RefusedError, "Nexus answered HTTP 400, the request has a wrong shape. Correct"),
    (
        plain("ERROR: (ID 27f5425-67a2) org.sonatype.nexus.x.SomeException: it broke\n\tat java.lang", 500),
        ServerError,
        "it broke. Look into Nexus's log",
    ),
    (
        plain(
            "ERROR: (ID 1-2) org.sonatype.nexus.datastore.api.DataAccessException: \n### Error updating database. "
            'Cause: org.h2.jdbc.JdbcSQLDataException: Value too long for column "ID CHARACTER VARYING(200)": "\'xxx',
            500,
        ),
        ServerError,
        "the id's value is too long. Shorten it",
    ),
    (
        plain("ValidationErrorXO{id='*', message='\"Unknown realmIds: [nosuch]\"'}", 400),
        RefusedError,
        "Unknown realmIds: [nosuch]. Correct",
    ),
    (in_json("Role 'r' already exists, use a unique roleId.", 400), ConflictError, "Role 'r' already exists"),
    (
        in_json("Privilege 'p' contained in role 'r' not found.", 400),
        RefusedError,
        "Privilege 'p' contained",
    ),
    (
        Reply(401),
        UnauthorizedError,
        "Nexus answered HTTP 401 with an empty body. Check NEXUS_USERNAME and NEXUS_PASSWORD",
    ),
    (
        Reply(403),
        ForbiddenError,
        "Nexus answered HTTP 403 with an empty body. Give its user the privileges nx-roles-*",
    ),
    (Reply(415), RefusedError, "Nexus answered HTTP 415 with an empty body. Correct"),
    (
        page("Bad Gateway", 502),
        ServerError,
        "Nexus answered HTTP 502 with an HTML page titled 'Bad Gateway', from a proxy",
    ),
    (
        page("Blocked by policy", 403),
        ForbiddenError,
        "Nexus answered HTTP 403 with an HTML page titled 'Blocked by policy'",
    ),
    (page("404 - Sonatype Nexus Repository", 404), UnexpectedAnswerError, "there is no such path"),
    (page("Sign in", 200), UnexpectedAnswerError, "the answer is an HTML page titled 'Sign in', not Nexus's"),
    (Reply(200, b'{"id": "r', "application/json"), UnexpectedAnswerError, "the answer is broken JSON"),
    (
        Reply(200, b"[" * 100_000, "application/json"),
        UnexpectedAnswerError,
        "the answer is nested more than 32 deep",
    ),
    (Reply(200, b"\xff\xfe{", "application/json"), UnexpectedAnswerError, "the answer is broken JSON"),
    (Reply(200, b"<a/>", "application/xml"), UnexpectedAnswerError, "the answer is of type application/xml"),
    (in_json([], 200), UnexpectedAnswerError, "a list stands where a role should"),
    (in_json({"name": "r"}), UnexpectedAnswerError, "a role has no text as its 'id'"),
    (
        in_json(WIRE_ROLE | {"privileges": "p"}),
        UnexpectedAnswerError,
        "role 'r' has a text as its 'privileges'",
    ),
    (in_json(WIRE_ROLE | {"roles": [1]}), UnexpectedAnswerError, "role 'r' has a list as its 'roles'"),
    (in_json(WIRE_ROLE | {"readOnly": "no"}), UnexpectedAnswerError, "role 'r' has a text as its 'readOnly'"),
    (
        in_json({"message": 7}, 400),
        RefusedError,
        "Nexus answered HTTP 400 with an answer that is not Nexus's",
    ),
    (plain("x" * 5000, 500), ServerError, "xxxx"),
]


@pytest.mark.parametrize(("reply", "kind", "text"), CREATE_ROLE, ids=[case[2][:40] for case in CREATE_ROLE])
def test_a_refusal_is_one_typed_line_that_says_what_to_do(
    server: ScriptedServer, nexus: Nexus, reply: Reply, kind: type[ApiError], text: str
) -> None:
    server.answers(f"POST {ROLES}", reply)
    with pytest.raises(ApiError) as caught:
        nexus.roles.create(ROLE)
    assert type(caught.value) is kind
    line = str(caught.value)
    assert line.startswith(f"create role 'r': {text}")
    assert "\n" not in line
    assert len(line) < 700
    assert "secret body" not in line
    assert caught.value.system == "Nexus"


def test_an_id_with_line_breaks_leaves_the_error_on_one_line(server: ScriptedServer, nexus: Nexus) -> None:
    server.answers(f"POST {ROLES}", Reply(400))
    with pytest.raises(RefusedError) as caught:
        nexus.roles.create(replace(ROLE, role_id="a\nb\u2028c\x1b[31m\u202ed"))
    assert str(caught.value).startswith("create role 'a b c [31m d': ")


def test_an_existing_user_is_a_conflict_although_nexus_says_500(server: ScriptedServer, nexus: Nexus) -> None:
    text = "ERROR: (ID 0a77) org.sonatype.nexus.security.user.DuplicateUserException: User u already exists."
    server.answers(f"POST {USERS}", plain(text, 500))
    with pytest.raises(ConflictError, match=r"create user 'u': User u already exists. Bring"):
        nexus.users.create(USER, "password-1")
    assert len(server.requests) == 1


def test_a_selector_that_is_used_says_what_to_delete_first(server: ScriptedServer, nexus: Nexus) -> None:
    text = (
        "ERROR: (ID 10) java.lang.IllegalStateException: Content selector s is in use and cannot be deleted"
    )
    server.answers(f"DELETE {REST}/security/content-selectors/s", plain(text, 500))
    with pytest.raises(
        RefusedError, match=r"s is in use and cannot be deleted. Delete the privileges that use it"
    ):
        nexus.content_selectors.delete("s")


@pytest.mark.parametrize("body", [{"id": "*", "message": "\"Role 'r' not found.\""}, "Role 'r' not found."])
def test_a_put_of_what_is_missing_is_not_found_and_a_delete_is_false(
    server: ScriptedServer, nexus: Nexus, body: Any
) -> None:
    missing = in_json(body, 404)
    for method in ("PUT", "DELETE", "GET"):
        server.answers(f"{method} {ROLES}/r", missing)
    with pytest.raises(NotFoundError, match="replace role 'r': Role 'r' not found"):
        nexus.roles.replace(ROLE)
    assert nexus.roles.delete("r") is False
    assert nexus.roles.read("r") is None


_OF_JETTY = {"servlet": "delegate", "message": "Not Found", "url": "/service/rest/v1", "status": "404"}


@pytest.mark.parametrize(
    "reply",
    [
        Reply(404),
        page("Not Found", 404),
        plain("404 page not found", 404),
        in_json(_OF_JETTY, 404),
        in_json("", 404),
    ],
)
def test_a_404_that_is_not_nexus_s_never_counts_as_missing(
    server: ScriptedServer, nexus: Nexus, reply: Reply
) -> None:
    for method in ("GET", "DELETE"):
        server.answers(f"{method} {ROLES}/r", reply)
    calls: tuple[Callable[[str], Any], ...] = (nexus.roles.read, nexus.roles.delete)
    for call in calls:
        with pytest.raises(UnexpectedAnswerError, match="context path"):
            call("r")


def test_read_only_mode_is_said_as_that(server: ScriptedServer, nexus: Nexus) -> None:
    server.answers(f"PUT {ROLES}/r", plain("Nexus Repository Manager is in read-only mode", 503))
    server.answers(f"GET {REST}/status", Reply(200))
    server.answers(f"GET {REST}/status/writable", Reply(503))
    with pytest.raises(ServerError, match=r"replace role 'r': Nexus is in read-only mode. Wait until"):
        nexus.roles.replace(ROLE)


def test_a_503_of_a_server_that_takes_writes_is_not_read_only_mode(
    server: ScriptedServer, nexus: Nexus
) -> None:
    server.answers(f"PUT {ROLES}/r", page("Service Unavailable", 503))
    server.answers(f"GET {REST}/status", page("Service Unavailable", 503))
    with pytest.raises(ServerError, match="HTML page titled 'Service Unavailable'"):
        nexus.roles.replace(ROLE)


def test_a_privilege_list_that_nexus_cannot_read_says_what_may_have_broken_it(
    server: ScriptedServer, nexus: Nexus
) -> None:
    text = "ERROR: (ID 1) java.lang.IllegalArgumentException: Wildcard string cannot be null or empty."
    server.answers(f"GET {REST}/security/privileges", plain(text, 500))
    with pytest.raises(
        ServerError, match=r"list privileges: Wildcard string .* stored wildcard such as '::'"
    ):
        nexus.privileges.all()


def test_fields_of_a_newer_nexus_are_ignored_and_missing_ones_are_empty(
    server: ScriptedServer, nexus: Nexus
) -> None:
    answer = [WIRE_ROLE | {"shiny": {"new": [1]}}, {"id": "bare", "privileges": None}]
    server.answers(f"GET {ROLES}", in_json(answer))
    bare = Role("bare", "", "", frozenset(), frozenset())
    assert nexus.roles.all() == {"r": ROLE, "bare": bare}


def test_a_list_that_is_none_is_an_error(server: ScriptedServer, nexus: Nexus) -> None:
    server.answers(f"GET {ROLES}", in_json({"items": []}))
    with pytest.raises(UnexpectedAnswerError, match="list roles: the answer is not a list"):
        nexus.roles.all()


def test_a_create_that_was_cut_and_is_found_as_wanted_counts_as_made(
    server: ScriptedServer, nexus: Nexus
) -> None:
    server.answers(f"POST {ROLES}", Reply(reset=True))
    server.answers(f"GET {ROLES}/r", in_json(WIRE_ROLE))
    nexus.roles.create(ROLE)
    assert len(server.asked(f"POST {ROLES}")) == 1


@pytest.mark.parametrize(
    "found",
    [
        in_json({"message": "\"Role 'r' not found.\""}, 404),
        in_json(WIRE_ROLE | {"privileges": []}),
        Reply(reset=True),
    ],
    ids=["missing", "different", "unknown"],
)
def test_a_create_that_was_cut_and_is_not_found_as_wanted_stays_uncertain(
    server: ScriptedServer, nexus: Nexus, found: Reply
) -> None:
    server.answers(f"POST {ROLES}", Reply(reset=True))
    server.answers(f"GET {ROLES}/r", found)
    with pytest.raises(
        UnreachableError, match="may or may not have been done: run again to find out"
    ) as caught:
        nexus.roles.create(ROLE)
    assert caught.value.uncertain
    assert len(server.asked(f"POST {ROLES}")) == 1


@pytest.mark.parametrize(("status", "made"), [(200, True), (401, False)])
def test_a_user_whose_creation_was_cut_counts_as_made_once_the_password_works(
    server: ScriptedServer, nexus: Nexus, status: int, *, made: bool
) -> None:
    server.answers(f"POST {USERS}", Reply(reset=True))
    wire = {"userId": "u", "firstName": "F", "lastName": "L", "emailAddress": "u@example.com"}
    wire |= {"source": "default", "status": "active", "roles": ["nx-anonymous"]}  # type: ignore[dict-item]
    server.answers(f"GET {USERS}", in_json([wire]))
    server.answers(f"GET {REST}/status", Reply(status))
    if made:
        nexus.users.create(USER, "password-1")
    else:
        with pytest.raises(UnreachableError):
            nexus.users.create(USER, "password-1")


@pytest.mark.parametrize(
    ("header", "version"), [("Nexus/3.77.0-08 (OSS)", "3.77.0-08"), ("nginx/1.25", "unknown")]
)
def test_the_version_is_that_of_the_server_header(
    server: ScriptedServer, nexus: Nexus, header: str, version: str
) -> None:
    server.server_header = header
    server.answers(f"GET {REST}/status", Reply(200))
    server.answers(f"GET {ROLES}", in_json([]))
    assert nexus.version == version
    nexus.roles.all()
    assert nexus.version == version


def test_the_context_path_is_kept(server: ScriptedServer) -> None:
    server.answers(f"GET /nexus{ROLES}", in_json([WIRE_ROLE]))
    nexus = Nexus(f"{server.url}/nexus/", "admin", "admin-password", options=QUICK)
    assert nexus.roles.find("r") == ROLE
    nexus.close()


@pytest.mark.parametrize(
    "url", ["nexus.example", "ftp://nexus", "https://u:hunter22@nexus", "https://nexus?x=1", "https://"]
)
def test_an_address_that_is_none_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ValueError, match="Nexus's") as caught:
        Nexus(url, "admin", "admin-password")
    assert "hunter22" not in str(caught.value)
