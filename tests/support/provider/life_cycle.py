"""What holds for every kind whose objects lie in a system: a test class that each kind's own file subclasses.

The subclass has a fixture `case`, which says how the object is declared, and what somebody else does to it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.struct_pb2 import Struct  # type: ignore[import-untyped] # it comes without stubs

from tests.support.provider.plugin import PluginError, Resource

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.provider.plugin import Engine
    from tests.support.servers.gitlab import GitlabProcess
    from tests.support.servers.nexus import NexusProcess

_NAME = "thing"


@dataclass
class Case:
    """An object of a kind. `plant` is somebody else making one of its id that differs in `differing`; `change` is an update."""

    engine: Engine
    system: NexusProcess | GitlabProcess
    token: str
    identity: str
    inputs: dict[str, Any]
    plant: Callable[[], None]
    differing: set[str]
    is_there: Callable[[], bool]
    remove: Callable[[], None]
    change: dict[str, Any]

    def up(self, name: str = _NAME, /, **changes: Any) -> str:
        """Run `up` for the object, with other inputs in `changes`."""
        return self.engine.up(self.token, name, **(self.inputs | changes))

    def preview(self, **changes: Any) -> str:
        """Run `preview` for the object."""
        return self.engine.preview(self.token, _NAME, **(self.inputs | changes))

    def refresh(self) -> set[str]:
        """Run `refresh` in another process, as a command of its own does."""
        self.engine.restart()
        return self.engine.refresh(_NAME)

    @property
    def held(self) -> Resource:
        """Return the resource in the state."""
        return self.engine.state[_NAME]

    def asked(self) -> dict[str, int]:
        """Return the requests to the system's API since the last `forget_requests`."""
        return {route: count for route, count in self.system.requests().items() if "/simulator/" not in route}

    def writes(self) -> dict[str, int]:
        """Return those of them that write."""
        return {route: count for route, count in self.asked().items() if not route.startswith("GET ")}


class ObjectLifeCycle:
    """The tests. None of them knows a kind."""

    def test_create_makes_the_object_and_a_second_up_changes_nothing(self, case: Case) -> None:
        assert case.up() == "create"
        assert case.is_there()
        assert case.held.id == case.identity
        case.system.forget_requests()
        case.engine.restart()
        assert case.up() == "same"
        assert case.asked() == {}, "a diff asks no system anything"

    def test_a_refresh_finds_nothing_where_nothing_happened(self, case: Case) -> None:
        case.up()
        before = (case.held.inputs, case.held.outputs, case.held.secrets)
        assert case.refresh() == set()
        assert (case.held.inputs, case.held.outputs, case.held.secrets) == before
        assert case.up() == "same"

    def test_a_preview_writes_nothing(self, case: Case) -> None:
        case.system.forget_requests()
        assert case.preview() == "create"
        assert case.writes() == {}
        assert not case.is_there()

    def test_an_object_that_somebody_removed_is_found_and_made_again(self, case: Case) -> None:
        case.up()
        case.remove()
        assert case.refresh() == {"gone"}
        assert case.up() == "create"
        assert case.is_there()

    def test_an_update_of_an_object_that_somebody_removed_says_so(self, case: Case) -> None:
        case.up()
        case.remove()
        case.engine.restart()
        with pytest.raises(PluginError, match=r"it is no longer in .*pulumi up --refresh"):
            case.up(**case.change)

    def test_an_import_works_from_the_id_alone(self, case: Case) -> None:
        case.plant()
        held = case.engine.import_(case.token, _NAME, case.identity)
        assert held.id == case.identity
        assert case.up() == "update"
        assert case.refresh() == set(), "after one up the imported object is as declared"

    def test_an_import_of_what_is_not_there_is_an_error(self, case: Case) -> None:
        with pytest.raises(PluginError, match=r"not found\. Check the id"):
            case.engine.import_(case.token, _NAME, case.identity)

    def test_an_existing_object_is_never_taken_over_in_silence(self, case: Case) -> None:
        case.plant()
        case.system.forget_requests()
        for attempt in (case.preview, case.up):
            with pytest.raises(PluginError) as refused:
                attempt()
            assert "it exists already" in str(refused.value)
            assert "adopt: true" in str(refused.value)
            assert f"pulumi import {case.token} {_NAME} '{case.identity}'" in str(refused.value)
        assert case.writes() == {}
        assert _NAME not in case.engine.state

    def test_an_existing_object_is_adopted_and_brought_in_line_when_told(self, case: Case) -> None:
        case.plant()
        case.system.forget_requests()
        assert case.preview(adopt=True) == "create"
        assert case.writes() == {}
        assert case.up(adopt=True) == "create"
        assert case.refresh() == set()
        assert case.up(adopt=True) == "same"

    def test_adopt_itself_is_no_difference(self, case: Case) -> None:
        case.up()
        assert case.up(adopt=True) == "same"
        assert case.refresh() == set()
        assert case.held.inputs["adopt"] is True

    def test_what_somebody_else_did_is_found_by_name_and_repaired(self, case: Case) -> None:
        case.up()
        case.remove()
        case.plant()
        assert case.refresh() == case.differing
        assert case.preview() == "update"
        assert case.up() == "update"
        assert case.refresh() == set()

    def test_an_object_of_ours_whose_state_was_lost_does_not_block_the_next_up(self, case: Case) -> None:
        case.up()
        del case.engine.state[_NAME]
        case.engine.restart()
        case.system.forget_requests()
        assert case.up() == "create"
        assert case.writes() == {}, "it is as declared already"

    def test_a_resource_renamed_without_an_alias_keeps_its_object(self, case: Case) -> None:
        case.up()
        case.engine.restart()
        case.up("renamed")
        case.engine.forget(_NAME)
        assert case.is_there(), "the object is the new resource's by then"

    def test_a_renaming_that_is_taken_back_keeps_the_object_as_well(self, case: Case) -> None:
        case.up()
        case.up("renamed")
        case.engine.restart()
        assert case.up() == "same"
        case.engine.forget("renamed")
        assert case.is_there()

    def test_a_resource_that_the_engine_replaces_by_itself_keeps_its_object(self, case: Case) -> None:
        case.up()
        case.engine.restart()
        checked = case.engine.check(case.token, _NAME, case.inputs | case.change, case.held)
        case.engine.diff(case.held, checked)
        made = case.engine.create(case.token, _NAME, checked)  # `up --replace` makes before it deletes
        case.engine.forget(_NAME)
        case.engine.state[_NAME] = made
        assert case.is_there()
        assert case.refresh() == set()

    def test_destroy_removes_the_object_and_one_that_is_gone_is_no_error(self, case: Case) -> None:
        case.up()
        held = case.held
        case.engine.destroy(_NAME)
        assert not case.is_there()
        case.engine.state[_NAME] = held
        case.engine.restart()
        case.engine.destroy(_NAME)

    def test_an_object_without_our_marker_is_not_deleted(self, case: Case) -> None:
        case.plant()
        case.engine.import_(case.token, _NAME, case.identity)
        case.engine.restart()
        case.system.forget_requests()
        with pytest.raises(PluginError, match=r"without an owner.*Nothing was deleted.*pulumi state delete"):
            case.engine.destroy(_NAME)
        assert case.writes() == {}
        assert case.is_there()

    def test_an_object_of_another_owner_is_neither_adopted_nor_deleted(self, case: Case) -> None:
        case.up()
        held = case.held
        del case.engine.state[_NAME]
        case.engine.restart()
        case.system.forget_requests()
        field = next(name for name, value in case.inputs.items() if "managed by the-tests" in str(value))
        declared = {field: "CI (managed by another-team)", "adopt": True}
        for attempt in (case.preview, case.up):
            with pytest.raises(PluginError, match=r"managed by the-tests, and this is another-team"):
                attempt(**declared)
        forged = Struct()
        forged.update(held.outputs | {field: declared[field]})
        case.engine.state[_NAME] = replace(held, raw_outputs=forged)
        case.engine.owner = "another-team"
        with pytest.raises(PluginError, match=r"managed by the-tests.*Nothing was deleted"):
            case.engine.destroy(_NAME)
        case.engine.state[_NAME] = held  # The forger writes the object's true owner.
        with pytest.raises(PluginError, match=r"managed by the-tests.*Nothing was deleted"):
            case.engine.destroy(_NAME)
        assert case.writes() == {}
