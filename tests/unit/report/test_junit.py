"""The XML of a test report, in which names come from servers."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ciaccess.report.junit import Case, Trouble, document


def test_characters_that_xml_cannot_hold_are_left_out_of_every_text() -> None:
    evil = 'a\x00\x1b\ud800\ufffe\uffff<&"b'
    text = document("drift", [Case(evil, evil, Trouble("failure", evil, "user", evil))])
    (case,) = ET.fromstring(text).iter("testcase")  # noqa: S314 our own text
    assert {case.get("name"), case.get("classname"), case[0].get("message"), case[0].text} == {'a<&"b'}
    text.encode()
