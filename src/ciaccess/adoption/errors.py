"""The error of an adoption that cannot continue."""

from __future__ import annotations

from ciaccess.errors import CommandError


class AdoptionError(CommandError):
    """The systems cannot be described or taken over; the text includes the remedy."""
