"""The catalogue of bad documents: each a small edit of good.yaml, with exactly what is said of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ciaccess.access.reading import document
from ciaccess.consumers.names import role_of
from tests.support.access.access import GOOD, ORGANISATION, checked, edited, valid

FOLDER = Path(__file__).parent / "catalogue"
DAY = date(2026, 11, 25)


def entries() -> list[Any]:
    return [
        pytest.param(entry, id=f"{file.stem}: {entry['title']}")
        for file in sorted(FOLDER.glob("*.yaml"))
        for entry in document.read(file).data
    ]


@pytest.fixture(autouse=True)
def _in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("entry", entries())
def test_a_bad_document_is_told_exactly(entry: dict[str, Any], tmp_path: Path) -> None:
    found = checked(tmp_path, edited(*entry["edits"]), on=DAY)
    assert [str(fault) for fault in found.faults] == entry["says"]
    only_warnings = all(": warning: " in line for line in entry["says"])
    assert (found.access is not None) == only_warnings, "a warning alone leaves the document valid"


@pytest.mark.parametrize("entry", entries())
def test_a_bad_document_keeps_its_credentials_to_itself(entry: dict[str, Any], tmp_path: Path) -> None:
    found = checked(tmp_path, edited(*entry["edits"]), on=DAY)
    assert "hunter2" not in str([fault.to_json() for fault in found.faults])


def test_the_catalogue_has_more_than_enough_and_no_title_twice() -> None:
    titles = [entry.id for entry in entries()]
    assert len(titles) >= 60
    assert len(set(titles)) == len(titles)


def test_the_good_document_is_said_nothing_of(tmp_path: Path) -> None:
    assert checked(tmp_path, GOOD).faults == ()


def test_the_organisations_document_is_valid_with_the_warnings_it_deserves(tmp_path: Path) -> None:
    found = checked(tmp_path, ORGANISATION.read_text(encoding="utf-8"))
    assert found.access is not None
    promoter, project = found.faults
    assert str(project) == (
        "access.yaml:117:12: warning: pipeline.project: a job of any of its branches may log in with the JWT role nexus-ci too, "
        "and read the secrets of its accounts. Allowed: a project that no role of vault.roles admits. Move it to a group of its "
        "own; until then, a push of a branch is enough to read these passwords."
    )
    assert str(promoter) == (
        "access.yaml:29:11: warning: vault.roles.nexus-ci.accounts[5]: svc-promoter writes to uat or prod by promote, and a "
        'job of any branch may read its secret by this role. Allowed: a role bound to ref_protected: "true" or '
        'environment_protected: "true". Give it a role of its own with ref_protected: "true".'
    )


def test_the_commented_role_makes_a_promoter_s_move_possible_without_a_fault(tmp_path: Path) -> None:
    """The steps of docs/runbook-accounts.md: both roles, then the templates by the new one, then the new one alone."""
    text = ORGANISATION.read_text(encoding="utf-8")
    begin = text.index("    # nexus-promote:\n")
    block, end, rest = text[begin:].partition("accounts: [svc-promoter]\n")
    text = text[:begin] + (block + end).replace("    # ", "    ") + rest
    named = (
        "    purpose: Artifact promotion",
        "    jwt_role: nexus-promote\n    purpose: Artifact promotion",
    )
    both = edited(named, text=text)
    assert [fault.severity for fault in checked(tmp_path, both).faults] == ["warning", "warning"]
    access = valid(tmp_path, both)
    assert role_of(access, "svc-promoter") == "nexus-promote"
    alone = edited(
        ("        - svc-promoter\n", ""),
        ("version: 1\n", "version: 1\nstrict: true\n"),
        ("project: orchestrator/ciaccess", "project: platform/ciaccess"),
        text=text,
    )
    assert checked(tmp_path, alone).faults == ()
    assert role_of(valid(tmp_path, alone), "svc-promoter") == "nexus-promote"
