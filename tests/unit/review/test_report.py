"""Whether the YAML's change and the engine's plan agree, and what is said where they do not."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from ciaccess.access.desired.former_names import former_names
from ciaccess.analysis.facts import AccessFacts
from ciaccess.review.report import Base, report_of
from tests.support.access.access import GOOD, ORGANISATION, edited, valid
from tests.support.engine.events import Engine, read

if TYPE_CHECKING:
    from pathlib import Path

    from ciaccess.review.report import Report

ADMIN = ("    roles: [nx-pull-all, nx-search]", "    roles: [nx-admin]")
LAST, AFTER = date(2026, 12, 24), date(2026, 12, 25)
FORMERLY = "    formerly: {svc-tool: {until: 2026-12-24, rotation: 1}}\n"
RENAMED = edited(
    ("svc-app, svc-tool]", "svc-app, svc-hammer]"), ("  svc-tool:\n", f"  svc-hammer:\n{FORMERLY}")
)
SHORTER = ("token_ttl: 10m", "token_ttl: 5m")


def report(
    folder: Path, *, state: str, base: str, head: str, on: date | None = None, applied: date | None = None
) -> Report:
    """Return the report of a change from one YAML to another on a stack that a third one made.

    `on` is the day of the preview, `applied` that of the last `up`; both are today unless they matter.
    """
    after = valid(folder, head, on=on)
    preview = read(Engine(valid(folder, state, on=applied) if state else None, after).lines())
    access = valid(folder, base, on=on)
    before = Base.of("main", access, AccessFacts.of(access))
    return report_of(preview, "ciaccess", "local", AccessFacts.of(after), before, former_names(after))


def test_they_agree_where_the_stack_is_as_the_base_says(tmp_path: Path) -> None:
    found = report(tmp_path, state=GOOD, base=GOOD, head=edited(SHORTER))
    assert found.agreement is not None
    assert found.agreement
    assert found.access
    assert not found.is_clean


@pytest.mark.parametrize(
    "edits",
    [
        (ADMIN,),
        (SHORTER,),
        (("token_ttl: 10m", "token_ttl: 10m\n      token_max_ttl: 1h"),),
        (("token_type: batch", "token_type: service"),),
        (("ref_protected: true", "ref: main"),),
        (("[orchestrator, orchestrator/*]", "[orchestrator]"),),
        (("bound_audiences: [https://gitlab.example.org]", "bound_audiences: [https://vault.example.org]"),),
        (("accounts: [svc-app, svc-tool]", "accounts: [svc-app, svc-tool, svc-deployer]"),),
        (("path: /orchestrator/tool/", "path: /orchestrator/"),),
        (("    push: [yum, raw]\n    path: /orchestrator/tool/\n", "    push: [yum]\n"),),
        (("promote: [docker, yum, raw]", "promote: [docker]"),),
        (("      pull: all", "      pull: [docker]"),),
        (("roles: [nx-anonymous]", "roles: [nx-admin]"),),
        (("  nx-search:", "  nx-find:"), ("[nx-pull-all, nx-search]", "[nx-pull-all, nx-find]")),
        (("    issuer: ${gitlab.url}", "    issuer: https://other.example.org"),),
        (("    mount: jwt\n", "    mount: gitlab\n"),),
        (("prefix: nexus}", "prefix: ci/nexus}"),),
        (("svc-tool]", "svc-new]"), ("  svc-tool:\n", "  svc-new:\n")),
    ],
    ids=lambda edits: edits[0][1].strip(),
)
def test_they_agree_on_every_kind_of_change(tmp_path: Path, edits: tuple[tuple[str, str], ...]) -> None:
    found = report(tmp_path, state=GOOD, base=GOOD, head=edited(*edits))
    assert found.access, "an edit that changes nothing would prove nothing"
    assert found.agreement, found.agreement


def test_what_was_merged_and_never_applied_is_told_as_the_engines_alone(tmp_path: Path) -> None:
    merged = edited(("token_ttl: 10m", "token_ttl: 20m"))
    found = report(tmp_path, state=GOOD, base=merged, head=merged)
    assert found.agreement is not None
    assert not found.agreement
    assert not found.is_clean, "up would change something that this merge request does not"
    assert not found.agreement.yaml_only
    (change,) = found.agreement.engine_only.gains
    assert "20 min, before 10 min" in change.sentence


def test_what_is_so_already_is_told_as_the_yamls_alone(tmp_path: Path) -> None:
    head = edited(SHORTER)
    found = report(tmp_path, state=head, base=GOOD, head=head)
    assert found.agreement is not None
    assert not found.is_clean
    assert found.agreement.yaml_only.losses
    assert not found.agreement.engine_only


def test_a_base_that_is_refused_is_said_and_never_taken_for_agreement(tmp_path: Path) -> None:
    after = valid(tmp_path, GOOD)
    preview = read(Engine(after, after).lines())
    base = Base("main", None, "2 faults")
    found = report_of(preview, "ciaccess", "local", AccessFacts.of(after), base)
    assert not found.is_clean
    assert found.to_json()["agreement"] == {
        "agree": False,
        "base": "main",
        "yaml_only": {"gains": [], "losses": []},
        "engine_only": {"gains": [], "losses": []},
        "refused": "2 faults",
    }


def test_ciaccess_itself_is_told_of_but_is_no_disagreement(tmp_path: Path) -> None:
    text = ORGANISATION.read_text(encoding="utf-8")
    before = text[: text.index("# The pipeline of this project itself")]
    found = report(tmp_path, state=before, base=before, head=text)
    assert found.agreement
    sentences = [change.sentence for change in found.access.gains]
    assert "svc-ciaccess-writer is now an administrator of Nexus" in sentences


def test_a_new_account_does_not_repeat_itself_for_the_jobs_of_ciaccess(tmp_path: Path) -> None:
    text = ORGANISATION.read_text(encoding="utf-8")
    head = edited(
        ("        - svc-fsdb\n", "        - svc-fsdb\n        - svc-new\n"),
        ("  # System accounts.", "  svc-new:\n    purpose: New\n    push: [yum]\n"),
        text=text,
    )
    found = report(tmp_path, state=text, base=text, head=head)
    assert found.agreement
    assert {change.subject for change in found.access.gains} == {"svc-new", "nexus-ci"}


def test_the_first_preview_of_an_empty_stack_gives_everything(tmp_path: Path) -> None:
    found = report(tmp_path, state="", base=GOOD, head=edited(ADMIN))
    assert found.counts.update == found.counts.delete == 0
    assert found.counts.create == len(found.changes)
    assert found.agreement is not None
    assert not found.agreement


def test_a_renaming_gives_the_new_account_and_takes_nothing(tmp_path: Path) -> None:
    found = report(tmp_path, state=GOOD, base=GOOD, head=RENAMED, on=LAST, applied=LAST)
    assert found.agreement
    assert not found.access.losses
    assert {change.subject for change in found.access.gains} == {"svc-hammer", "nexus-ci"}
    assert [(each.action, each.name) for each in found.changes if "svc-tool" in each.name] == []
    assert found.former == ("svc-tool: former name of svc-hammer, until 2026-12-24",)


@pytest.mark.parametrize("head", [RENAMED, edited((FORMERLY, ""), text=RENAMED)])
def test_once_its_day_is_over_the_former_account_goes_and_that_is_no_disagreement(
    tmp_path: Path, head: str
) -> None:
    found = report(tmp_path, state=RENAMED, base=RENAMED, head=head, on=AFTER, applied=LAST)
    assert found.agreement
    assert not found.access.gains
    assert "svc-tool is no longer an account" in [change.sentence for change in found.access.losses]
    says = "svc-tool: former name of svc-hammer, which ended with 2026-12-24: up removes it"
    assert found.former == ((says,) if head == RENAMED else ())


def test_a_former_account_that_is_over_and_gone_is_not_spoken_of(tmp_path: Path) -> None:
    found = report(tmp_path, state=RENAMED, base=RENAMED, head=RENAMED, on=AFTER, applied=AFTER)
    assert found.is_clean
    assert found.former == ()


def test_what_else_the_engine_would_take_on_that_day_is_a_disagreement(tmp_path: Path) -> None:
    state = edited(("    pull: [docker]\n", "    pull: [docker, yum]\n"), text=RENAMED)
    found = report(tmp_path, state=state, base=RENAMED, head=RENAMED, on=AFTER, applied=LAST)
    assert found.agreement is not None
    assert {change.subject for change in found.agreement.engine_only.losses} == {"svc-app"}
