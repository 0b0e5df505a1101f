from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.unit.components.conftest import Recorded


def test_roles_selectors_and_privileges_are_children_of_the_one_component(recorded: Recorded) -> None:
    assert sorted(recorded().children("nexus")) == [
        "nexus-privilege-ci-svc-tool-raw-dev",
        "nexus-privilege-ci-svc-tool-rpm-dev",
        "nexus-role-ci-svc-app",
        "nexus-role-ci-svc-promoter",
        "nexus-role-ci-svc-tool",
        "nexus-role-nx-pull-all",
        "nexus-role-nx-search",
        "nexus-selector-ci-svc-tool-raw",
        "nexus-selector-ci-svc-tool-yum",
    ]


def test_a_path_is_made_before_what_refers_to_it(recorded: Recorded) -> None:
    recording = recorded()
    privilege = recording.resources["nexus-privilege-ci-svc-tool-rpm-dev"]
    assert privilege.depends_on == {"nexus-selector-ci-svc-tool-yum"}
    role = recording.resources["nexus-role-ci-svc-tool"]
    assert role.depends_on == {"nexus-privilege-ci-svc-tool-rpm-dev", "nexus-privilege-ci-svc-tool-raw-dev"}


def test_a_privilege_has_the_fields_that_nexus_wants(recorded: Recorded) -> None:
    assert recorded().resources["nexus-privilege-ci-svc-tool-rpm-dev"].inputs == {
        "type": "repository-content-selector",
        "name": "ci-svc-tool-rpm-dev",
        "description": "rpm-dev under /orchestrator/tool/",
        "format": "yum",
        "repository": "rpm-dev",
        "content_selector": "ci-svc-tool-yum",
        "actions": ["browse", "read", "edit", "add"],
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
    assert adopted.resources["svc-app-user"].inputs["adopt"] is False


def test_the_component_says_which_roles_it_made(recorded: Recorded) -> None:
    assert recorded().outputs["nexus"]["roles"] == [
        "ci-svc-app",
        "ci-svc-promoter",
        "ci-svc-tool",
        "nx-pull-all",
        "nx-search",
    ]
