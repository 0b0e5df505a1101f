from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.provider.life_cycle import Case, ObjectLifeCycle
from tests.support.provider.plugin import PluginError, RefusedInputsError, Unknown

if TYPE_CHECKING:
    from tests.support.provider.plugin import Engine
    from tests.support.servers.nexus import NexusProcess

TOKEN = "ciaccess:nexus:Role"


@pytest.fixture
def case(nexus: NexusProcess, nexus_engine: Engine, unique: str) -> Case:
    body = {"id": unique, "name": "other", "description": "other", "privileges": ["nx-all"], "roles": []}
    return Case(
        engine=nexus_engine,
        system=nexus,
        token=TOKEN,
        identity=unique,
        inputs={
            "role_id": unique,
            "name": unique,
            "description": "CI (managed by the-tests)",
            "privileges": ["nx-search-read", "nx-repository-view-raw-files-read"],
            "roles": ["nx-anonymous"],
        },
        plant=lambda: nexus.rest("POST", "/security/roles", body),
        differing={"name", "description", "privileges", "roles"},
        is_there=lambda: nexus.ask("GET", f"/service/rest/v1/security/roles/{unique}").ok,
        remove=lambda: nexus.rest("DELETE", f"/security/roles/{unique}"),
        change={"description": "another (managed by the-tests)"},
    )


class TestNexusRole(ObjectLifeCycle):
    """The life of a role, and what is special in it."""

    def test_a_privilege_that_somebody_added_is_found_and_taken_away(
        self, case: Case, nexus: NexusProcess
    ) -> None:
        case.up()
        path = f"/security/roles/{case.identity}"
        role = nexus.rest("GET", path)
        nexus.rest("PUT", path, role | {"privileges": [*role["privileges"], "nx-all"]})
        assert case.refresh() == {"privileges"}
        assert case.up() == "update"
        assert "nx-all" not in nexus.rest("GET", path)["privileges"]

    def test_privileges_are_a_set(self, case: Case) -> None:
        case.up()
        assert case.up(privileges=list(reversed(case.inputs["privileges"]))) == "same"

    def test_an_unknown_privilege_is_refused_by_name(self, case: Case) -> None:
        with pytest.raises(
            PluginError, match=f"Privilege 'nope' contained in role '{case.identity}' not found"
        ):
            case.up(privileges=["nope"])
        assert not case.is_there()

    def test_an_unknown_role_is_refused_by_name(self, case: Case) -> None:
        case.up()
        with pytest.raises(PluginError, match="Role 'nope' contained in role"):
            case.up(roles=["nope"])

    def test_another_id_is_another_role_made_before_the_old_one_goes(
        self, case: Case, nexus: NexusProcess
    ) -> None:
        case.up()
        case.engine.restart()
        checked = case.engine.check(
            TOKEN, "thing", case.inputs | {"role_id": f"{case.identity}-b"}, case.held
        )
        found = case.engine.diff(case.held, checked)
        assert list(found.replaces) == ["role_id"]
        assert not found.deleteBeforeReplace
        assert case.up(role_id=f"{case.identity}-b") == "replace"
        assert not case.is_there()
        assert (
            nexus.rest("GET", f"/security/roles/{case.identity}-b")["description"]
            == "CI (managed by the-tests)"
        )

    def test_a_role_of_nexus_itself_is_not_adopted(self, case: Case) -> None:
        with pytest.raises(PluginError, match="built into Nexus and cannot be changed"):
            case.up(role_id="nx-anonymous", adopt=True)

    def test_privileges_that_are_not_made_yet_are_no_obstacle_to_a_preview(self, case: Case) -> None:
        assert case.preview(privileges=["nx-search-read", Unknown()]) == "create"

    def test_refused_inputs_are_all_named_with_what_is_allowed(self, case: Case) -> None:
        bad = {"role_id": "a/b", "name": 7, "privileges": "nx-all", "privilege": [], "roles": [""]}
        with pytest.raises(RefusedInputsError) as refused:
            case.up(**bad)
        reasons = refused.value.reasons
        assert set(reasons) == set(bad)
        assert reasons["role_id"].startswith('"a/b" is not allowed. Allowed: 1 to 200 characters')
        assert reasons["name"] == "7 is not allowed. Allowed: text"
        assert reasons["privileges"] == '"nx-all" is not allowed. Allowed: a list of names'
        assert "not a property of a role. Allowed: role_id, name" in reasons["privilege"]

    def test_missing_inputs_are_named(self, nexus_engine: Engine) -> None:
        with pytest.raises(RefusedInputsError) as refused:
            nexus_engine.up(TOKEN, "r")
        assert set(refused.value.reasons) == {"role_id", "name"}
        assert refused.value.reasons["name"].startswith("is missing. Allowed: ")

    def test_many_reads_ask_for_one_list(self, case: Case, nexus: NexusProcess) -> None:
        for number in range(5):
            case.up(f"r{number}", role_id=f"{case.identity}-{number}")
        case.engine.restart()
        nexus.forget_requests()
        for number in range(5):
            assert case.engine.refresh(f"r{number}") == set()
        assert case.asked() == {"GET /service/rest/v1/security/roles": 1}
