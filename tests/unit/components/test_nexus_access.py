from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.unit.components.conftest import Recorded


def test_the_roles_that_the_yaml_names_are_children_of_the_one_component(recorded: Recorded) -> None:
    assert sorted(recorded().children("nexus")) == ["nexus-role-nx-pull-all", "nexus-role-nx-search"]


def test_a_role_says_what_the_yaml_says_and_whose_it_is(recorded: Recorded) -> None:
    assert recorded().resources["nexus-role-nx-search"].inputs == {
        "role_id": "nx-search",
        "name": "nx-search",
        "description": "Search (managed by ciaccess)",
        "privileges": ["nx-search-read"],
        "roles": ["nx-anonymous"],
        "adopt": False,
    }


def test_a_role_that_contains_another_of_ours_waits_for_it(recorded: Recorded) -> None:
    recording = recorded(("      pull: all\n", "      pull: all\n      roles: [nx-search]\n"))
    outer = recording.resources["nexus-role-nx-pull-all"]
    assert outer.inputs["roles"] == ["nx-search"]
    assert outer.depends_on == {"nexus-role-nx-search"}
    inner = recording.resources["nexus-role-nx-search"]
    assert inner.inputs["roles"] == ["nx-anonymous"]
    assert inner.depends_on == frozenset(), "a role of Nexus's own is there already"


def test_nexuss_objects_are_adopted_by_nexuss_word(recorded: Recorded) -> None:
    adopted = recorded(("  url: https://nexus", "  adopt: true\n  url: https://nexus"))
    ours = [adopted.resources[name] for name in adopted.children("nexus")]
    assert all(resource.inputs["adopt"] is True for resource in ours)
    assert adopted.resources["svc-app"].inputs["adopt"] is False


def test_the_component_says_which_roles_it_made(recorded: Recorded) -> None:
    assert recorded().outputs["nexus"]["roles"] == ["nx-pull-all", "nx-search"]
