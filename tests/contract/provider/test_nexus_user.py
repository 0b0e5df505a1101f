from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.provider.life_cycle import Case, ObjectLifeCycle
from tests.support.provider.plugin import Engine, PluginError, RefusedInputsError, Secret, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers.nexus import NexusProcess

TOKEN = "ciaccess:nexus:User"
PASSWORD = "first-password-of-the-account"
OTHER = "another-password-of-the-account"


@pytest.fixture
def case(nexus: NexusProcess, nexus_engine: Engine, unique: str) -> Case:
    return Case(
        engine=nexus_engine,
        system=nexus,
        token=TOKEN,
        identity=unique,
        inputs={
            "user_id": unique,
            "first_name": "Executor",
            "last_name": "(managed by the-tests)",
            "email_address": "x@example.com",
            "roles": ["nx-anonymous"],
            "password": Secret(PASSWORD),
        },
        plant=lambda: plant(nexus, unique),
        differing={"first_name", "last_name", "email_address", "roles", "login"},
        is_there=lambda: user(nexus, unique) is not None,
        remove=lambda: nexus.rest("DELETE", f"/security/users/{unique}"),
        change={"first_name": "another"},
    )


def plant(nexus: NexusProcess, user_id: str) -> None:
    nexus.add_user(user_id, "nx-admin", password="somebody-s")


def user(nexus: NexusProcess, user_id: str) -> dict[str, Any] | None:
    found = nexus.rest("GET", f"/security/users?userId={user_id}&source=default")
    return next((each for each in found if each["userId"] == user_id), None)


def logs_in(nexus: NexusProcess, user_id: str, password: str) -> bool:
    return nexus.ask("GET", "/service/rest/v1/status", (user_id, password)).ok


def change(nexus: NexusProcess, user_id: str, **fields: Any) -> None:
    nexus.rest("PUT", f"/security/users/{user_id}", (user(nexus, user_id) or {}) | fields)


def set_password(nexus: NexusProcess, user_id: str, password: str) -> None:
    path = f"/service/rest/v1/security/users/{user_id}/change-password"
    assert nexus.ask("PUT", path, data=password, headers={"Content-Type": "text/plain"}).ok


class TestNexusUser(ObjectLifeCycle):
    """The life of a user, and its password."""

    def test_the_password_is_a_secret_and_lets_the_user_in(self, case: Case, nexus: NexusProcess) -> None:
        case.up()
        assert case.held.secrets == {"password"}
        assert case.held.outputs["login"] == "accepted"
        assert logs_in(nexus, case.identity, PASSWORD)

    def test_a_changed_password_is_found_as_a_refused_login_and_repaired(
        self, case: Case, nexus: NexusProcess
    ) -> None:
        case.up()
        set_password(nexus, case.identity, OTHER)
        assert case.refresh() == {"login"}
        assert case.held.outputs["password"] == PASSWORD, "the other one cannot be known"
        case.system.forget_requests()
        assert case.preview() == "update"
        assert case.writes() == {}
        assert case.up() == "update"
        assert logs_in(nexus, case.identity, PASSWORD)
        assert case.refresh() == set()

    def test_a_rotated_password_works_when_the_update_is_over(self, case: Case, nexus: NexusProcess) -> None:
        case.up()
        case.system.forget_requests()
        assert case.up(password=Secret(OTHER)) == "update"
        assert logs_in(nexus, case.identity, OTHER)
        assert not logs_in(nexus, case.identity, PASSWORD)
        assert [route for route in case.writes() if not route.endswith("change-password")] == []

    def test_a_password_that_is_not_made_yet_is_an_update_in_a_preview(self, case: Case) -> None:
        case.up()
        assert case.preview(password=Secret(Unknown())) == "update"

    def test_a_disabled_user_is_found_and_enabled(self, case: Case, nexus: NexusProcess) -> None:
        case.up()
        change(nexus, case.identity, status="disabled")
        assert case.refresh() == {"status", "login"}
        case.system.forget_requests()
        assert case.up() == "update"
        assert logs_in(nexus, case.identity, PASSWORD)
        assert not [route for route in case.writes() if route.endswith("change-password")], (
            "it was the right one"
        )

    @pytest.mark.parametrize(
        "roles", [["nx-anonymous", "nx-admin"], ["nx-admin"]], ids=["added", "exchanged"]
    )
    def test_other_roles_are_found_and_repaired(
        self, case: Case, nexus: NexusProcess, roles: list[str]
    ) -> None:
        case.up()
        change(nexus, case.identity, roles=roles)
        assert case.refresh() == {"roles"}
        assert case.up() == "update"
        assert (user(nexus, case.identity) or {})["roles"] == ["nx-anonymous"]

    def test_a_role_that_was_deleted_is_found_missing(self, case: Case, nexus: NexusProcess) -> None:
        nexus.add_role(f"role-{case.identity}", "nx-search-read")
        roles = ["nx-anonymous", f"role-{case.identity}"]
        case.up(roles=roles)
        nexus.rest("DELETE", f"/security/roles/role-{case.identity}")
        assert case.refresh() == {"roles"}
        with pytest.raises(PluginError, match=f"Nexus has no role 'role-{case.identity}'"):
            case.up(roles=roles)

    def test_an_unknown_role_is_refused_before_the_user_is_made(self, case: Case) -> None:
        with pytest.raises(
            PluginError, match=r"Nexus has no role 'nope-1', 'nope-2'\. Declare it under nexus\.roles"
        ):
            case.up(roles=["nx-anonymous", "nope-2", "nope-1"])
        assert not case.is_there()

    def test_a_user_without_roles_is_refused(self, case: Case) -> None:
        with pytest.raises(RefusedInputsError) as refused:
            case.up(roles=[])
        assert refused.value.reasons == {"roles": "[] is not allowed. Allowed: one or more names of roles"}

    def test_a_refused_password_is_never_shown(self, case: Case) -> None:
        with pytest.raises(RefusedInputsError) as refused:
            case.up(password=Secret("hunter22\nhunter23"))
        assert "hunter" not in str(refused.value)
        assert refused.value.reasons[""].startswith("password: the secret value is not allowed")

    def test_an_adopted_user_gets_the_declared_password(self, case: Case, nexus: NexusProcess) -> None:
        case.plant()
        case.up(adopt=True)
        assert logs_in(nexus, case.identity, PASSWORD)
        assert (user(nexus, case.identity) or {})["roles"] == ["nx-anonymous"]

    def test_an_equal_user_with_another_password_is_somebody_else_s(
        self, case: Case, nexus: NexusProcess
    ) -> None:
        case.up()
        del case.engine.state["thing"]
        set_password(nexus, case.identity, OTHER)
        case.engine.restart()
        with pytest.raises(PluginError, match="it exists already in Nexus"):
            case.up()

    def test_an_existing_user_is_refused_in_a_preview_that_does_not_know_the_password(
        self, case: Case
    ) -> None:
        case.plant()
        with pytest.raises(PluginError, match="it exists already in Nexus"):
            case.preview(password=Secret(Unknown()))

    def test_a_user_whose_id_begins_like_another_s_is_not_taken_for_it(
        self, case: Case, nexus: NexusProcess
    ) -> None:
        nexus.add_user(f"{case.identity}-b", "nx-admin", password="somebody-s")
        assert case.up() == "create"
        case.engine.destroy("thing")
        assert user(nexus, f"{case.identity}-b")

    def test_a_disabled_user_can_be_declared(self, case: Case, nexus: NexusProcess) -> None:
        case.up(status="disabled")
        assert not logs_in(nexus, case.identity, PASSWORD)
        assert case.refresh() == set(), "that it cannot log in is what was declared"
        assert case.up(status="disabled") == "same"
        assert case.up(status="disabled", password=Secret(OTHER)) == "update"
        assert case.up(password=Secret(OTHER)) == "update"
        assert logs_in(nexus, case.identity, OTHER)

    def test_a_rotation_of_a_user_that_somebody_removed_says_so(self, case: Case) -> None:
        case.up()
        case.remove()
        case.engine.restart()
        with pytest.raises(PluginError, match=r"it is no longer in Nexus\. Run `pulumi up --refresh`"):
            case.up(password=Secret(OTHER))

    def test_an_imported_user_has_no_password_until_the_next_up(
        self, case: Case, nexus: NexusProcess
    ) -> None:
        case.plant()
        held = case.engine.import_(TOKEN, "thing", case.identity)
        assert held.outputs["password"] == ""
        assert held.secrets == {"password"}
        case.up()
        assert logs_in(nexus, case.identity, PASSWORD)

    def test_an_import_that_names_a_variable_takes_the_password_that_lets_in(
        self, case: Case, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        case.plant()
        monkeypatch.setenv("TAKEN_OVER", "somebody-s")
        held = case.engine.import_(TOKEN, "thing", f"{case.identity}:env:TAKEN_OVER")
        assert held.id == case.identity
        assert (held.outputs["login"], held.outputs["password"]) == ("accepted", "somebody-s")
        assert held.secrets == {"password"}
        monkeypatch.delenv("TAKEN_OVER")
        assert case.engine.refresh("thing") == set()

    def test_an_import_with_a_password_that_does_not_let_in_is_refused(
        self, case: Case, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        case.plant()
        monkeypatch.setenv("TAKEN_OVER", "stale-password")
        with pytest.raises((PluginError, RefusedInputsError)) as refused:
            case.engine.import_(TOKEN, "thing", f"{case.identity}:env:TAKEN_OVER")
        assert "login" in str(refused.value)
        assert "stale-password" not in str(refused.value)

    @pytest.mark.parametrize("reference", ["stale-password", "env:NOT_SET_ANYWHERE"])
    def test_an_import_says_how_a_password_is_named(self, case: Case, reference: str) -> None:
        case.plant()
        with pytest.raises(PluginError, match="environment variable"):
            case.engine.import_(TOKEN, "thing", f"{case.identity}:{reference}")


def test_the_change_of_ones_own_password_is_refused_before_it_locks_the_plugin_out(
    nexus: NexusProcess, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    nexus.add_user(unique, "nx-admin", password=PASSWORD)
    monkeypatch.setenv("NEXUS_USERNAME", unique)
    monkeypatch.setenv("NEXUS_PASSWORD", PASSWORD)
    with Engine({"nexus_url": nexus.url}) as engine:
        engine.import_(TOKEN, "self", unique)
        with pytest.raises(PluginError, match="ciaccess logs in as this user"):
            engine.up(TOKEN, "self", **_declared(unique, OTHER))
    assert logs_in(nexus, unique, PASSWORD)


@pytest.fixture
def limited_engine(nexus: NexusProcess, unique: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """Return an engine whose plugin may do everything with users and roles, but has no nexus:*."""
    nexus.add_role(f"admin-{unique}", "nx-users-all", "nx-userschangepw", "nx-roles-all", "nx-privileges-all")
    name, password = nexus.add_user(f"admin-{unique}", f"admin-{unique}", password=f"secret-{unique}")
    monkeypatch.setenv("NEXUS_USERNAME", name)
    monkeypatch.setenv("NEXUS_PASSWORD", password)
    with Engine({"nexus_url": nexus.url}) as engine:
        yield engine


def test_a_password_change_without_the_right_says_which_right_it_takes(
    limited_engine: Engine, unique: str
) -> None:
    assert limited_engine.up(TOKEN, "u", **_declared(unique, PASSWORD)) == "create"
    with pytest.raises(
        PluginError, match=r"change the password of user .*needs nexus:\* \(the role nx-admin\)"
    ):
        limited_engine.up(TOKEN, "u", **_declared(unique, OTHER))
    assert limited_engine.state["u"].outputs["password"] == PASSWORD, "the next up tries again"


def _declared(user_id: str, password: str) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "first_name": user_id,
        "last_name": "-",
        "email_address": f"{user_id}@example.com",
        "roles": ["nx-anonymous"],
        "password": Secret(password),
    }
