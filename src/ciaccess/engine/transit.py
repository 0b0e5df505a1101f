"""Vault's transit keys in a stack's settings: hashivault://NAME?engine=MOUNT."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

_SCHEME = "hashivault"
_ENGINE = "transit"


class Key(NamedTuple):
    """A key of the transit engine at a mount."""

    name: str
    mount: str = _ENGINE


def named_by(provider: str) -> Key | None:
    """Return the key that a secrets provider's URL names, None where it is of another kind."""
    parts = urlsplit(provider)
    if parts.scheme != _SCHEME:
        return None
    engine = parse_qs(parts.query).get("engine", [_ENGINE])[0]
    return Key(f"{parts.netloc}{parts.path}".strip("/"), engine.strip("/"))
