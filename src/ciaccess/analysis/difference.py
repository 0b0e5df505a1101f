"""What a change of access gives and what it takes.

A right that another one of the holder includes is not a change: with `nx-pull-all`, `pull: [docker]` gains nothing, and
a pattern of a claim within another one admits no further job.
"""

from __future__ import annotations

from ciaccess.access.desired.other_settings import changed_settings
from ciaccess.access.desired.trust_anchors import changed_anchors
from ciaccess.analysis import login_changes, nexus_changes
from ciaccess.analysis.changes import Difference, Found
from ciaccess.analysis.facts import AccessFacts


def difference(before: AccessFacts, after: AccessFacts) -> Difference:
    """Return who gains and who loses what from one state to the other, in a fixed order."""
    if before is after:
        return Difference()
    found = Found()
    nexus_changes.find(before, after, found)
    login_changes.find(before, after, found)
    return Difference(
        tuple(found.gains),
        tuple(found.losses),
        changed_anchors(before.anchors, after.anchors),
        changed_settings(before.settings, after.settings),
    )
