from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ciaccess.access import load
from ciaccess.analysis.diagram import mermaid
from ciaccess.analysis.facts import AccessFacts
from ciaccess.environment import ROOT
from tests.support.access.organisation import edited
from tests.support.cli.commands import ciaccess

if TYPE_CHECKING:
    from pathlib import Path

_LINE = re.compile(r'  n\d+(\(\[".*"\]\)|\{\{".*"\}\}|\[".*"\]|\[\(".*"\)\]| -->\|"[^"]*"\| n\d+)')


@pytest.fixture(scope="module")
def facts() -> AccessFacts:
    return AccessFacts.of(load(ROOT / "config" / "access.yaml", {}))


def edges(chart: str) -> set[tuple[str, str, str]]:
    """Return the arrows by the first lines of their nodes' labels."""
    labels = dict(re.findall(r'^  (n\d+)[([{]+"([^"]*?)(?:<br>[^"]*)?"', chart, re.MULTILINE))
    arrows = re.findall(r'^  (n\d+) -->\|"([^"]*)"\| (n\d+)$', chart, re.MULTILINE)
    return {(labels[start], label, labels[end]) for start, label, end in arrows}


def test_a_chart_leads_from_jobs_to_repositories(facts: AccessFacts) -> None:
    found = edges(mermaid(facts))
    assert {
        ("jobs of orchestrator/*", "logs in", "JWT role nexus-ci"),
        ("JWT role nexus-ci", "reads", "svc-bench"),
        ("svc-bench", "push", "rpm-dev"),
        ("svc-executor", "push /orchestrator/executor/", "raw-dev"),
        ("svc-deployer", "pull", "every repository"),
        ("svc-admin", "administers", "Nexus"),
    } <= found
    assert not any(end == "svc-admin" for _, _, end in found), "no job reads the administrator's secret"


def test_a_chart_of_one_account_shows_that_account_alone(facts: AccessFacts) -> None:
    assert edges(mermaid(facts.only("svc-bench"))) == {
        ("jobs of orchestrator/*", "logs in", "JWT role nexus-ci"),
        ("JWT role nexus-ci", "reads", "svc-bench"),
        ("svc-bench", "push", "rpm-dev"),
    }


def test_a_hostile_name_stays_inside_its_label(facts: AccessFacts) -> None:
    name = 'svc"] --> n0; `x` <b>#\n  n9["'
    account = replace(facts.accounts["svc-bench"], name=name, secret=name)
    chart = mermaid(replace(facts, accounts={name: account}))
    (node,) = [line for line in chart.splitlines()[1:] if line]
    assert re.fullmatch(r'  n0\(\["[^"`;]*(?:#\d+;[^"`;]*)*"\]\)', node), node


def test_every_line_is_a_node_or_an_arrow(facts: AccessFacts) -> None:
    first, *lines = mermaid(facts).splitlines()
    assert first == "flowchart LR"
    assert all(_LINE.fullmatch(line) for line in lines)
    assert len(lines) == len(set(lines))


def test_the_command_prints_the_chart_and_refuses_an_unknown_account(
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = ciaccess(capsys, "access", "--format", "mermaid", "--account", "svc-bench").succeeded()
    assert done.out.startswith("flowchart LR\n")
    refused = ciaccess(capsys, "access", "--format", "mermaid", "--account", "svc-benhc")
    assert refused.code == 1
    assert "svc-benhc" in refused.err
    assert "svc-bench" in refused.err


def test_the_command_notes_that_a_chart_is_too_large_to_be_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = "".join(
        f"  svc-more-{number}: {{purpose: x, push: [yum], pull: [docker]}}\n" for number in range(300)
    )
    path = edited(tmp_path, ("accounts:\n  # Applications", f"accounts:\n{more}  # Applications"))
    done = ciaccess(capsys, "access", "--format", "mermaid", "--file", str(path)).succeeded()
    assert done.out.startswith("flowchart LR\n")
    assert "Mermaid draws no chart of over 50,000 characters or 500 arrows" in done.err
    assert ciaccess(capsys, "access", "--format", "mermaid").succeeded().err == ""
