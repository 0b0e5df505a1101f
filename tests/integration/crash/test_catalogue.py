"""The whole catalogue of crashes. Slow: about half an hour on two cores; `make test-slow`."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

import pytest

from tests.support.crash_catalogue import PHASES, Campaign, crashes

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.crash import Site

SHARDS = 3
KINDS_EACH = 3  # and each is followed by a crash of another kind


@pytest.mark.slow
@pytest.mark.timeout(5400)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_no_crash_leaves_anything_that_the_runbook_does_not_mend(
    site: Site, shard: int, tmp_path: Path
) -> None:
    campaign = Campaign(site)
    campaign.rehearse()
    columns = [list(crashes(campaign.writes[phase], KINDS_EACH))[shard::SHARDS] for phase in PHASES]
    # `tail -f` shows how far it is: half an hour without a word is too long.
    with (tmp_path / "progress.txt").open("w", encoding="utf-8", buffering=1) as progress:
        for episode in zip_longest(*columns):
            for phase, crash in zip(PHASES, episode, strict=True):
                campaign.go_through(crash, phase)
                progress.write(f"{phase}: {crash}: {dict(campaign.numbers)}\n")
                (tmp_path / "failures.txt").write_text("\n\n".join(campaign.failures), encoding="utf-8")
    assert not campaign.failures, "\n\n".join(campaign.failures)
