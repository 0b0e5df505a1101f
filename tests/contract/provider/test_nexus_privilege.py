from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.provider.life_cycle import Case, ObjectLifeCycle
from tests.support.provider.plugin import PluginError, RefusedInputsError, Unknown

if TYPE_CHECKING:
    from tests.support.provider.plugin import Engine
    from tests.support.servers.nexus import NexusProcess

TOKEN = "ciaccess:nexus:Privilege"
SELECTOR, VIEW, WILDCARD = "repository-content-selector", "repository-view", "wildcard"
FIELDS: dict[str, dict[str, Any]] = {
    SELECTOR: {
        "format": "raw",
        "repository": "files",
        "content_selector": "all-raw",
        "actions": ["browse", "read"],
    },
    VIEW: {"format": "raw", "repository": "files", "actions": ["read", "edit"]},
    WILDCARD: {"pattern": "nexus:search:read"},
}
PLANTED: dict[str, dict[str, Any]] = {
    SELECTOR: {"format": "*", "repository": "*", "contentSelector": "all-raw", "actions": ["ALL"]},
    VIEW: {"format": "*", "repository": "*", "actions": ["ALL"]},
    WILDCARD: {"pattern": "nexus:*"},
}
DIFFERING = {
    SELECTOR: {"description", "format", "repository", "actions"},
    VIEW: {"description", "format", "repository", "actions"},
    WILDCARD: {"description", "pattern"},
}


@pytest.fixture(scope="module", autouse=True)
def _selector(nexus: NexusProcess) -> None:
    body = {"name": "all-raw", "description": "", "expression": 'format == "raw"'}
    nexus.rest("POST", "/security/content-selectors", body)


@pytest.fixture(params=list(FIELDS))
def case(nexus: NexusProcess, nexus_engine: Engine, unique: str, request: pytest.FixtureRequest) -> Case:
    type_ = request.param
    body = {"name": unique, "description": "other"} | PLANTED[type_]
    return Case(
        engine=nexus_engine,
        system=nexus,
        token=TOKEN,
        identity=unique,
        inputs={"type": type_, "name": unique, "description": "CI (managed by the-tests)"} | FIELDS[type_],
        plant=lambda: nexus.rest("POST", f"/security/privileges/{type_}", body),
        differing=DIFFERING[type_],
        is_there=lambda: nexus.ask("GET", f"/service/rest/v1/security/privileges/{unique}").ok,
        remove=lambda: nexus.rest("DELETE", f"/security/privileges/{unique}"),
        change={"description": "another (managed by the-tests)"},
    )


class TestNexusPrivilege(ObjectLifeCycle):
    """The life of a privilege of each type."""

    def test_the_fields_of_its_type_are_demanded_and_those_of_others_refused(self, case: Case) -> None:
        type_ = case.inputs["type"]
        wrong = dict.fromkeys(FIELDS[type_]) | (
            {"actions": ["read"]} if type_ == WILDCARD else {"pattern": "nexus:*"}
        )
        with pytest.raises(RefusedInputsError) as refused:
            case.up(**wrong)
        reasons = refused.value.reasons
        assert set(reasons) == set(wrong)
        assert all(f"a {type_} privilege " in reason for reason in reasons.values())


def test_a_type_that_is_not_written_here_is_refused_with_those_that_are(
    nexus_engine: Engine, unique: str
) -> None:
    with pytest.raises(RefusedInputsError) as refused:
        nexus_engine.up(TOKEN, "p", type="script", name=unique)
    assert refused.value.reasons == {
        "type": '"script" is not allowed. Allowed: wildcard, repository-view, repository-content-selector'
    }


@pytest.mark.parametrize("pattern", ["::", "nexus::read", "nexus:a,:read", ":", " "])
def test_a_pattern_that_would_break_the_list_of_privileges_is_refused(
    nexus_engine: Engine, unique: str, pattern: str
) -> None:
    with pytest.raises(RefusedInputsError) as refused:
        nexus_engine.up(TOKEN, "p", type=WILDCARD, name=unique, pattern=pattern)
    assert set(refused.value.reasons) == {"pattern"}


def test_unknown_actions_are_refused_with_those_that_are_known(nexus_engine: Engine, unique: str) -> None:
    fields = FIELDS[VIEW] | {"actions": ["read", "fly"]}
    with pytest.raises(RefusedInputsError) as refused:
        nexus_engine.up(TOKEN, "p", type=VIEW, name=unique, **fields)
    assert "browse, read, edit, add, delete, all" in refused.value.reasons["actions"]


def test_a_selector_that_is_not_made_yet_is_no_obstacle_to_a_preview(
    nexus_engine: Engine, unique: str
) -> None:
    fields = FIELDS[SELECTOR] | {"content_selector": Unknown()}
    assert nexus_engine.preview(TOKEN, "p", type=SELECTOR, name=unique, **fields) == "create"


def test_an_unknown_repository_is_refused_in_nexus_s_words(nexus_engine: Engine, unique: str) -> None:
    with pytest.raises(PluginError, match="Invalid repository 'nope' supplied"):
        nexus_engine.up(TOKEN, "p", type=VIEW, name=unique, format="raw", repository="nope", actions=["read"])


def test_another_type_replaces_the_privilege_and_the_roles_that_had_it_keep_it(
    nexus: NexusProcess, nexus_engine: Engine, unique: str
) -> None:
    nexus_engine.up(TOKEN, "p", type=WILDCARD, name=unique, **FIELDS[WILDCARD])
    nexus.add_role(f"role-{unique}", unique, "nx-search-read")
    nexus_engine.restart()
    other = {"type": VIEW, "name": unique} | FIELDS[VIEW]
    checked = nexus_engine.check(TOKEN, "p", other)
    found = nexus_engine.diff(nexus_engine.state["p"], checked)
    assert list(found.replaces) == ["type"]
    assert found.deleteBeforeReplace, "the new one has the old one's name"
    nexus.forget_requests()
    assert nexus_engine.preview(TOKEN, "p", **other) == "replace"
    assert not [route for route in nexus.requests() if route.startswith(("POST", "PUT", "DELETE"))]
    assert nexus_engine.up(TOKEN, "p", **other) == "replace"
    assert nexus.rest("GET", f"/security/privileges/{unique}")["type"] == VIEW
    assert set(nexus.rest("GET", f"/security/roles/role-{unique}")["privileges"]) == {
        unique,
        "nx-search-read",
    }


def test_one_of_nexus_s_own_is_not_adopted(nexus_engine: Engine) -> None:
    fields = {"type": WILDCARD, "name": "nx-all", "pattern": "nexus:search:*", "adopt": True}
    with pytest.raises(PluginError, match="built into Nexus and cannot be changed"):
        nexus_engine.up(TOKEN, "p", **fields)
