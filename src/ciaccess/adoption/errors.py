"""Why an adoption cannot go on."""

from __future__ import annotations

from ciaccess.errors import CommandError


class AdoptionError(CommandError):
    """The systems cannot be described or taken over; the text is for people and says what to do."""
