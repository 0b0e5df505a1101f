"""What the stack's state knows: which resources there are, and the fingerprints of the accounts' passwords.

Reads the engine's export as it is, with its secrets encrypted: no passphrase and no key is needed for that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from drift.findings import Target

if TYPE_CHECKING:
    from collections.abc import Mapping

_PASSWORD = "ciaccess:index:Password"  # noqa: S105 a type token


@dataclass(frozen=True)
class State:
    """`urns` by resource; `fingerprints` by account, None for a password that is older than fingerprints are."""

    urns: Mapping[Target, str] = field(default_factory=dict)
    fingerprints: Mapping[str, str | None] = field(default_factory=dict)


def parse(export: Any) -> State:
    """Read `pulumi stack export`.

    Raises:
        ValueError: it is of another shape.
    """
    try:
        resources = (export.get("deployment") or {}).get("resources") or []
        found = [resource for resource in resources if resource.get("custom")]
        urns = {
            Target(each["type"], each.get("id", "")): each["urn"] for each in found if not each.get("delete")
        }
        fingerprints = {
            _account(each["parent"]): (each.get("outputs") or {}).get("fingerprint")
            for each in found
            if each["type"] == _PASSWORD and each.get("parent") and not each.get("delete")
        }
    except (AttributeError, KeyError, TypeError):
        raise ValueError("the state has a shape that is not known here") from None
    return State(urns, fingerprints)


def _account(parent: str) -> str:
    """Return the account of a password, which is a child of its component."""
    return parent.rpartition("::")[2]
