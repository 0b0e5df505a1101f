"""ciaccess's own pipeline says the same names as access.yaml, and gives credentials to no job by another way."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from ciaccess.access import load
from ciaccess.access.desired import pipeline_identities
from ciaccess.access.desired.images import images
from ciaccess.environment import ROOT

FOLDER = ROOT / "ci" / "pipeline"
JOBS = {
    "preview": pipeline_identities.PREVIEW,
    "up": pipeline_identities.APPLY,
    "drift": pipeline_identities.DRIFT,
}


def read(name: str) -> dict[str, Any]:
    """Return a file's jobs, with the inputs of .gitlab-ci.yml filled in as GitLab does."""
    text = (FOLDER / f"{name}.yml").read_text(encoding="utf-8")
    for key, value in inputs(name).items():
        text = text.replace(f"$[[ inputs.{key} ]]", value)
    assert "inputs." not in text.rpartition("\n---\n")[2], "each input has a value"
    *_, jobs = YAML(typ="safe").load_all(text)
    return dict(jobs)


def inputs(name: str) -> dict[str, str]:
    """Return what .gitlab-ci.yml gives to a file."""
    pipeline = YAML(typ="safe").load(ROOT / ".gitlab-ci.yml")
    (include,) = [each for each in pipeline["include"] if each["local"] == f"/ci/pipeline/{name}.yml"]
    return dict(include.get("inputs", {}))


def test_every_file_is_included_and_its_job_has_a_stage() -> None:
    pipeline = YAML(typ="safe").load(ROOT / ".gitlab-ci.yml")
    included = [each["local"] for each in pipeline["include"]]
    assert sorted(included) == sorted(f"/ci/pipeline/{path.name}" for path in FOLDER.glob("*.yml"))
    assert pipeline["stages"] == ["check", *JOBS]


def test_audience_and_image_are_those_of_access_yaml() -> None:
    access = load(ROOT / "config" / "access.yaml")
    pipeline = access.pipeline
    assert pipeline is not None
    assert inputs("jobs")["image"] == images(access)["ciaccess"]
    assert read("jobs")[".ciaccess_identity"]["id_tokens"] == {"VAULT_ID_TOKEN": {"aud": pipeline.audience}}


@pytest.mark.parametrize("job", JOBS)
def test_a_job_runs_as_its_own_identity_alone(job: str) -> None:
    declared = read(job)[job]
    assert declared["extends"][-1] == ".ciaccess_identity"
    asked = re.findall(r'run-as --stack "prod" (?:--branch-tip )?(\S+) --', "\n".join(declared["script"]))
    assert [f"ciaccess-{name}" for name in asked] == [JOBS[job]]


def test_the_check_has_no_identity() -> None:
    assert read("check")["check"]["extends"] == ".ciaccess_cached"
    assert "id_tokens" not in read("jobs")[".ciaccess"]


def test_no_variable_chooses_what_is_applied_and_no_cache_reaches_it() -> None:
    """A pipeline variable of the same name would win over one that a file sets; an input it cannot change."""
    jobs = read("jobs")
    up = read("up")["up"]
    assert up["extends"] == [".ciaccess", ".ciaccess_identity"]
    assert not {"cache", "variables", "before_script"} & up.keys()
    assert jobs[".ciaccess"] == {"image": inputs("jobs")["image"]}
    assert not [text for text in (jobs[".ciaccess"]["image"], *up["script"]) if "$" in text]
    (rule,) = up["rules"]
    assert rule["if"].startswith('$CI_PIPELINE_SOURCE == "push" &&')
    assert "--branch-tip" in up["script"][0]


def test_what_is_installed_does_not_see_the_id_token() -> None:
    assert read("jobs")[".ciaccess_identity"]["before_script"] == ["env -u VAULT_ID_TOKEN make setup-runtime"]
    for job in JOBS:
        assert "before_script" not in read(job)[job]


def test_what_applies_and_what_compares_never_run_at_once() -> None:
    groups = {read(job)[job]["resource_group"] for job in ("up", "drift")}
    assert groups == {"ciaccess-prod"}
    assert read("up")["up"]["interruptible"] is False
