"""The charts of a change: what concerns it, before and after, as small as GitLab draws them without a click."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ciaccess.analysis.difference import difference
from ciaccess.analysis.facts import AccessFacts
from ciaccess.review.charts import MOST_CHARACTERS, charts_of
from tests.support.access.access import ORGANISATION, edited, valid

if TYPE_CHECKING:
    from pathlib import Path

    from ciaccess.report.page import Chart

TEXT = ORGANISATION.read_text(encoding="utf-8")
BENCH = ("    purpose: Bench\n    push: [yum]\n", "    purpose: Bench\n    push: [yum, raw]\n")


def charts(folder: Path, before: str, after: str) -> tuple[Chart, ...]:
    then, now = (AccessFacts.of(valid(folder, text)) for text in (before, after))
    return charts_of(then, now, difference(then, now))


def test_only_the_account_that_changes_is_drawn_before_and_after(tmp_path: Path) -> None:
    before, after = charts(tmp_path, TEXT, edited(BENCH, text=TEXT))
    assert (before.title, after.title) == ("Before", "After")
    assert "svc-bench" in before.mermaid
    assert "raw-dev" not in before.mermaid
    assert "raw-dev" in after.mermaid
    assert "svc-fsdb" not in before.mermaid + after.mermaid


def test_a_new_account_has_an_empty_chart_before(tmp_path: Path) -> None:
    new = "  svc-new:\n    purpose: New\n    push: [raw]\n"
    before, after = charts(tmp_path, TEXT, edited(("  svc-bench:\n", f"{new}  svc-bench:\n"), text=TEXT))
    assert before.mermaid == "flowchart LR\n"
    assert "svc-new" in after.mermaid


def test_a_role_that_admits_more_jobs_is_drawn_with_its_accounts(tmp_path: Path) -> None:
    wider = ("[orchestrator, orchestrator/*]", "[orchestrator, orchestrator/*, platform, platform/*]")
    found = charts(tmp_path, TEXT, edited(wider, text=TEXT))
    assert all(len(each.mermaid) <= MOST_CHARACTERS for each in found)
    assert "platform" in found[1].mermaid
    assert all("svc-deployer" in each.mermaid for each in found)


def test_hundreds_of_accounts_are_drawn_as_far_as_they_fit(tmp_path: Path) -> None:
    many = "".join(f"  svc-a{number}:\n    purpose: x\n    push: [raw]\n" for number in range(300))
    _, after = charts(tmp_path, TEXT, edited(("  svc-bench:\n", f"{many}  svc-bench:\n"), text=TEXT))
    assert len(after.mermaid) <= MOST_CHARACTERS
    assert "svc-a0" in after.mermaid
    assert "more accounts change than fit here" in after.title


def test_nothing_is_drawn_where_no_account_is_concerned(tmp_path: Path) -> None:
    assert charts(tmp_path, TEXT, TEXT) == ()
