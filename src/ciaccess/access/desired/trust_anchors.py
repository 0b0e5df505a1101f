"""Trust anchors: destinations of credentials, and accepted issuers; a change redirects secrets.

A change under review must not move them, so ciaccess's own jobs compare those of access.yaml and the stack's settings with
those that an administrator's `./ciaccess bootstrap` wrote to Vault (own_pipeline/anchors), and reviews show them first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ciaccess.access.model.models import Access


class ChangedAnchor(NamedTuple):
    """A trust anchor that differs, by its field in access.yaml; a value that is missing is ""."""

    field: str
    before: str
    after: str


def trust_anchors(access: Access) -> dict[str, str]:
    """Return the trust anchors by field; what is not declared is left out."""
    pipeline = access.pipeline.model_dump(exclude={"rotation"}) if access.pipeline else {}
    found = {
        "vault.address": access.vault.address,
        "vault.namespace": access.vault.namespace,
        "nexus.url": access.nexus.url,
        "nexus.push_registry": access.nexus.push_registry,
        "nexus.pull_registry": access.nexus.pull_registry,
        "gitlab.url": access.gitlab.url,
        **{f"vault.jwt.{name}": value for name, value in access.vault.jwt.model_dump().items()},
        **{f"pipeline.{name}": value for name, value in pipeline.items()},
    }
    return {
        field: value if isinstance(value, str) else json.dumps(value)
        for field, value in found.items()
        if value not in (None, "", [], False)
    }


def changed_anchors(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[ChangedAnchor, ...]:
    """Return the trust anchors that differ, sorted by field."""
    return tuple(
        ChangedAnchor(field, before.get(field, ""), after.get(field, ""))
        for field in sorted({*before, *after})
        if before.get(field, "") != after.get(field, "")
    )
