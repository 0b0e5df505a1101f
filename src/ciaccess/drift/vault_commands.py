"""Commands that take policies from an undeclared object of Vault, and keep the object."""

from __future__ import annotations

import json
from collections.abc import Iterable
from shlex import quote
from typing import TYPE_CHECKING

from ciaccess.access.policies.tokens import DEFAULT, FIELDS, named_policies, normalize_names
from ciaccess.drift.findings import plain

if TYPE_CHECKING:
    from ciaccess.drift.vault_holders import Holder


def without_policies(holder: Holder, names: Iterable[str]) -> str:
    """Return the command, "" where no field decides: a program chooses."""
    if holder.program:
        return ""
    if holder.is_token_role:
        return _limit_command(holder, frozenset(names))
    left = [name for name in named_policies(holder.data) if name not in names]
    field = next((each for each in FIELDS if holder.data.get(each)), FIELDS[0])
    changed: dict[str, object] = {field: left}
    if DEFAULT in holder.policies & frozenset(names):
        changed["token_no_default_policy"] = True
    if "role_type" in holder.data:
        # A write of a JWT role takes what it does not name for its default.
        body = {name: plain(value) for name, value in holder.data.items() if value} | changed
        return f"printf '%s' {quote(json.dumps(body))} | vault write {quote(holder.path)} -"
    return _write_command(holder.path, changed)


def _limit_command(holder: Holder, names: frozenset[str]) -> str:
    """Return the command with which a token role refuses policies, and aliases that would give them."""
    refused = [*(holder.data.get("disallowed_policies") or ()), *sorted(holder.requestable(names))]
    changed: dict[str, object] = {"disallowed_policies": normalize_names(refused)} if refused else {}
    if holder.chosen & names:
        changed["allowed_entity_aliases"] = []
    return _write_command(holder.path, changed)


def _write_command(path: str, fields: dict[str, object]) -> str:
    words = [
        f"{name}={','.join(value) if isinstance(value, list) else str(value).lower()}"
        for name, value in fields.items()
    ]
    return " ".join(["vault write", quote(path), *map(quote, words)])
