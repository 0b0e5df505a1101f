"""The result of a run: findings, checks that could not be made, remarks, and the verdict."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, IntEnum
from typing import Any

from ciaccess.access.desired.difference import Change
from ciaccess.access.reading.faults import display
from ciaccess.clients.could_not_look import CouldNotLook
from ciaccess.drift.catalogue import CLASSES, Severity
from ciaccess.engine.resource_types import Target

# What `pulumi up --refresh` repairs, or the command to run by hand; "" for neither.
Repair = Target | tuple[Target, ...] | str
# What is found of a missing object.
NOTHING = "nothing"
_DIGEST_DIGITS = 10
_MOST_CHARACTERS = 200


class Unseen(Enum):
    """What could not be read."""

    UNSEEN = "unseen"


UNSEEN = Unseen.UNSEEN


class Verdict(IntEnum):
    """The answer, by its exit code."""

    CLEAN = 0
    DRIFT = 2
    COULD_NOT_LOOK = 3


@dataclass(frozen=True)
class Finding:
    """One thing that is not as declared.

    `id` is one of the catalogue's classes, `object` what it is about (`user svc-bench`). `expected` and `found` never
    hold a secret. After a `repair` by hand the next check may find more for the engine. `since` is when, in ISO 8601, where
    the system knows. `changes` are the fields of an object; `not_applied` means that access.yaml was changed since the last
    `up`, and nothing else. `is_removed` means that access.yaml no longer has what the stack made. `implied_by` are findings,
    by id and object, that make this one needless unless all of them are accepted.
    """

    id: str
    object: str
    expected: str
    found: str
    repair: Repair = ""
    since: str = ""
    changes: tuple[Change, ...] = field(default=(), compare=False)
    not_applied: bool = False
    is_removed: bool = False
    implied_by: frozenset[tuple[str, str]] = frozenset()

    @property
    def targets(self) -> tuple[Target, ...]:
        """Return what `pulumi up --refresh` repairs."""
        if isinstance(self.repair, str):
            return ()
        return self.repair if isinstance(self.repair, tuple) else (self.repair,)

    @property
    def manual_command(self) -> str:
        """Return the command to run by hand, "" without one."""
        return self.repair if isinstance(self.repair, str) else ""

    @property
    def severity(self) -> Severity:
        """Return how bad it is."""
        return CLASSES[self.id].severity

    @property
    def title(self) -> str:
        """Return the description of its class."""
        return CLASSES[self.id].title

    @property
    def key(self) -> str:
        """Return what identifies it, whatever its details: a digest of class and object."""
        return hashlib.sha256(f"{self.id}\0{self.object}".encode()).hexdigest()[:_DIGEST_DIGITS]


@dataclass(frozen=True)
class Accepted:
    """A finding that the baseline accepts, with the reason, until the date."""

    finding: Finding
    reason: str
    expires: date


@dataclass(frozen=True)
class Report:
    """The report; `findings` count, `accepted` do not; `remarks` are what it does not cover."""

    stack: str
    findings: tuple[Finding, ...]
    could_not_look: tuple[CouldNotLook, ...]
    accepted: tuple[Accepted, ...] = ()
    remarks: tuple[str, ...] = ()
    looked_at: dict[str, int] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """Return the answer: what could not be checked outweighs what was found."""
        if self.could_not_look:
            return Verdict.COULD_NOT_LOOK
        return Verdict.DRIFT if self.findings else Verdict.CLEAN


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as JSON's types; its names are stable."""
    return {
        "stack": report.stack,
        "verdict": report.verdict.name.lower(),
        "findings": [finding_as_json(finding) for finding in report.findings],
        "could_not_look": [each.to_json() for each in report.could_not_look],
        "accepted": [
            finding_as_json(each.finding) | {"reason": each.reason, "expires": each.expires.isoformat()}
            for each in report.accepted
        ],
        "remarks": list(report.remarks),
        "looked_at": dict(sorted(report.looked_at.items())),
    }


def finding_as_json(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON's types."""
    return {
        "id": finding.id,
        "key": finding.key,
        "severity": finding.severity.value,
        "title": finding.title,
        "object": finding.object,
        "expected": finding.expected,
        "found": finding.found,
        "since": finding.since or None,
        "not_applied": finding.not_applied,
        "repair": "pulumi" if finding.targets else "by hand",
        "by_hand": finding.manual_command or None,
    }


def display_fields(fields: Mapping[str, Any], names: list[str]) -> str:
    """Return these fields as a finding shows them: `token_ttl=600, token_policies=["x"]`."""
    return ", ".join(f"{name}={display(plain(fields.get(name)), _MOST_CHARACTERS)}" for name in names)


def names_or_none(names: Iterable[str]) -> str:
    """Return names in order, or the word for none."""
    return ", ".join(sorted(names)) or "none"


def plain(value: Any) -> Any:
    """Return a value as JSON's types, sorted."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in sorted(value.items())}
    return sorted(value, key=str) if isinstance(value, list | tuple | set | frozenset) else value
