"""How a finding shows fields and names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_CHARACTERS = 200


def shown(fields: Mapping[str, Any], names: list[str]) -> str:
    """Return these fields as a finding shows them: `token_ttl=600, token_policies=["x"]`."""
    return ", ".join(f"{name}={_text(fields.get(name))}" for name in names)


def listed(names: frozenset[str] | set[str] | tuple[str, ...]) -> str:
    """Return names in order, or the word for none."""
    return ", ".join(sorted(names)) or "none"


def _text(value: Any) -> str:
    text = json.dumps(_plain(value), ensure_ascii=False, default=str, sort_keys=True)
    return text if len(text) <= _MOST_CHARACTERS else f"{text[: _MOST_CHARACTERS - 1]}…"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return sorted(value, key=str) if isinstance(value, list | tuple | set | frozenset) else value
