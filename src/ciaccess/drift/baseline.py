"""Accepted findings in config/drift-baseline.yaml, each with its reason and its last day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ciaccess.access.reading import document
from ciaccess.access.reading.faults import ConfigError, Fault, suggest
from ciaccess.drift.catalogue import CLASSES
from ciaccess.drift.findings import Accepted, Report

if TYPE_CHECKING:
    from ciaccess.access.reading.document import Document, YamlPath

_KEYS = ("id", "object", "reason", "expires")


@dataclass(frozen=True)
class Entry:
    """A finding that is accepted until a date, that day included."""

    id: str
    object: str
    reason: str
    expires: date


def load(path: Path) -> tuple[Entry, ...]:
    """Read the baseline; one that does not exist accepts nothing.

    Raises:
        ConfigError: with every fault of the file.
    """
    if not path.exists():
        return ()
    read = document.read(path)
    faults = list(read.faults) + list(_faults(read))
    if faults:
        raise ConfigError(tuple(sorted(faults, key=lambda fault: (fault.line, fault.column))))
    rows = (read.data or {}).get("accepted") or ()
    return tuple(
        Entry(row["id"], row["object"], row["reason"], date.fromisoformat(row["expires"])) for row in rows
    )


def apply(report: Report, baseline: tuple[Entry, ...], today: date) -> Report:
    """Return the report with accepted findings apart, and remarks on entries without effect."""
    by_key = {(entry.id, entry.object): entry for entry in baseline if entry.expires >= today}
    open_ones = {each.object for each in report.findings if (each.id, each.object) not in by_key}
    found = tuple(each for each in report.findings if not each.implied_by & open_ones)
    accepted = [
        Accepted(finding, entry.reason, entry.expires)
        for finding in found
        if (entry := by_key.get((finding.id, finding.object)))
    ]
    counting = tuple(finding for finding in found if (finding.id, finding.object) not in by_key)
    seen = {(finding.id, finding.object) for finding in report.findings}
    remarks = [
        f"the baseline's entry {entry.id} of {entry.object} expired on {entry.expires}"
        for entry in baseline
        if entry.expires < today
    ]
    # What could not be checked may be there.
    remarks += [
        f"the baseline accepts {entry.id} of {entry.object}, which was not found: remove the entry"
        for key, entry in by_key.items()
        if key not in seen and not report.could_not_look
    ]
    return replace(
        report, findings=counting, accepted=tuple(accepted), remarks=report.remarks + tuple(remarks)
    )


def _faults(read: Document) -> Iterator[Fault]:
    data = read.data
    if data is None:
        return
    if not isinstance(data, dict) or set(data) - {"accepted"}:
        yield _fault(
            read, (), "is not a mapping with the key accepted", "accepted:", "Write the list below accepted:"
        )
        return
    rows = data.get("accepted")
    if rows is None:
        return
    if not isinstance(rows, list):
        yield _fault(read, ("accepted",), "is not a list", "a list of findings", "Begin each with - id:")
        return
    for index, row in enumerate(rows):
        yield from _row_faults(read, ("accepted", index), row)


def _row_faults(read: Document, path: YamlPath, row: Any) -> Iterator[Fault]:
    if not isinstance(row, dict):
        yield _fault(read, path, "is not a mapping", ", ".join(_KEYS), "Write keys with their values")
        return
    for key in row:
        if key not in _KEYS:
            yield _fault(
                read,
                (*path, key),
                "is not a key of this section",
                ", ".join(_KEYS),
                suggest(key, _KEYS, "Remove it"),
            )
    for key in _KEYS:
        if not isinstance(row.get(key), str) or not row[key].strip():
            yield _fault(read, (*path, key), "is missing, or not text", "text", f"Add {key}: with its value")
    identity = row.get("id")
    if isinstance(identity, str) and identity not in CLASSES:
        remedy = suggest(identity, list(CLASSES), "See docs/runbook-drift.md for the ids")
        yield _fault(
            read,
            (*path, "id"),
            f"{identity} is not the id of a finding",
            "an id of docs/runbook-drift.md",
            remedy,
        )
    if isinstance(row.get("expires"), str) and not _is_date(row["expires"]):
        yield _fault(
            read, (*path, "expires"), "is not a date", "a date such as 2027-03-31", "Write year-month-day"
        )


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _fault(read: Document, path: YamlPath, message: str, allowed: str, remedy: str) -> Fault:
    line, column = read.position(path)
    return Fault(read.file, line, column, document.dotted_path(path), read.at(path), message, allowed, remedy)
