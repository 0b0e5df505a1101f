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


def test_a_role_lives_and_every_reader_sees_it(client: Nexus, connect: Connect, name: str) -> None:
    wanted = role(name, "nx-search-read", "nx-repository-view-*-*-read")
    assert client.roles.find(name) is None
    client.roles.create(wanted)
    changed = replace(wanted, description="", privileges=frozenset(), roles=frozenset({"nx-anonymous"}))
    for expected in (wanted, changed):
        if expected is changed:
            client.roles.replace(changed)
        assert client.roles.read(name) == client.roles.find(name) == connect().roles.find(name) == expected
    assert client.roles.delete(name) is True
    assert client.roles.delete(name) is False
    assert client.roles.read(name) is client.roles.find(name) is connect().roles.find(name) is None


def test_privileges_of_each_type_live(client: Nexus, connect: Connect, name: str) -> None:
    client.content_selectors.create(selector(name))
    for wanted in privileges(name, name):
        client.privileges.create(wanted)
        assert client.privileges.read(wanted.name) == connect().privileges.find(wanted.name) == wanted
        changed = replace(wanted, description="changed")
        client.privileges.replace(changed)
        assert client.privileges.read(wanted.name) == client.privileges.find(wanted.name) == changed
    with pytest.raises(RefusedError, match="in use and cannot be deleted"):
        client.content_selectors.delete(name)
    for each in privileges(name, name):
        assert client.privileges.delete(each.name) is True
        assert client.privileges.read(each.name) is None
    assert client.content_selectors.delete(name) is True


def test_a_content_selector_lives(client: Nexus, connect: Connect, name: str) -> None:
    wanted = selector(name)
    client.content_selectors.create(wanted)
    assert client.content_selectors.read(name) == connect().content_selectors.find(name) == wanted
    changed = replace(wanted, expression='format == "raw"')
    client.content_selectors.replace(changed)
    assert client.content_selectors.read(name) == changed
    with pytest.raises(RefusedError, match=r"expression: Invalid CSEL.* Correct the expression"):
        client.content_selectors.replace(replace(wanted, expression="format =="))
    assert client.content_selectors.delete(name) is True
    assert client.content_selectors.delete(name) is False


def test_a_user_lives_and_logs_in(client: Nexus, connect: Connect, name: str) -> None:
    client.users.create(user(name), "first-password")
    client.users.create(user(f"{name}-b"), "another-password")
    assert client.users.read(name) == connect().users.find(name) == user(name)
    assert client.users.read(name[:-1]) is client.users.read(name.upper()) is None
    assert client.users.accepts(name, "first-password")
    client.users.change_password(name, 'pä"ss w\\rd:')
    assert client.users.accepts(name, 'pä"ss w\\rd:')
    assert not client.users.accepts(name, "first-password")
    client.users.replace(replace(user(name), status="disabled"))
    assert not client.users.accepts(name, 'pä"ss w\\rd:')
    assert client.users.delete(name) is True
    assert client.users.delete(name) is False
    assert client.users.find(f"{name}-b") is not None


def test_what_exists_already_is_a_conflict_for_every_kind(client: Nexus, name: str) -> None:
    client.content_selectors.create(selector(name))
    writes: list[Callable[[], None]] = [
        lambda: client.roles.create(role(name)),
        lambda: client.users.create(user(name), "a-password"),
        lambda: client.privileges.create(privileges(name, name)[0]),
    ]
    for write in writes:
        write()
    for write in [*writes, lambda: client.content_selectors.create(selector(name))]:
        with pytest.raises(ConflictError, match="already exists"):
            write()


def test_what_is_missing_cannot_be_replaced_for_any_kind(client: Nexus, name: str) -> None:
    writes: list[Callable[[], None]] = [
        lambda: client.roles.replace(role(name)),
        lambda: client.users.replace(user(name)),
        lambda: client.users.change_password(name, "a-password"),
        lambda: client.privileges.replace(privileges(name, name)[0]),
        lambda: client.content_selectors.replace(selector(name)),
    ]
    for write in writes:
        with pytest.raises(NotFoundError, match=name):
            write()


def test_unknown_references_are_refused_by_name(client: Nexus, name: str) -> None:
    with pytest.raises(
        RefusedError, match=f"Privilege 'nosuch' contained in role '{name}' not found. Create"
    ):
        client.roles.create(role(name, "nosuch"))
    with pytest.raises(RefusedError, match=r"Invalid repository 'nosuch' supplied. Create"):
        client.privileges.create(replace(privileges(name, name)[1], repository="nosuch"))
    client.users.create(user(name), "a-password")
    with pytest.raises(RefusedError, match=r"roles: Unable to locate roleId: nosuch. Create"):
        client.users.replace(user(name, "nosuch"))


def test_a_fault_names_the_field_as_we_do(client: Nexus, name: str) -> None:
    with pytest.raises(RefusedError, match=r"email_address: must be a well-formed email address"):
        client.users.create(replace(user(name), email_address="nobody"), "a-password")


def test_nexus_s_own_objects_stay(client: Nexus) -> None:
    with pytest.raises(RefusedError, match="internal and cannot be modified"):
        client.roles.replace(role("nx-admin"))
    with pytest.raises(RefusedError, match="internal and cannot be modified"):
        client.privileges.delete("nx-all")
    assert client.roles.all()["nx-admin"].read_only


@pytest.mark.parametrize("odd", ["a/b", "my role", "a%2Fb", "a;b", "ünï", "...", 'q"<b>', "x" * 200])
def test_an_odd_id_reaches_its_own_object_and_no_other(client: Nexus, name: str, odd: str) -> None:
    identity = (name + odd)[:200]
    client.roles.create(role(identity))
    client.users.create(user(identity), "a-password")
    assert client.roles.read(identity) == role(identity)
    assert client.users.read(identity) == user(identity)
    client.users.change_password(identity, "b-password")
    assert client.users.accepts(identity, "b-password")
    assert client.roles.delete(identity) is client.users.delete(identity) is True


def test_an_id_that_is_too_long_is_said_without_its_value(client: Nexus) -> None:
    with pytest.raises(ServerError, match=r"the id's value is too long. Shorten it") as caught:
        client.roles.create(role("x" * 201))
    assert "x" * 100 not in str(caught.value)


def test_deleting_a_role_leaves_the_shared_lists_as_the_server_has_them(
    client: Nexus, connect: Connect, name: str
) -> None:
    client.roles.create(role(name, "nx-search-read"))
    client.privileges.create(privileges(name, name)[0])
    client.roles.create(replace(role(f"{name}-p", f"{name}-w"), roles=frozenset({name})))
    client.users.create(user(name, name, "nx-anonymous"), "a-password")
    client.users.all()
    client.roles.delete(name)
    client.privileges.delete(f"{name}-w")
    fresh = connect()
    assert client.users.all() == fresh.users.all()
    assert client.roles.all() == fresh.roles.all()


def test_all_resources_share_one_list_call(simulator: NexusProcess, connect: Connect, name: str) -> None:
    simulator.forget_requests()
    client = connect()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: client.users.find(f"{name}-{n}"), range(50)))
    lists = {route: count for route, count in simulator.requests().items() if "security/users" in route}
    assert list(lists.values()) == [1]


def test_the_version_and_the_repositories_are_read(client: Nexus) -> None:
    assert client.version[0].isdigit()
    assert client.repositories()["files"].format == "raw"


def test_wrong_credentials_name_the_variables(connect: Connect) -> None:
    with pytest.raises(UnauthorizedError, match=r"list roles: .*NEXUS_USERNAME and NEXUS_PASSWORD"):
        connect(password="wrong-password").roles.all()


def test_rights_that_do_not_suffice_are_said(client: Nexus, connect: Connect, name: str) -> None:
    client.roles.create(role(name, "nx-users-all", "nx-userschangepw"))
    client.users.create(user(name, name), "a-password")
    limited = connect(name, "a-password")
    assert name in limited.users.all()
    with pytest.raises(ForbiddenError, match=r"nx-roles-\*, or the role nx-admin"):
        limited.roles.all()
    with pytest.raises(ForbiddenError, match=r"needs nexus:\*"):
        limited.users.change_password(name, "b-password")
    assert client.users.accepts(name, "a-password")


def test_a_passing_failure_is_not_noticed(simulator: NexusProcess, connect: Connect, name: str) -> None:
    for status in (429, 502, 503, 504):
        simulator.fail_next(status, 2)
        assert connect().roles.find(name) is None


def test_an_address_without_its_context_path_is_said(simulator: NexusProcess) -> None:
    elsewhere = simulator.url.removesuffix("/nexus") if simulator.context_path else f"{simulator.url}/nexus"
    client = Nexus(elsewhere, "admin", simulator.admin_password)
    with pytest.raises(UnexpectedAnswerError, match="context path"):
        client.roles.read("nx-admin")
    client.close()
