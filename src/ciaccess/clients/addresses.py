"""Comparison of addresses: which of them are one server. A leaf."""

from __future__ import annotations

from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


def origin(url: str) -> tuple[str, str, int | None] | None:
    """Return scheme, host and port; None where it has none, or holds credentials."""
    try:
        parts = urlsplit(url)
        port = _PORTS.get(parts.scheme) if parts.port is None else parts.port
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname and "@" not in parts.netloc else None


def is_same(one: str, other: str) -> bool:
    """Tell whether two addresses are of one server and one path, in whatever spelling."""
    rest = [url.partition("://")[2].partition("/")[2].rstrip("/") for url in (one, other)]
    return origin(one) is not None and origin(one) == origin(other) and rest[0] == rest[1]
