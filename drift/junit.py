"""The report as JUnit XML, for GitLab's test tab: a case for each class of findings, so that a clean run has cases too."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from drift.catalogue import CLASSES
from drift.findings import blind_groups

if TYPE_CHECKING:
    from drift.findings import Finding, Report

_NOT_IN_XML = {number: "" for number in range(32) if number not in (9, 10, 13)}


def junit(report: Report) -> str:
    """Return the XML. A class with findings fails; what could not be looked at is an error."""
    by_class: dict[str, list[Finding]] = {identity: [] for identity in CLASSES}
    for finding in report.findings:
        by_class[finding.id].append(finding)
    groups = blind_groups(report.blind)
    failures = sum(map(bool, by_class.values()))
    counts = {
        "tests": str(len(by_class) + len(groups)),
        "failures": str(failures),
        "errors": str(len(groups)),
    }
    suites = ET.Element("testsuites", {"name": "ciaccess drift", **counts})
    suite = ET.SubElement(suites, "testsuite", {"name": f"drift of {report.stack}", **counts})
    for subjects, spot in groups:
        case = ET.SubElement(
            suite, "testcase", {"classname": spot.system, "name": f"look at {_clean(subjects)}"}
        )
        text = _clean(f"could not look at {subjects} because {spot.because}. {spot.remedy}")
        ET.SubElement(case, "error", {"message": text, "type": "could-not-look"}).text = text
    for identity, found in by_class.items():
        case = ET.SubElement(suite, "testcase", {"classname": identity.partition(".")[0], "name": identity})
        if found:
            message = f"{CLASSES[identity].title}: {', '.join(finding.object for finding in found)}"
            attributes = {"message": _clean(message), "type": CLASSES[identity].severity.value}
            ET.SubElement(case, "failure", attributes).text = "\n".join(map(_line, found))
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _line(finding: Finding) -> str:
    since = f" since {finding.since}" if finding.since else ""
    return _clean(f"{finding.object}{since}\n  expected: {finding.expected}\n  found: {finding.found}")


def _clean(text: str) -> str:
    """Return a text without what XML cannot hold: names come from servers."""
    return "".join(letter for letter in text.translate(_NOT_IN_XML) if not "\ud800" <= letter <= "\udfff")
