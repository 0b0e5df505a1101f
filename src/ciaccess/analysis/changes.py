"""A gain or loss of access as a sentence, with marks for closer review."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ciaccess.access.desired.trust_anchors import ChangedAnchor


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
class Found:
    """The gains and losses of a comparison, in the order in which they are found."""

    gains: list[Change] = field(default_factory=list)
    losses: list[Change] = field(default_factory=list)

    def gain(self, subject: str, sentence: str, *risks: Risk) -> None:
        """Add a gain."""
        self.gains.append(Change(subject, sentence, risks))

    def lose(self, subject: str, sentence: str) -> None:
        """Add a loss."""
        self.losses.append(Change(subject, sentence))


@dataclass(frozen=True)
class Difference:
    """The differences of two states, false if there are none.

    `anchors` are changed trust anchors, `settings` changed settings that a reviewer must see, though they give no access.
    """

    gains: tuple[Change, ...] = ()
    losses: tuple[Change, ...] = ()
    anchors: tuple[ChangedAnchor, ...] = ()
    settings: tuple[ChangedAnchor, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.gains or self.losses or self.anchors or self.settings)

    @property
    def risks(self) -> tuple[Risk, ...]:
        """Return every mark that occurs, each once."""
        return tuple(risk for risk in Risk if any(risk in change.risks for change in self.gains))

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        found: dict[str, Any] = {
            "gains": [change.to_json() for change in self.gains],
            "losses": [change.to_json() for change in self.losses],
        }
        for key, changed in (("trust_anchors", self.anchors), ("other_settings", self.settings)):
            if changed:
                found[key] = [each._asdict() for each in changed]
        return found
