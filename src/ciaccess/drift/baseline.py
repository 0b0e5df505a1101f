"""Accepted findings in config/drift-baseline.yaml, each with its reason and its last day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError

from ciaccess.access.model.checks import pattern_check, rule_error
from ciaccess.access.model.fields import LastDay
from ciaccess.access.model.models import Section
from ciaccess.access.reading import document
from ciaccess.access.reading.faults import ConfigError, suggest
from ciaccess.access.reading.messages import faults_of, misspelt_keys
from ciaccess.drift.catalogue import CLASSES
from ciaccess.drift.findings import Accepted, Report


def _known(identity: str) -> str:
    if identity not in CLASSES:
        remedy = suggest(identity, list(CLASSES), "See docs/runbook-drift.md for the ids")
        message = f"{identity} is not the id of a finding"
        raise rule_error(message, "an id of docs/runbook-drift.md", remedy)
    return identity


_Text = Annotated[str, AfterValidator(pattern_check(r"(?s).*\S.*", "is blank", "text", "Write a text"))]


class Entry(Section):
    """A finding that is accepted until a date, that day included."""

    id: Annotated[str, AfterValidator(_known)] = Field(description="The finding's id.")
    object: _Text = Field(description="What it is about, as the report names it.")
    reason: _Text = Field(description="Why it is accepted.")
    expires: LastDay = Field(description="The last day on which it is accepted.")


class _Baseline(Section):
    accepted: list[Entry] | None = Field(None, description="The accepted findings.")


def load(path: Path) -> tuple[Entry, ...]:
    """Read the baseline; one that does not exist accepts nothing.

    Raises:
        ConfigError: with every fault of the file.
    """
    if not path.exists():
        return ()
    read = document.read(path)
    faults, accepted = list(read.faults), None
    try:
        accepted = _Baseline.model_validate({} if read.data is None else read.data).accepted
    except ValidationError as error:
        faults += faults_of(read, error, misspelt_keys(error, _Baseline), _Baseline)
    if faults:
        raise ConfigError(tuple(sorted(faults, key=lambda fault: (fault.line, fault.column))))
    return tuple(accepted or ())


def apply(report: Report, baseline: tuple[Entry, ...], today: date) -> Report:
    """Return the report with accepted findings apart, and remarks on entries without effect."""
    by_key = {(entry.id, entry.object): entry for entry in baseline if entry.expires >= today}
    open_ones = {(each.id, each.object) for each in report.findings} - by_key.keys()
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
