"""The report as JUnit XML for GitLab's test tab, with a case for each class of findings."""

from __future__ import annotations

from ciaccess.clients.could_not_look import by_cause
from ciaccess.drift.catalogue import CLASSES
from ciaccess.drift.findings import Finding, Report
from ciaccess.report.junit import Case, Trouble, document


def junit(report: Report) -> str:
    """Return the XML. A class with findings fails; what could not be checked is an error."""
    by_class: dict[str, list[Finding]] = {identity: [] for identity in CLASSES}
    for finding in report.findings:
        by_class[finding.id].append(finding)
    cases = [
        Case(each.system, f"check {each.subject}", Trouble("error", str(each), "could-not-look"))
        for each in by_cause(report.could_not_look)
    ]
    cases += [_class(identity, found) for identity, found in by_class.items()]
    return document("ciaccess drift", cases, f"drift of {report.stack}")


def _class(identity: str, found: list[Finding]) -> Case:
    group = identity.partition(".")[0]
    if not found:
        return Case(group, identity)
    message = f"{CLASSES[identity].title}: {', '.join(finding.object for finding in found)}"
    severity = CLASSES[identity].severity.value
    return Case(group, identity, Trouble("failure", message, severity, "\n".join(map(_lines, found))))


def _lines(finding: Finding) -> str:
    since = f" since {finding.since}" if finding.since else ""
    return f"{finding.object}{since}\n  expected: {finding.expected}\n  found: {finding.found}"
