"""ciaccess's own pipeline says the same names as access.yaml, and gives credentials to no job by another way."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from ciaccess.access import load
from ciaccess.access.desired import pipeline_identities
from ciaccess.environment import ROOT

FOLDER = ROOT / "ci" / "pipeline"
JOBS = {
    "preview": pipeline_identities.PREVIEW,
    "up": pipeline_identities.APPLY,
    "drift": pipeline_identities.DRIFT,
}


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(FOLDER / f"{name}.yml")
    return found


def test_every_file_is_included_and_its_job_has_a_stage() -> None:
    pipeline = YAML(typ="safe").load(ROOT / ".gitlab-ci.yml")
    included = [each["local"] for each in pipeline["include"]]
    assert sorted(included) == sorted(f"/ci/pipeline/{path.name}" for path in FOLDER.glob("*.yml"))
    assert pipeline["stages"] == ["check", *JOBS]


def test_the_audience_is_that_of_access_yaml() -> None:
    pipeline = load(ROOT / "config" / "access.yaml").pipeline
    assert pipeline is not None
    assert read("jobs")[".ciaccess_identity"]["id_tokens"] == {"VAULT_ID_TOKEN": {"aud": pipeline.audience}}


@pytest.mark.parametrize("job", JOBS)
def test_a_job_runs_as_its_own_identity_alone(job: str) -> None:
    declared = read(job)[job]
    assert declared["extends"] == ".ciaccess_identity"
    asked = re.findall(r'run-as --stack "\$STACK" (\S+) --', "\n".join(declared["script"]))
    assert [f"ciaccess-{name}" for name in asked] == [JOBS[job]]


def test_the_check_has_no_identity() -> None:
    assert read("check")["check"]["extends"] == ".ciaccess"
    assert "id_tokens" not in read("jobs")[".ciaccess"]


def test_what_applies_and_what_compares_never_run_at_once() -> None:
    groups = {read(job)[job]["resource_group"] for job in ("up", "drift")}
    assert groups == {"ciaccess-$STACK"}
    assert read("up")["up"]["interruptible"] is False
