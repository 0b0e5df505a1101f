"""Which policies a token has, by what it was got with: a role, user or group of an auth mount, a token role, an identity.

Owns the fields in which these name policies, and how Vault reads the names: in lower case, without blanks around them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ciaccess.access.policies.acl import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DEFAULT = "default"
_FIELDS = ("token_policies", "policies")
_ALLOWED = ("allowed_policies", "allowed_policies_glob")
_DISALLOWED = ("disallowed_policies", "disallowed_policies_glob")


def folded(names: Iterable[object]) -> list[str]:
    """Return policies' names as Vault reads them, each once, in their order."""
    return list(dict.fromkeys(name for each in names if (name := str(each).strip().lower())))


def policies_at_login(holder: Mapping[str, Any]) -> frozenset[str]:
    """Return the policies that every token of a role, user, group or entity has; it may have more by others.

    No auth method gives root: Vault refuses the login.
    """
    named = frozenset(folded(name for field in _FIELDS for name in holder.get(field) or ()))
    if ROOT in named:
        return frozenset()
    return named if holder.get("token_no_default_policy") else named | {DEFAULT}


def requestable_policies(role: Mapping[str, Any], every: Iterable[str]) -> frozenset[str]:
    """Return which of these policies the caller of a token role may ask for, each for itself.

    Vault's rule: allowed_policies and allowed_policies_glob are what may be asked for; without both, a role that forbids
    some policies lets all others be asked for. A role without any of these gives no more than its caller has. Root is for
    root alone.
    """
    allowed, globs, disallowed, disallowed_globs = (
        frozenset(folded(role.get(field) or ())) for field in (*_ALLOWED, *_DISALLOWED)
    )
    if allowed or globs:
        asked = allowed | {name for name in every if _matches(name, globs)}
    else:
        asked = frozenset(every) if disallowed or disallowed_globs else frozenset()
    return (
        frozenset(asked & set(every))
        - disallowed
        - {ROOT}
        - {name for name in asked if _matches(name, disallowed_globs)}
    )


def _matches(name: str, globs: Iterable[str]) -> bool:
    """Tell whether a pattern of Vault's, in which * alone is special, matches a name."""
    return any(re.fullmatch(".*".join(map(re.escape, glob.split("*"))), name, re.DOTALL) for glob in globs)
