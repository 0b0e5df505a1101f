"""What could not be checked, and why: the system is down, or the credentials do not suffice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Self

from ciaccess.errors import CiaccessError, Exit


@dataclass(frozen=True)
class CouldNotLook:
    """Something that could not be checked: `could not look at <subject>: <because>. <remedy>`."""

    system: str
    subject: str
    because: str
    remedy: str

    @classmethod
    def of(cls, error: CiaccessError, system: str, subject: str) -> Self:
        """Return what an error kept from being checked; an API error names its own system."""
        return cls(getattr(error, "system", system), subject, error.because, error.remedy)

    @property
    def sentence(self) -> str:
        """Return it without the remedy."""
        return f"could not look at {self.subject}: {self.because}"

    def __str__(self) -> str:
        return f"{self.sentence}. {self.remedy}"

    def to_json(self) -> dict[str, str]:
        """Return it as a JSON object with the names of the attributes."""
        return asdict(self)


def by_cause(found: Iterable[CouldNotLook]) -> list[CouldNotLook]:
    """Return one for each cause, with all its subjects."""
    subjects: dict[CouldNotLook, list[str]] = {}
    for each in found:
        subjects.setdefault(replace(each, subject=""), []).append(each.subject)
    return [replace(each, subject=_join(dict.fromkeys(words))) for each, words in subjects.items()]


def _join(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


class CouldNotLookError(CiaccessError):
    """A system cannot be checked at all."""

    def __init__(self, because: str, remedy: str) -> None:
        super().__init__(because, Exit.COULD_NOT_LOOK, remedy=remedy)
