"""An edit of access.yaml by machine: the entry changes, and nothing beside it."""

from __future__ import annotations

import pytest

from ciaccess.rotation.yaml_edit import EditError, edit
from tests.support.access.access import GOOD, ORGANISATION

THREE = {"count": "3", "date": "2026-11-24"}
AFTER = "{count: 3, date: 2026-11-24}"


def account(*lines: str) -> str:
    return "accounts:\n  svc-x:\n" + "".join(f"    {line}\n" for line in lines) + "  svc-y:\n    purpose: Y\n"


def turned(text: str) -> str:
    return edit(text, {("accounts", "svc-x"): THREE})


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["rotation: 2", "push: [yum]"], [f"rotation: {AFTER}", "push: [yum]"]),
        (["rotation: 2   # by hand"], [f"rotation: {AFTER}   # by hand"]),
        (["rotation:   # nothing yet", "push: [yum]"], [f"rotation: {AFTER}   # nothing yet", "push: [yum]"]),
        (["rotation: {count: 2, date: 2026-01-01}"], [f"rotation: {AFTER}"]),
        (
            ["rotation: {max_age: 90d,  count: 2}  # often"],
            ["rotation: {max_age: 90d,  count: 3, date: 2026-11-24}  # often"],
        ),
        (["rotation: {}"], [f"rotation: {AFTER}"]),
        (["rotation: {count: 2,}"], ["rotation: {count: 3, date: 2026-11-24}"]),
        (
            ["rotation:", "  # how often", "  max_age: 90d", "  count: 2  # so far", "# the end"],
            [
                "rotation:",
                "  # how often",
                "  max_age: 90d",
                "  count: 3  # so far",
                "  date: 2026-11-24",
                "# the end",
            ],
        ),
        (
            ["push:", "  - yum   # rpm", "", "# Others."],
            ["push:", "  - yum   # rpm", f"rotation: {AFTER}", "", "# Others."],
        ),
        (["purpose: X"], ["purpose: X", f"rotation: {AFTER}"]),
        (['purpose: "a # b"  # c'], ['purpose: "a # b"  # c', f"rotation: {AFTER}"]),
        (
            ["purpose: >-", "  folded", "  text", "# end"],
            ["purpose: >-", "  folded", "  text", f"rotation: {AFTER}", "# end"],
        ),
        (["pull: [docker,", "  yum]  # both"], ["pull: [docker,", "  yum]  # both", f"rotation: {AFTER}"]),
    ],
)
def test_an_entry_is_counted_up_where_it_stands(before: list[str], after: list[str]) -> None:
    assert turned(account(*before)) == account(*after)


def test_an_account_on_one_line_stays_on_it() -> None:
    text = "accounts:\n  svc-x: {purpose: X, push: [yum]}   # one\n"
    assert turned(text) == f"accounts:\n  svc-x: {{purpose: X, push: [yum], rotation: {AFTER}}}   # one\n"


def test_the_last_line_needs_no_end() -> None:
    assert (
        turned("accounts:\n  svc-x:\n    purpose: X")
        == f"accounts:\n  svc-x:\n    purpose: X\n    rotation: {AFTER}"
    )


def test_line_ends_of_another_system_stay_so() -> None:
    text = account("purpose: X").replace("\n", "\r\n")
    assert turned(text) == account("purpose: X", f"rotation: {AFTER}").replace("\n", "\r\n")


def test_a_section_that_is_not_there_is_an_error() -> None:
    with pytest.raises(EditError, match=r"accounts\.svc-x"):
        turned("accounts: {}\n")


def test_several_entries_are_edited_at_once() -> None:
    text = ORGANISATION.read_text(encoding="utf-8")
    paths = [("accounts", "svc-bench"), ("accounts", "svc-admin"), ("pipeline",)]
    after = edit(text, dict.fromkeys(paths, THREE)).splitlines()
    assert [line for line in after if line not in text.splitlines()] == [
        f"    rotation: {AFTER}",
        f"    rotation: {AFTER}",
        f"  rotation: {AFTER}",
    ]
    assert [line for line in after if "rotation" not in line] == text.splitlines()


@pytest.mark.parametrize("name", ["svc-app", "svc-tool", "svc-admin"])
def test_counting_again_changes_one_line(name: str) -> None:
    once = edit(GOOD, {("accounts", name): THREE})
    twice = edit(once, {("accounts", name): THREE | {"count": "4"}})
    assert len(once.splitlines()) == len(twice.splitlines()) == len(GOOD.splitlines()) + 1
    assert [a for a, b in zip(once.splitlines(), twice.splitlines(), strict=True) if a != b] == [
        f"    rotation: {AFTER}"
    ]
