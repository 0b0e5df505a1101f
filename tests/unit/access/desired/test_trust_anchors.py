"""Which edits of access.yaml move a trust anchor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ciaccess.access.desired.trust_anchors import changed_anchors, trust_anchors
from ciaccess.analysis import sections
from ciaccess.analysis.difference import difference
from ciaccess.analysis.facts import AccessFacts
from tests.support.access.access import GOOD, edited, valid

if TYPE_CHECKING:
    from pathlib import Path

PIPELINE = "pipeline: {project: a/b, audience: x}\n"
EDITS = {
    "vault.address": ("address: https://vault.example.org", "address: https://vault.evil.example"),
    "nexus.url": ("url: https://nexus.example.org", "url: https://nexus.evil.example"),
    "nexus.push_registry": ("nexus.example.org:8443", "nexus.evil.example:8443"),
    "nexus.pull_registry": ("nexus.example.org:8444", "nexus.evil.example:8444"),
    "gitlab.url": ("url: https://gitlab.example.org\n", "url: https://gitlab.evil.example\n"),
    "vault.jwt.issuer": ("issuer: ${gitlab.url}", "issuer: https://evil.example"),
    "vault.jwt.discovery_url": ("discovery_url: ${gitlab.url}", "discovery_url: https://evil.example"),
    "pipeline.project": ("project: a/b", "project: evil/b"),
    "pipeline.audience": ("audience: x", "audience: y"),
}


@pytest.mark.parametrize("field", EDITS)
def test_each_address_key_and_line_of_the_pipeline_is_shown_first_and_never_as_nothing(
    tmp_path: Path, field: str
) -> None:
    before = valid(tmp_path, GOOD + PIPELINE)
    after = valid(tmp_path, edited(EDITS[field], text=GOOD + PIPELINE))
    assert field in [anchor.field for anchor in changed_anchors(trust_anchors(before), trust_anchors(after))]
    changes = difference(AccessFacts.of(before), AccessFacts.of(after))
    assert changes
    first, *_ = sections.of_changes(changes)
    assert first.title == "Trust anchors"
    assert any(finding.text.startswith(f"{field}: ") for finding in first.findings)
    assert "Nobody" not in sections.verdict(changes)[0]


def test_a_rotation_of_the_pipeline_and_an_account_move_none(tmp_path: Path) -> None:
    before = valid(tmp_path, GOOD + PIPELINE)
    text = edited(
        ("audience: x}", "audience: x, rotation: 2}"),
        ("push: [docker, pypi]", "push: [docker]"),
        text=GOOD + PIPELINE,
    )
    assert changed_anchors(trust_anchors(before), trust_anchors(valid(tmp_path, text))) == ()
