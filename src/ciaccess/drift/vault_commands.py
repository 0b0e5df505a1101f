"""Commands for manual repairs in Vault; an undeclared object loses policies, and is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from shlex import quote
from typing import TYPE_CHECKING, Any

from ciaccess.access.policies.tokens import DEFAULT, FIELDS, named_policies, normalize_names
from ciaccess.drift.findings import plain

if TYPE_CHECKING:
    from ciaccess.drift.vault_holders import Holder


def without_policies(holder: Holder, names: frozenset[str]) -> str:
    """Return the command, "" where no field decides: a program chooses."""
    if holder.program:
        return ""
    if holder.is_token_role:
        return _limit_command(holder, names)
    named = {field: named_policies({field: holder.data.get(field)}) for field in FIELDS}
    changed: dict[str, object] = {
        field: [name for name in found if name not in names]
        for field, found in named.items()
        if not names.isdisjoint(found)
    }
    if DEFAULT in holder.policies & names:
        changed["token_no_default_policy"] = True
    if groups := holder.data.get("groups"):
        # A write of a user of LDAP or Okta without them takes them away.
        changed["groups"] = groups
    if "role_type" in holder.data:
        # A write of a JWT role takes what it does not name for its default.
        body = {name: plain(value) for name, value in holder.data.items() if value} | changed
        return f"printf '%s' {quote(json.dumps(body))} | vault write {quote(holder.path)} -"
    return write_command(holder.path, changed)


def _limit_command(holder: Holder, names: frozenset[str]) -> str:
    """Return the command with which a token role refuses policies, and aliases that would give them."""
    allowed = normalize_names(holder.data.get("allowed_policies") or ())
    left = [name for name in allowed if name not in names]
    # Callers that name no policies get the list, or an error if one of it is refused. Without any list the limit is gone.
    is_limited = left or holder.data.get("allowed_policies_glob")
    changed: dict[str, object] = {"allowed_policies": left} if is_limited and left != allowed else {}
    limited = replace(holder, data={**holder.data, **changed})
    if refused := sorted(limited.requestable(names)):
        known = holder.data.get("disallowed_policies") or ()
        changed["disallowed_policies"] = normalize_names([*known, *refused])
    if DEFAULT in holder.policies & names:
        changed["token_no_default_policy"] = True
    if holder.chosen & names:
        changed["allowed_entity_aliases"] = []
    return write_command(holder.path, changed) if changed else ""


def write_command(path: str, fields: Mapping[str, Any]) -> str:
    """Return the command that writes fields; a list is one text with commas to `vault write`."""
    words = [f"{name}={_text(value)}" for name, value in fields.items()]
    return " ".join(["vault write", quote(path), *map(quote, words)])


def _text(value: Any) -> str:
    if isinstance(value, list | frozenset):
        return ",".join(value if isinstance(value, list) else sorted(value))
    return str(value).lower() if isinstance(value, bool) else str(value)
