"""One gain or loss of access as a sentence, and the marks that tell a reviewer where to look twice."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Risk(StrEnum):
    """Why a gain deserves a second look."""

    ADMIN = "admin right"
    WIDER = "wider claims"
    WILDCARD = "wildcard"
    TTL = "longer ttl"
    RELEASE = "writes releases"
    TRUST = "other keys trusted"
    IRREVOCABLE = "cannot be revoked"


@dataclass(frozen=True, order=True)
class Change:
    """One gain or loss. `subject` is the account, Nexus role or JWT role it is about."""

    subject: str
    sentence: str
    risks: tuple[Risk, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        risks = [risk.value for risk in self.risks]
        return {"subject": self.subject, "sentence": self.sentence, "risks": risks}


@dataclass(frozen=True)
class Difference:
    """What lies between two states; false when nothing does."""

    gains: tuple[Change, ...]
    losses: tuple[Change, ...]

    def __bool__(self) -> bool:
        return bool(self.gains or self.losses)

    @property
    def risks(self) -> tuple[Risk, ...]:
        """Return every mark that occurs, each once."""
        return tuple(risk for risk in Risk if any(risk in change.risks for change in self.gains))

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "gains": [change.to_json() for change in self.gains],
            "losses": [change.to_json() for change in self.losses],
        }
