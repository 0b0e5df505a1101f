"""Edits that give no access, and that a reviewer must see all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ciaccess.access import load
from ciaccess.analysis import sections
from ciaccess.analysis.difference import difference
from ciaccess.analysis.facts import AccessFacts
from tests.support.access.organisation import edited, organisation

if TYPE_CHECKING:
    from pathlib import Path

    from ciaccess.analysis.changes import Difference

BENCH = "    purpose: Bench\n"
REGISTRY = "        NEXUS_REGISTRY: ${nexus.push_registry}\n"
GROUP = "gitlab.groups.orchestrator"
EVIL = "evil.example:443"


def compared(folder: Path, *edits: tuple[str, str]) -> Difference:
    return difference(AccessFacts.of(organisation()), AccessFacts.of(load(edited(folder, *edits))))


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        (REGISTRY, f"        NEXUS_REGISTRY: {EVIL}\n", f"{GROUP}.variables.NEXUS_REGISTRY"),
        (REGISTRY, f"{REGISTRY}        HTTPS_PROXY: {EVIL}\n", f"{GROUP}.variables.HTTPS_PROXY"),
        (REGISTRY, "", f"{GROUP}.variables.NEXUS_REGISTRY"),
        ("      id: 9\n", "      id: 12\n", f"{GROUP}.id"),
        ("  curl: docker.io/library/", "  curl: docker.io/evil/", "images.curl"),
        ("version: 1\n", "version: 1\nowner: another\n", "owner"),
        ("version: 1\n", "version: 1\nadopt: true\n", "adopt"),
        ("vault:\n", "vault:\n  adopt: true\n", "vault.adopt"),
        (BENCH, f"{BENCH}    purge: true\n", "accounts.svc-bench.purge"),
        (BENCH, f"{BENCH}    adopt: true\n", "accounts.svc-bench.adopt"),
        (BENCH, f"{BENCH}    adopt: false\n", "accounts.svc-bench.adopt"),
    ],
)
def test_such_an_edit_is_shown_and_never_as_nothing(tmp_path: Path, old: str, new: str, field: str) -> None:
    found = compared(tmp_path, (old, new))
    assert (found.gains, found.losses, found.anchors) == ((), (), ())
    assert [each.field for each in found.settings] == [field]
    assert found.to_json()["other_settings"][0]["field"] == field
    (section,) = sections.of_changes(found)
    assert section.title == "Other settings"
    assert sections.verdict(found) == (
        "No account or job gains or loses access; 1 other setting changed.",
        "plain",
    )


def test_a_masked_value_and_the_end_of_a_long_one_are_shown_by_their_digest(tmp_path: Path) -> None:
    def value_of(text: str) -> str:
        flags = f"{{value: {text}, masked: true, protected: true}}"
        (changed,) = compared(tmp_path, (REGISTRY, f"        NEXUS_REGISTRY: {flags}\n")).settings
        return changed.after

    one, other = value_of("swordfish-1"), value_of("swordfish-2")
    assert one != other
    assert "swordfish" not in one
    assert one.endswith(", protected: true")
    ends = [
        compared(tmp_path, (REGISTRY, f"        NEXUS_REGISTRY: {'a' * 5000}{end}\n")).settings[0].after
        for end in "xy"
    ]
    assert len(ends[0]) < 300
    assert ends[0] != ends[1]


def test_beside_gains_and_anchors_it_comes_last(tmp_path: Path) -> None:
    found = compared(
        tmp_path,
        (BENCH, f"{BENCH}    pull: [docker]\n"),
        ("  address: https://vault.shared.cwiq.io", f"  address: https://{EVIL}"),
    )
    titles = [section.title for section in sections.of_changes(found)]
    assert (titles[0], titles[-1]) == ("Trust anchors", "Other settings")
    text, tone = sections.verdict(found)
    assert (text, tone) == ("1 trust anchor changed, 1 gain, 0 losses, 1 other setting changed.", "risky")
