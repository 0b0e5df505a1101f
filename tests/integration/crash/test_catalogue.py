"""The whole catalogue of crashes. Slow: about half an hour on two cores; `make test-slow`."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

import pytest

from tests.support.crash_catalogue import PHASES, Campaign, crashes

if TYPE_CHECKING:
    from tests.support.crash import Site

SHARDS = 3
KINDS_EACH = 6


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_no_crash_leaves_anything_that_the_runbook_does_not_mend(
    site: Site, shard: int, capsys: pytest.CaptureFixture[str]
) -> None:
    campaign = Campaign(site)
    campaign.rehearse()
    columns = [list(crashes(campaign.writes[phase], KINDS_EACH))[shard::SHARDS] for phase in PHASES]
    for episode in zip_longest(*columns):
        for phase, crash in zip(PHASES, episode, strict=True):
            campaign.go_through(crash, phase)
            with capsys.disabled():
                print(f"shard {shard}: {phase}: {crash}: {len(campaign.failures)} failed", flush=True)  # noqa: T201 half an hour without a word is too long
    with capsys.disabled():
        print(f"shard {shard}: {dict(campaign.numbers)}")  # noqa: T201 the numbers are what this is run for
    assert not campaign.failures, "\n\n".join(campaign.failures)
