"""Nexus's client against the simulator: each kind's life, and every refusal that Nexus is known for."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ciaccess.clients.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
    ServerError,
    UnauthorizedError,
    UnexpectedAnswerError,
)
from ciaccess.clients.nexus import ContentSelector, Nexus, Privilege, Role, User

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.servers.nexus import NexusProcess

    Connect = Callable[..., Nexus]


@pytest.fixture
def name() -> str:
    """Return a name that no other test uses."""
    return f"t-{uuid.uuid4().hex[:12]}"


def role(name: str, *privileges: str) -> Role:
    return Role(name, name, "of a test", frozenset(privileges), frozenset())


def user(name: str, *roles: str) -> User:
    return User(name, "First", "Last", "t@example.com", "active", frozenset(roles or {"nx-anonymous"}))


def selector(name: str) -> ContentSelector:
    return ContentSelector(name, "of a test", 'format == "raw" and path =^ "/a/"')


def privileges(name: str, selector: str) -> list[Privilege]:
    view = Privilege(
        f"{name}-v", "repository-view", "d", frozenset({"browse", "read"}), format="raw", repository="files"
    )
    scoped = replace(view, name=f"{name}-c", type="repository-content-selector", content_selector=selector)
    return [Privilege(f"{name}-w", "wildcard", "d", frozenset(), pattern="nexus:search:read"), view, scoped]


def test_a_role_lives_and_every_reader_sees_it(nexus: Nexus, connect: Connect, name: str) -> None:
    wanted = role(name, "nx-search-read", "nx-repository-view-*-*-read")
    assert nexus.roles.find(name) is None
    nexus.roles.create(wanted)
    changed = replace(wanted, description="", privileges=frozenset(), roles=frozenset({"nx-anonymous"}))
    for expected in (wanted, changed):
        if expected is changed:
            nexus.roles.replace(changed)
        assert nexus.roles.read(name) == nexus.roles.find(name) == connect().roles.find(name) == expected
    assert nexus.roles.delete(name) is True
    assert nexus.roles.delete(name) is False
    assert nexus.roles.read(name) is nexus.roles.find(name) is connect().roles.find(name) is None


def test_privileges_of_each_type_live(nexus: Nexus, connect: Connect, name: str) -> None:
    nexus.content_selectors.create(selector(name))
    for wanted in privileges(name, name):
        nexus.privileges.create(wanted)
        assert nexus.privileges.read(wanted.name) == connect().privileges.find(wanted.name) == wanted
        changed = replace(wanted, description="changed")
        nexus.privileges.replace(changed)
        assert nexus.privileges.read(wanted.name) == nexus.privileges.find(wanted.name) == changed
    with pytest.raises(RefusedError, match="in use and cannot be deleted"):
        nexus.content_selectors.delete(name)
    for each in privileges(name, name):
        assert nexus.privileges.delete(each.name) is True
        assert nexus.privileges.read(each.name) is None
    assert nexus.content_selectors.delete(name) is True


def test_a_content_selector_lives(nexus: Nexus, connect: Connect, name: str) -> None:
    wanted = selector(name)
    nexus.content_selectors.create(wanted)
    assert nexus.content_selectors.read(name) == connect().content_selectors.find(name) == wanted
    changed = replace(wanted, expression='format == "raw"')
    nexus.content_selectors.replace(changed)
    assert nexus.content_selectors.read(name) == changed
    with pytest.raises(RefusedError, match=r"expression: Invalid CSEL.* Correct the expression"):
        nexus.content_selectors.replace(replace(wanted, expression="format =="))
    assert nexus.content_selectors.delete(name) is True
    assert nexus.content_selectors.delete(name) is False


def test_a_user_lives_and_logs_in(nexus: Nexus, connect: Connect, name: str) -> None:
    nexus.users.create(user(name), "first-password")
    nexus.users.create(user(f"{name}-b"), "another-password")
    assert nexus.users.read(name) == connect().users.find(name) == user(name)
    assert nexus.users.read(name[:-1]) is nexus.users.read(name.upper()) is None
    assert nexus.users.accepts(name, "first-password")
    nexus.users.change_password(name, 'pä"ss w\\rd:')
    assert nexus.users.accepts(name, 'pä"ss w\\rd:')
    assert not nexus.users.accepts(name, "first-password")
    nexus.users.replace(replace(user(name), status="disabled"))
    assert not nexus.users.accepts(name, 'pä"ss w\\rd:')
    assert nexus.users.delete(name) is True
    assert nexus.users.delete(name) is False
    assert nexus.users.find(f"{name}-b") is not None


def test_what_exists_already_is_a_conflict_for_every_kind(nexus: Nexus, name: str) -> None:
    nexus.content_selectors.create(selector(name))
    writes: list[Callable[[], None]] = [
        lambda: nexus.roles.create(role(name)),
        lambda: nexus.users.create(user(name), "a-password"),
        lambda: nexus.privileges.create(privileges(name, name)[0]),
    ]
    for write in writes:
        write()
    for write in [*writes, lambda: nexus.content_selectors.create(selector(name))]:
        with pytest.raises(ConflictError, match="already exists"):
            write()


def test_what_is_missing_cannot_be_replaced_for_any_kind(nexus: Nexus, name: str) -> None:
    writes: list[Callable[[], None]] = [
        lambda: nexus.roles.replace(role(name)),
        lambda: nexus.users.replace(user(name)),
        lambda: nexus.users.change_password(name, "a-password"),
        lambda: nexus.privileges.replace(privileges(name, name)[0]),
        lambda: nexus.content_selectors.replace(selector(name)),
    ]
    for write in writes:
        with pytest.raises(NotFoundError, match=name):
            write()


def test_unknown_references_are_refused_by_name(nexus: Nexus, name: str) -> None:
    with pytest.raises(
        RefusedError, match=f"Privilege 'nosuch' contained in role '{name}' not found. Create"
    ):
        nexus.roles.create(role(name, "nosuch"))
    with pytest.raises(RefusedError, match=r"Invalid repository 'nosuch' supplied. Create"):
        nexus.privileges.create(replace(privileges(name, name)[1], repository="nosuch"))
    nexus.users.create(user(name), "a-password")
    with pytest.raises(RefusedError, match=r"roles: Unable to locate roleId: nosuch. Create"):
        nexus.users.replace(user(name, "nosuch"))


def test_a_fault_names_the_field_as_we_do(nexus: Nexus, name: str) -> None:
    with pytest.raises(RefusedError, match=r"email_address: must be a well-formed email address"):
        nexus.users.create(replace(user(name), email_address="nobody"), "a-password")


def test_nexus_s_own_objects_stay(nexus: Nexus) -> None:
    with pytest.raises(RefusedError, match="internal and cannot be modified"):
        nexus.roles.replace(role("nx-admin"))
    with pytest.raises(RefusedError, match="internal and cannot be modified"):
        nexus.privileges.delete("nx-all")
    assert nexus.roles.all()["nx-admin"].read_only


@pytest.mark.parametrize("odd", ["a/b", "my role", "a%2Fb", "a;b", "ünï", "...", 'q"<b>', "x" * 200])
def test_an_odd_id_reaches_its_own_object_and_no_other(nexus: Nexus, name: str, odd: str) -> None:
    identity = (name + odd)[:200]
    nexus.roles.create(role(identity))
    nexus.users.create(user(identity), "a-password")
    assert nexus.roles.read(identity) == role(identity)
    assert nexus.users.read(identity) == user(identity)
    nexus.users.change_password(identity, "b-password")
    assert nexus.users.accepts(identity, "b-password")
    assert nexus.roles.delete(identity) is nexus.users.delete(identity) is True


def test_an_id_that_is_too_long_is_said_without_its_value(nexus: Nexus) -> None:
    with pytest.raises(ServerError, match=r"the id's value is too long. Shorten it") as caught:
        nexus.roles.create(role("x" * 201))
    assert "x" * 100 not in str(caught.value)


def test_deleting_a_role_leaves_the_shared_lists_as_the_server_has_them(
    nexus: Nexus, connect: Connect, name: str
) -> None:
    nexus.roles.create(role(name, "nx-search-read"))
    nexus.privileges.create(privileges(name, name)[0])
    nexus.roles.create(replace(role(f"{name}-p", f"{name}-w"), roles=frozenset({name})))
    nexus.users.create(user(name, name, "nx-anonymous"), "a-password")
    nexus.users.all()
    nexus.roles.delete(name)
    nexus.privileges.delete(f"{name}-w")
    fresh = connect()
    assert nexus.users.all() == fresh.users.all()
    assert nexus.roles.all() == fresh.roles.all()


def test_all_resources_share_one_list_call(simulator: NexusProcess, connect: Connect, name: str) -> None:
    simulator.forget_requests()
    nexus = connect()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: nexus.users.find(f"{name}-{n}"), range(50)))
    lists = {route: count for route, count in simulator.requests().items() if "security/users" in route}
    assert list(lists.values()) == [1]


def test_the_version_and_the_repositories_are_read(nexus: Nexus) -> None:
    assert nexus.version[0].isdigit()
    assert nexus.repositories()["files"].format == "raw"


def test_wrong_credentials_name_the_variables(connect: Connect) -> None:
    with pytest.raises(UnauthorizedError, match=r"list roles: .*NEXUS_USERNAME and NEXUS_PASSWORD"):
        connect(password="wrong-password").roles.all()


def test_rights_that_do_not_suffice_are_said(nexus: Nexus, connect: Connect, name: str) -> None:
    nexus.roles.create(role(name, "nx-users-all", "nx-userschangepw"))
    nexus.users.create(user(name, name), "a-password")
    limited = connect(name, "a-password")
    assert name in limited.users.all()
    with pytest.raises(ForbiddenError, match=r"nx-roles-\*, or the role nx-admin"):
        limited.roles.all()
    with pytest.raises(ForbiddenError, match=r"needs nexus:\*"):
        limited.users.change_password(name, "b-password")
    assert nexus.users.accepts(name, "a-password")


def test_a_passing_failure_is_not_noticed(simulator: NexusProcess, connect: Connect, name: str) -> None:
    for status in (429, 502, 503, 504):
        simulator.fail_next(status, 2)
        assert connect().roles.find(name) is None


def test_an_address_without_its_context_path_is_said(simulator: NexusProcess) -> None:
    elsewhere = simulator.url.removesuffix("/nexus") if simulator.context_path else f"{simulator.url}/nexus"
    nexus = Nexus(elsewhere, "admin", simulator.admin_password)
    with pytest.raises(UnexpectedAnswerError, match="context path"):
        nexus.roles.read("nx-admin")
    nexus.close()
