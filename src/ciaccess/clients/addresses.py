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
    if origin(one) is None or origin(one) != origin(other):
        return False
    here, there = (urlsplit(url)._replace(scheme="", netloc="").geturl().rstrip("/") for url in (one, other))
    return here == there
