"""Rules across the sections of access.yaml, one file per section, as generators of faults.

Rules read the plain data through a LenientView, so that they work even if other values are invalid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from ciaccess.access.rules.lenient_view import LenientView

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from ciaccess.access.reading.document import Document
    from ciaccess.access.reading.faults import Fault

RULES = (
    *names.RULES,
    *vault.RULES,
    *claims.RULES,
    *nexus.RULES,
    *gitlab.RULES,
    *accounts.RULES,
    *former_names.RULES,
    *rotation.RULES,
    *pipeline.RULES,
    *images.RULES,
)


def faults_of(document: Document, on: date) -> Iterator[Fault]:
    """Return what every rule finds on a day."""
    view = LenientView(document, on)
    for rule in RULES:
        yield from rule(view)
