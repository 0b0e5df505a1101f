from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from simulators.nexus.security import builtin

RECORDED = Path(__file__).parents[3] / "contract" / "simulators" / "nexus" / "cases.jsonl"
# The repositories there were when the list of privileges was recorded.
REPOSITORIES = {
    "maven2": ("maven-central", "maven-public", "maven-releases", "maven-snapshots", "mvn-h"),
    "raw": ("files", "FILES", "other", "grp"),
}


def recorded_privileges() -> dict[str, dict[str, Any]]:
    for line in RECORDED.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        if case["title"] == "list" and case["path"].endswith("/security/privileges"):
            return {each["name"]: each for each in case["json"]}
    raise LookupError("cases.jsonl has no list of privileges")


def test_the_privileges_of_a_new_instance_and_of_its_repositories_are_the_recorded_ones() -> None:
    made = [*builtin.of_application(builtin.CORE_FORMATS)]
    for format_, names in REPOSITORIES.items():
        for name in names:
            made += builtin.of_repository(format_, name)
    shown = {
        each["name"]: {key: each[key] for key in ("type", "name", "description", "readOnly")}
        | each["properties"]
        for each in made
    }
    recorded = recorded_privileges()
    left_by_a_refused_creation = {
        name for name in recorded if name.startswith("nx-repository-view-maven2-files-")
    }
    assert len(left_by_a_refused_creation) == 6
    assert set(recorded) - set(shown) == left_by_a_refused_creation
    for name, privilege in shown.items():
        assert privilege == recorded[name], name
