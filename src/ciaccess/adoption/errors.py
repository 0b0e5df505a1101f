"""Why an adoption cannot go on."""

from __future__ import annotations


class AdoptionError(Exception):
    """The systems cannot be described or taken over; the text is for people and says what to do."""
