"""What the pages on pipelines say is what the templates and rules are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from ciaccess.access import load
from ciaccess.consumers.jobs import load_jobs
from ciaccess.consumers.lint import lint
from ciaccess.consumers.templates import LIBRARY, SOURCES, TEMPLATES
from ciaccess.environment import ROOT
from tests.support.access.organisation import edited, organisation

if TYPE_CHECKING:
    from pathlib import Path

PIPELINES = (ROOT / "docs" / "pipelines.md").read_text(encoding="utf-8")
SECRETS = (ROOT / "docs" / "secrets-keyword.md").read_text(encoding="utf-8")
LINT = (ROOT / "docs" / "lint-ci.md").read_text(encoding="utf-8")
TROUBLESHOOTING = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
# $name, ${name…}, $(command) and jinja's [= name =] are where names go.
NAMES_GO = re.compile(r"\$\([^)]*\)|\$\{[^}]*\}|\$\w+|\[= .*? =\]")


def messages() -> list[str]:
    sources = [*sorted((SOURCES / "shell").glob("*.sh")), SOURCES / "shell" / "names.sh.j2"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    return [said for said in re.findall(r'nexus_fail "([^"]*)"', text) if NAMES_GO.sub("", said).strip()]


@pytest.mark.parametrize("message", messages())
def test_every_message_that_ends_a_job_is_in_troubleshooting(message: str) -> None:
    longest = max(NAMES_GO.split(message), key=len).strip(" ,:.")
    assert longest in TROUBLESHOOTING


def test_every_template_is_in_the_page_with_its_inputs() -> None:
    jobs = load_jobs(SOURCES / "jobs.yaml", organisation())
    assert {path.name for path in TEMPLATES.glob("*.yml")} == {f"{job.name}.yml" for job in jobs} | {LIBRARY}
    for job in jobs:
        row = next(
            line for line in PIPELINES.splitlines() if line.startswith("| ") and f"`{job.name}.yml`" in line
        )
        assert [each.name for each in job.inputs if f"`{each.name}`" not in row] == [], job.name


def test_hidden_jobs_and_variables_have_the_names_that_the_page_derives() -> None:
    library = YAML(typ="safe").load((TEMPLATES / LIBRARY).read_text(encoding="utf-8"))
    jobs = load_jobs(SOURCES / "jobs.yaml", organisation())
    derived = {f".nexus_{job.name.removeprefix('nexus-').replace('-', '_')}" for job in jobs}
    assert set(library) == derived | {".nexus_shell", ".nexus_job"}
    variables = {each.name: each.variable for job in jobs for each in job.inputs}
    others = {name: found for name, found in variables.items() if found != f"NEXUS_{name.upper()}"}
    assert len(others) == 3
    assert all(f"{variable} for `{name}`" in PIPELINES for name, variable in others.items())


def test_every_rule_is_in_the_page_on_lint_ci() -> None:
    lint = ROOT / "src" / "ciaccess" / "consumers" / "lint"
    source = "".join(path.read_text(encoding="utf-8") for path in lint.glob("*_rules.py"))
    rules = set(re.findall(r'(?:Finding|finding)\(\s*"([a-z-]+)"', source))
    assert len(rules) == 14
    assert {rule for rule in rules if f"| `{rule}` |" not in LINT} == set()


def test_the_example_of_the_secrets_keyword_is_clean_with_its_group_variables(tmp_path: Path) -> None:
    settings, job = re.findall(r"```yaml\n(.*?)```", SECRETS, re.DOTALL)
    added = YAML(typ="safe").load(settings)["gitlab"]["groups"]["orchestrator"]["variables"]
    line = "        VAULT_ADDR: ${vault.address}\n"
    variables = "".join(f"        {name}: {value}\n" for name, value in added.items())
    assert lint(job, load(edited(tmp_path, (line, line + variables)))) == []
    without = lint(job, organisation())
    assert {each.rule for each in without} == {"secrets", "role"}
    assert any("default role of the auth mount" in each.why for each in without)
