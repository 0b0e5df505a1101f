"""The policies of a token, by the role, user, group or token role that issues it.

Owns the fields that name policies, and Vault's normalization of names: lower case, without surrounding blanks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ciaccess.access.model.checks_claims import matches
from ciaccess.access.policies.acl import ROOT

DEFAULT = "default"
# Policies that Vault has itself.
BUILT_IN = frozenset({DEFAULT, ROOT, "response-wrapping", "control-group"})
# The last one is of RADIUS: the policies of users without an entry.
FIELDS = ("token_policies", "policies", "value", "unregistered_user_policies")
_ALLOWED = ("allowed_policies", "allowed_policies_glob")
_DISALLOWED = ("disallowed_policies", "disallowed_policies_glob")


def normalize_names(names: Iterable[object]) -> list[str]:
    """Return normalized policy names, each once, in their order."""
    return list(dict.fromkeys(name for each in names if (name := str(each).strip().lower())))


def named_policies(holder: Mapping[str, Any]) -> list[str]:
    """Return the policies that a role, user, group or entity names."""
    # A team of GitHub has them as one text with commas.
    values = [holder.get(field) or () for field in FIELDS]
    return normalize_names(
        name for value in values for name in (value.split(",") if isinstance(value, str) else value)
    )


def policies_at_login(holder: Mapping[str, Any]) -> frozenset[str]:
    """Return the policies of every token from a role, user or group of an auth mount.

    Vault refuses logins that would give root.
    """
    named = frozenset(named_policies(holder))
    if ROOT in named:
        return frozenset()
    return named if holder.get("token_no_default_policy") else named | {DEFAULT}


def requestable_policies(role: Mapping[str, Any], every: Iterable[str]) -> frozenset[str]:
    """Return the policies that callers of a token role can request.

    allowed_policies and allowed_policies_glob are allow-lists; without both, a role that disallows some policies allows
    all others. A role without any of these gives only policies of the caller. Root tokens need a root token.
    """
    allowed, globs, disallowed, disallowed_globs = (
        frozenset(normalize_names(role.get(field) or ())) for field in (*_ALLOWED, *_DISALLOWED)
    )
    if allowed or globs:
        asked = allowed | {name for name in every if _matches_glob(name, globs)}
    else:
        asked = frozenset(every) if disallowed or disallowed_globs else frozenset()
    refused = disallowed | {ROOT} | {name for name in asked if _matches_glob(name, disallowed_globs)}
    return frozenset(asked & set(every)) - refused


def policies_of_aliases(role: Mapping[str, Any], entities: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the policies of entities that callers of a token role can choose by an alias.

    The alias is one of the token mount. No list of policies of the role limits them.
    """
    globs = frozenset(normalize_names(role.get("allowed_entity_aliases") or ()))
    found: set[str] = set()
    for entity in entities:
        aliases = [each for each in entity.get("aliases") or () if each.get("mount_type") == "token"]
        if any(_matches_glob(str(each.get("name", "")).lower(), globs) for each in aliases):
            found |= set(named_policies(entity))
    return frozenset(found)


def _matches_glob(name: str, globs: Iterable[str]) -> bool:
    """Tell whether one of these globs matches a name."""
    return any(matches(glob, name) for glob in globs)
