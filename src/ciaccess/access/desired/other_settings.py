"""Settings that give no access by themselves, but that a reviewer must see.

They decide what jobs run in, where their clients send credentials (variables of groups), and what `up` takes over or destroys.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from ciaccess.access.desired.trust_anchors import ChangedAnchor, changed_anchors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ciaccess.access.model.models import Access, Variable

_ACCOUNTS = "accounts."
_LONGEST = 200


def other_settings(access: Access) -> dict[str, str]:
    """Return these settings by field; what is not declared is left out."""
    found: dict[str, object] = {
        "owner": access.owner,
        "adopt": access.adopt,
        "strict": access.strict,
        "vault.adopt": access.vault.adopt,
        "nexus.adopt": access.nexus.adopt,
        **{f"images.{name}": image for name, image in access.images.model_dump().items()},
    }
    for path, group in access.gitlab.groups.items():
        here = f"gitlab.groups.{path}"
        found[f"{here}.id"] = group.id
        found |= {f"{here}.variables.{key}": _variable(it) for key, it in group.variables.items()}
    for name, account in access.accounts.items():
        found |= {f"{_ACCOUNTS}{name}.adopt": account.adopt, f"{_ACCOUNTS}{name}.purge": account.purge}
    return {
        field: value if isinstance(value, str) else str(value).lower()
        for field, value in found.items()
        if value not in (None, False)
    }


def changed_settings(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[ChangedAnchor, ...]:
    """Return the settings that differ; what an account no longer allows is left out."""
    return tuple(
        each
        for each in changed_anchors(before, after)
        if each.field in after or not each.field.startswith(_ACCOUNTS)
    )


def _variable(variable: Variable) -> str:
    """Return a variable's value, unless it is masked, with what differs from the usual flags."""
    digest = sha256(variable.value.encode()).hexdigest()[:8]
    value = variable.value or "empty"
    if variable.masked:
        value = f"a masked value with the digest {digest}"
    elif len(value) > _LONGEST:
        value = f"{value[:_LONGEST]}… ({len(value)} characters with the digest {digest})"
    flags = variable.model_dump(exclude={"value", "description", "masked"}, exclude_defaults=True)
    return ", ".join([value, *(f"{name}: {str(flag).lower()}" for name, flag in flags.items())])
