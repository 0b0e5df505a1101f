"""A preview as a page: who gains and loses, what changes, and apart from it what drifted."""

from __future__ import annotations

from collections.abc import Iterable

from ciaccess.analysis.sections import of_changes, verdict
from ciaccess.clients.could_not_look import CouldNotLook, by_cause
from ciaccess.report.page import Finding, Page, Section, Tone, count_text
from ciaccess.review.fields import FieldChange, Masked
from ciaccess.review.report import Agreement, Report
from ciaccess.review.resources import ResourceChange

_TONES: dict[str, Tone] = {"create": "gain", "import": "gain", "delete": "loss", "replace": "risky"}
_WORDS = {
    "create": "is made",
    "import": "is taken over",
    "update": "changes",
    "delete": "is deleted",
    "replace": "is deleted and created again",
}
_BY_HAND = {"update": "was changed", "delete": "was deleted"}
# What every new thing of its kind has, so that it tells nothing.
_SAME_FOR_ALL = ("login", "status", "last_name", "type", "email_address", "handed_out_by")
# What follows from an account's name and purpose, where the whole account is described in a few lines.
_FOLLOWS = (*_SAME_FOR_ALL, "name", "description")
PEOPLE, OBJECTS, DRIFT = (
    "Who gains, who loses",
    "Objects that this change alters",
    "Drift found in passing",
)
NOT_CHECKED = "Not checked"
DISAGREEMENT = "The YAML and the engine do not agree"
_REASONS = (
    "What access.yaml changes since {base}, and what the engine would do, are not the same. Usual reasons: what was merged "
    "before is not applied yet (check the pipeline of the default branch), this branch lacks commits of it (rebase), or "
    "this change is applied already."
)


def page_of(report: Report) -> Page:
    """Return the page of a preview that came to its end."""
    people = of_changes(report.access) or (
        Section(PEOPLE, nothing="No account or job gains or loses access."),
    )
    sections = [*people]
    if report.agreement is not None and not report.agreement:
        sections.append(_disagreement_section(report.agreement))
    changes = tuple(map(_change, report.changes))
    sections.append(Section(OBJECTS, findings=changes, nothing="This change alters nothing."))
    if report.drift:
        sections.append(_drift(report))
    if report.not_checked:
        sections.append(Section(NOT_CHECKED, findings=tuple(map(Finding, report.not_checked))))
    text, tone = _verdict(report)
    counts = ", ".join(f"{number} to {verb}" for verb, number in report.counts._asdict().items())
    facts = [("pulumi up", counts)]
    if report.agreement is not None:
        facts.append(("Compared with", report.agreement.base))
    facts += [("Former account", sentence) for sentence in report.former]
    return Page(
        f"Preview of {report.project}, stack {report.stack}",
        text,
        tone,
        tuple(sections),
        tuple(facts),
        report.charts,
    )


def not_checked(project: str, stack: str, could_not_look: Iterable[CouldNotLook]) -> Page:
    """Return the page of a preview in which something could not be checked."""
    findings = tuple(
        Finding(each.sentence, "bad", details=(each.remedy,)) for each in by_cause(could_not_look)
    )
    section = Section(NOT_CHECKED, "The effect of this change is therefore unknown.", findings)
    return Page(f"Preview of {project}, stack {stack}", "Could not look", "bad", (section,))


def page_of_failure(project: str, stack: str, messages: Iterable[str]) -> Page:
    """Return the page of a preview in which the engine failed."""
    section = Section("Messages of the engine", findings=tuple(map(_message, messages)))
    return Page(f"Preview of {project}, stack {stack}", "The preview failed", "bad", (section,))


def _message(message: str) -> Finding:
    first, *others = [line.strip() for line in message.splitlines() if line.strip()] or [""]
    return Finding(first, "bad", details=tuple(others))


def _verdict(report: Report) -> tuple[str, Tone]:
    if report.is_clean:
        return "Nothing changes.", "good"
    text, tone = verdict(report.access)
    parts = [text]
    if report.changes:
        verb = "changes" if len(report.changes) == 1 else "change"
        parts.append(f"{count_text(len(report.changes), 'object')} {verb}.")
    elif not report.access:
        parts = ["This change alters nothing."]
    if report.drift:
        were = "was" if len(report.drift) == 1 else "were"
        parts.append(f"Drift: {count_text(len(report.drift), 'object')} {were} changed by hand.")
    if report.agreement is not None and not report.agreement:
        parts.append(f"{DISAGREEMENT}.")
        tone = "risky"
    elif tone == "good":
        tone = "plain"
    return " ".join(parts), tone


def _disagreement_section(agreement: Agreement) -> Section:
    if agreement.refused:
        finding = Finding(
            f"The YAML of {agreement.base} could not be compared", "risky", details=(agreement.refused,)
        )
        return Section(DISAGREEMENT, findings=(finding,))
    found = [
        Finding(f"only {source}: {change.sentence}", "risky")
        for source, difference in (("the YAML", agreement.yaml_only), ("the engine", agreement.engine_only))
        for change in (*difference.gains, *difference.losses)
    ]
    return Section(DISAGREEMENT, _REASONS.format(base=agreement.base), tuple(found))


def _change(change: ResourceChange) -> Finding:
    shown = list(change.fields)
    if change.action == "create":
        shown = [each for each in shown if each.name not in _SAME_FOR_ALL and each.after != change.name]
        details = [f"{field.name}: {field.note or _whole(field)}" for field in shown if not field.is_text]
    else:
        details = [field.sentence() for field in shown if not field.is_text]
    details += _parts(change)
    text = f"{change.noun} {change.name} {_WORDS[change.action]}"
    return Finding(text, _TONES.get(change.action, "plain"), (), tuple(details), _lines(shown))


def _parts(change: ResourceChange) -> list[str]:
    """Return the parts of an account that is made, or that goes, as a whole: a line for each sort."""
    by_noun: dict[str, list[str]] = {}
    for part in change.parts:
        by_noun.setdefault(part.noun, []).append(_part(part))
    return [f"{noun}{'s' * (len(texts) > 1)} {', '.join(texts)}" for noun, texts in by_noun.items()]


def _part(part: ResourceChange) -> str:
    texts = [
        f"{field.name}: {field.note or _whole(field)}"
        for field in part.fields
        if field.name not in _FOLLOWS and field.after != part.name
    ]
    return f"{part.name} ({'; '.join(texts)})" if texts else part.name


def _whole(field: FieldChange) -> str:
    return ", ".join(field.after) if isinstance(field.after, tuple) else str(field.after)


def _lines(fields: Iterable[FieldChange]) -> tuple[str, ...]:
    return tuple(line for field in fields if field.is_text for line in field.lines())


def _drift(report: Report) -> Section:
    gains = [
        Finding(f"by hand: {change.sentence}", "risky" if change.risks else "plain", tuple(change.risks))
        for change in report.drift_access.gains
    ]
    losses = [Finding(f"by hand: {change.sentence}") for change in report.drift_access.losses]
    resources = map(_drift_finding, report.drift)
    intro = "Changed by hand since the last pulumi up. This change does not contain it, and the next up puts it back."
    if not report.locked:
        return Section(DRIFT, intro, (*gains, *losses, *resources))
    locked = Finding(
        f"{report.locked} locks the stack: what it did is shown as made by hand. If that run is dead: "
        f"./ciaccess recover --stack {report.stack}",
        "bad",
    )
    return Section(DRIFT, intro, (locked, *gains, *losses, *resources))


def _drift_finding(change: ResourceChange) -> Finding:
    details = [_login(field) or field.sentence() for field in change.fields if not field.is_text]
    if not change.put_back:
        details.append("pulumi up leaves it so: this change declares the same")
    details += _parts(change)
    text = f"{change.noun} {change.name} {_BY_HAND[change.action]} by hand"
    return Finding(text, "loss", (), tuple(details), _lines(change.fields))


def _login(field: FieldChange) -> str:
    if field.name == "login" and not isinstance(field.before, Masked):
        return "password: Nexus no longer accepts the one in Vault, or the user is disabled"
    return ""
