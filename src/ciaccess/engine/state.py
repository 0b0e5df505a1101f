"""The stack's state: its resources, and the fingerprint of each user's password.

Reads the engine's export as it is, with its secrets encrypted: no passphrase and no key is needed for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ciaccess.engine.resource_types import ACCOUNT, Target


@dataclass(frozen=True)
class State:
    """`urns` and `inputs` by resource; `fingerprints` by user of Nexus.

    A fingerprint is "" for a password that was not made here.
    """

    urns: Mapping[Target, str] = field(default_factory=dict)
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[Target, Mapping[str, Any]] = field(default_factory=dict)


def parse(export: Any) -> State:
    """Read `pulumi stack export`.

    Raises:
        ValueError: it is of another shape.
    """
    try:
        resources = (export.get("deployment") or {}).get("resources") or []
        found = [each for each in resources if each.get("custom") and not each.get("delete")]
        urns = {Target(each["type"], each.get("id", "")): each["urn"] for each in found}
        inputs = {Target(each["type"], each.get("id", "")): dict(each.get("inputs") or {}) for each in found}
        fingerprints = dict(_fingerprints(each for each in found if each["type"] == ACCOUNT))
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ValueError("the state has a shape that is not known here") from None
    return State(urns, fingerprints, inputs)


def _fingerprints(accounts: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, str]]:
    for each in accounts:
        known = (each.get("outputs") or {}).get("fingerprints") or {}
        yield from ((user, str(value)) for user, value in known.items())
