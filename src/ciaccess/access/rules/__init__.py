"""Rules across the sections of access.yaml, one file per section, as generators of faults.

Rules read the plain data through a LenientView, so that they work even if other values are invalid.
"""

from __future__ import annotations

from datetime import date

from ciaccess.access.reading.document import Document
from ciaccess.access.rules import (
    accounts,
    claims,
    former_names,
    gitlab,
    images,
    names,
    nexus,
    pipeline,
    rotation,
    vault,
)
from ciaccess.access.rules.lenient_view import Faults, LenientView

_MODULES = (names, vault, claims, nexus, gitlab, accounts, former_names, rotation, pipeline, images)
RULES = tuple(rule for module in _MODULES for rule in module.RULES)


def faults_of(document: Document, on: date) -> Faults:
    """Return what every rule finds on a day."""
    view = LenientView(document, on)
    for rule in RULES:
        yield from rule(view)
