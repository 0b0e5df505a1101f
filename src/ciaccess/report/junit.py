"""JUnit XML as GitLab's test tab reads it: one suite of cases."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree as ET

_NOT_IN_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Trouble:
    """Why a case did not pass: a failure is a finding, an error is a check that could not be made.

    `type` classifies it; `text` is what is shown of it in full, the message unless it is given.
    """

    element: Literal["failure", "error"]
    message: str
    type: str
    text: str = ""


@dataclass(frozen=True)
class Case:
    """One case; without trouble it passed."""

    group: str
    name: str
    trouble: Trouble | None = None


def document(name: str, cases: Iterable[Case], suite: str = "") -> str:
    """Return the XML of one suite, with the document's name unless it has its own."""
    listed = list(cases)
    troubles = [case.trouble.element for case in listed if case.trouble]
    counts = {
        "tests": str(len(listed)),
        "failures": str(troubles.count("failure")),
        "errors": str(troubles.count("error")),
    }
    suites = ET.Element("testsuites", {"name": name, **counts})
    within = ET.SubElement(suites, "testsuite", {"name": suite or name, **counts})
    for each in listed:
        case = ET.SubElement(within, "testcase", {"classname": _clean(each.group), "name": _clean(each.name)})
        if each.trouble:
            trouble = each.trouble
            attributes = {"message": _clean(trouble.message), "type": trouble.type}
            ET.SubElement(case, trouble.element, attributes).text = _clean(trouble.text or trouble.message)
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _clean(text: str) -> str:
    """Return a text without what XML cannot hold: names come from servers."""
    return _NOT_IN_XML.sub("", text)
