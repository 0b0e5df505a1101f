"""What could not be looked at, and why: a system that is down, a token that may not read."""

from __future__ import annotations

from dataclasses import dataclass

from ciaccess.clients.http.session import HttpOptions, trusting


@dataclass(frozen=True)
class Blind:
    """Something that could not be looked at: `because` is a sentence's end, `remedy` what to do."""

    system: str
    subject: str
    because: str
    remedy: str


class CannotLookError(Exception):
    """A system cannot be asked at all; the text is why, `remedy` what to do."""

    def __init__(self, because: str, remedy: str) -> None:
        super().__init__(because)
        self.because = because
        self.remedy = remedy


def http_options(timeout_seconds: float) -> HttpOptions:
    """Return the bounds of a call; `timeout_seconds` is how long an answer may take.

    Raises:
        CredentialsError: the CA bundle that is named does not exist.
    """
    return trusting(read_seconds=timeout_seconds)
