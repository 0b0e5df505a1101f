from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.unit.components.conftest import Recorded


def test_each_variable_is_a_child_of_its_groups_component(recorded: Recorded) -> None:
    recording = recorded()
    assert sorted(recording.children("orchestrator")) == [
        "orchestrator-variable-IMAGE",
        "orchestrator-variable-NEXUS_REGISTRY_PULL",
        "orchestrator-variable-NEXUS_REGISTRY_PUSH",
        "orchestrator-variable-VAULT_ADDR",
    ]
    assert recording.children("orchestrator/tools") == []


def test_vault_addr_is_seen_by_every_job(recorded: Recorded) -> None:
    assert recorded().resources["orchestrator-variable-VAULT_ADDR"].inputs == {
        "group": "9",
        "key": "VAULT_ADDR",
        "value": "https://vault.example.org",
        "environment_scope": "*",
        "protected": False,
        "masked": False,
        "raw": True,
        "variable_type": "env_var",
        "description": "Managed by ciaccess",
        "adopt": False,
    }


def test_a_variables_flags_reach_gitlab(recorded: Recorded) -> None:
    inputs = recorded().resources["orchestrator-variable-IMAGE"].inputs
    assert inputs["value"] == "nexus.example.org:8444/${CI_PROJECT_PATH}"
    assert inputs["raw"] is False


def test_a_variable_is_adopted_by_its_own_word(recorded: Recorded) -> None:
    recording = recorded(("          raw: false\n", "          raw: false\n          adopt: true\n"))
    assert recording.resources["orchestrator-variable-IMAGE"].inputs["adopt"] is True
    assert recording.resources["orchestrator-variable-VAULT_ADDR"].inputs["adopt"] is False
