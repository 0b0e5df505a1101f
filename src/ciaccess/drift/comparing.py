"""Two states of a thing by their fields: which differ, and how a finding shows them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_MOST_CHARACTERS = 200


def differing(expected: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Return the names of the expected fields that are found otherwise; order in lists does not count, nor does null."""
    return [name for name, value in expected.items() if _comparable(value) != _comparable(found.get(name))]


def shown(fields: Mapping[str, Any], names: list[str]) -> str:
    """Return these fields as a finding shows them: `token_ttl=600, token_policies=["x"]`."""
    return ", ".join(f"{name}={_text(fields.get(name))}" for name in names)


def listed(names: frozenset[str] | set[str] | tuple[str, ...]) -> str:
    """Return names in order, or the word for none."""
    return ", ".join(sorted(names)) or "none"


def _comparable(value: Any) -> Any:
    """Return a value in the form in which equal ones are equal: empty ones are alike, lists are sets.

    `[""]` is how pulumi-vault writes an empty list into a mount's tune.
    """
    if not value or value == [""]:
        return None
    if isinstance(value, Mapping):
        return {key: _comparable(item if isinstance(item, list) else [item]) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return frozenset(map(str, value))
    return value


def _text(value: Any) -> str:
    plain = sorted(value, key=str) if isinstance(value, list | tuple | set | frozenset) else value
    text = json.dumps(plain, ensure_ascii=False, default=str, sort_keys=True)
    return text if len(text) <= _MOST_CHARACTERS else f"{text[: _MOST_CHARACTERS - 1]}…"
