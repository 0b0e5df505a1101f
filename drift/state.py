"""What the stack's state knows: which resources there are, and the fingerprint of each user's password.

Reads the engine's export as it is, with its secrets encrypted: no passphrase and no key is needed for that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from drift.findings import Target

if TYPE_CHECKING:
    from collections.abc import Mapping

_USER, _PASSWORD = "ciaccess:nexus:User", "ciaccess:index:Password"


@dataclass(frozen=True)
class State:
    """`urns` by resource; `fingerprints` by user of Nexus, None for a password that is older than fingerprints are."""

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
        passwords = {
            each["urn"]: (each.get("outputs") or {}).get("fingerprint")
            for each in found
            if each["type"] == _PASSWORD
        }
        fingerprints = {
            each["id"]: passwords.get(_password_of(each))
            for each in found
            if each["type"] == _USER and not each.get("delete")
        }
    except (AttributeError, KeyError, TypeError):
        raise ValueError("the state has a shape that is not known here") from None
    return State(urns, fingerprints)


def _password_of(user: Mapping[str, Any]) -> str:
    """Return the URN of the password that a user's is taken from, "" where it is none of ours."""
    urns = (user.get("propertyDependencies") or {}).get("password") or [""]
    return str(urns[0])
