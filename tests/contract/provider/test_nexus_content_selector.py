from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.provider.life_cycle import Case, ObjectLifeCycle
from tests.support.provider.plugin import PluginError, RefusedInputsError

if TYPE_CHECKING:
    from tests.support.provider.plugin import Engine
    from tests.support.servers.nexus import NexusProcess

TOKEN = "ciaccess:nexus:ContentSelector"
PATH = "/security/content-selectors"
EXPRESSION = 'format == "raw" and path =^ "/orchestrator/executor/"'


@pytest.fixture
def case(nexus: NexusProcess, nexus_engine: Engine, unique: str) -> Case:
    body = {"name": unique, "description": "other", "expression": 'format == "raw"'}
    return Case(
        engine=nexus_engine,
        system=nexus,
        token=TOKEN,
        identity=unique,
        inputs={"name": unique, "description": "CI (managed by the-tests)", "expression": EXPRESSION},
        plant=lambda: nexus.rest("POST", PATH, body),
        differing={"description", "expression"},
        is_there=lambda: nexus.ask("GET", f"/service/rest/v1{PATH}/{unique}").ok,
        remove=lambda: nexus.rest("DELETE", f"{PATH}/{unique}"),
        change={"description": "another (managed by the-tests)"},
    )


class TestNexusContentSelector(ObjectLifeCycle):
    """The life of a content selector, and its expression."""

    def test_a_changed_expression_is_found_and_repaired(self, case: Case, nexus: NexusProcess) -> None:
        case.up()
        wider = {"description": "CI (managed by the-tests)", "expression": 'format == "raw"'}
        nexus.rest("PUT", f"{PATH}/{case.identity}", wider)
        assert case.refresh() == {"expression"}
        assert case.up() == "update"
        assert nexus.rest("GET", f"{PATH}/{case.identity}")["expression"] == EXPRESSION

    def test_an_expression_that_nexus_cannot_read_is_refused_in_its_words(self, case: Case) -> None:
        with pytest.raises(
            PluginError, match=r"create content selector .*Invalid CSEL.* Correct the expression\.$"
        ):
            case.up(expression="nope (")

    def test_a_selector_in_use_is_not_deleted_and_the_error_says_why(
        self, case: Case, nexus: NexusProcess
    ) -> None:
        case.up()
        body: dict[str, Any] = {
            "name": f"p-{case.identity}",
            "description": "",
            "format": "raw",
            "repository": "files",
        }
        body |= {"contentSelector": case.identity, "actions": ["READ"]}
        nexus.rest("POST", "/security/privileges/repository-content-selector", body)
        with pytest.raises(PluginError, match="is in use and cannot be deleted"):
            case.engine.destroy("thing")

    def test_a_name_that_nexus_refuses_is_refused_before(self, case: Case) -> None:
        with pytest.raises(RefusedInputsError) as refused:
            case.up(expression=" ")
        assert set(refused.value.reasons) == {"expression"}
        with pytest.raises(RefusedInputsError) as refused:
            case.up(name="_a b")
        assert set(refused.value.reasons) == {"name"}
