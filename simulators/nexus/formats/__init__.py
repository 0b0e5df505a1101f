"""The formats of repositories, one a module, and what the core needs of them (content_call.py says how)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.nexus.formats.rest import ROUTES
from simulators.nexus.formats.table import FORMATS

if TYPE_CHECKING:
    from simulators.nexus.content_call import Handler

__all__ = ["HANDLERS", "ROUTES"]

HANDLERS: dict[str, Handler] = {name: each.answer for name, each in FORMATS.items()}
