"""The whole catalogue of crashes. Slow: half an hour on two cores; `make test-slow`."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

import pytest

from tests.support.recovery.crash_catalogue import PHASES, Campaign, crashes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.recovery.crash import Site

SHARDS = 4
# Each crash is followed by one of another kind. A rotation writes little, and is what jobs would notice first.
KINDS_EACH = {"create": 2, "update": 2, "rotate": 4, "adopt": 2, "destroy": 2}
LEAST_INJECTED = 200


@pytest.mark.slow
@pytest.mark.timeout(5400)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_no_crash_leaves_anything_that_the_runbook_does_not_mend(
    site: Site, shard: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    campaign = Campaign(site)
    campaign.rehearse()
    columns = [list(crashes(campaign.writes[phase], KINDS_EACH[phase]))[shard::SHARDS] for phase in PHASES]
    # `tail -f` shows how far it is: half an hour without a word is too long.
    with (tmp_path / "progress.txt").open("w", encoding="utf-8", buffering=1) as progress:
        for episode in zip_longest(*columns):
            for phase, crash in zip(PHASES, episode, strict=True):
                if crash is not None:
                    campaign.go_through(crash, phase)
                elif phase in ("create", "destroy"):  # the others need not be gone through
                    campaign.begin(phase).succeeded()
                progress.write(f"{phase}: {crash}: {dict(campaign.numbers)}\n")
                (tmp_path / "failures.txt").write_text("\n\n".join(campaign.failures), encoding="utf-8")
    record_property("injected faults", campaign.numbers["injected"])
    assert not campaign.failures, "\n\n".join(campaign.failures)
    assert campaign.numbers["injected"] >= LEAST_INJECTED / SHARDS
