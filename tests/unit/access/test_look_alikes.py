# ruff: noqa: RUF001 look-alikes are what this is about
"""A claim's value is what a review takes it for; other scripts are not refused for being others."""

from __future__ import annotations

import pytest
from pydantic_core import PydanticCustomError

from ciaccess.access.model.checks_claims import audience, claim_values, subject


@pytest.mark.parametrize(
    "value",
    [
        "mаin",  # Cyrillic a
        "maın",  # dotless i, of Latin script itself
        "сосо",  # Cyrillic as a whole
        "release-а",  # a word of one Cyrillic letter
        "release-α",  # Unicode's list has the Greek alpha as an a
        "ｍain",
        "𝐦ain",
        "release‐1",  # a hyphen that is none of ASCII's
        "group∕project",
        "refs/heads/ⅿain",
        "Ꮇain",  # Cherokee
        "prо*",
    ],
)
def test_what_looks_like_ascii_is_refused_with_the_character(value: str) -> None:
    for check in (claim_values, subject):
        with pytest.raises(PydanticCustomError, match=r"U\+[0-9A-F]{4,5}\), which looks like "):
            check(value)


@pytest.mark.parametrize("hidden", ["\ufe0f", "\u034f", "\u3164", "\u0301", "\U000e0101", "\u2800"])
def test_what_cannot_be_seen_is_refused(hidden: str) -> None:
    for check in (claim_values, subject):
        with pytest.raises(PydanticCustomError, match=rf"has U\+{ord(hidden):04X}, which cannot be seen"):
            check(f"main{hidden}")


def test_so_it_is_in_an_audience() -> None:
    with pytest.raises(PydanticCustomError, match=r"has а \(U\+0430\), which looks like a"):
        audience("https://gitlаb.example.org")


@pytest.mark.parametrize(
    "value",
    [
        "release-β",
        "λ",
        "Δ-main",
        "релиз",
        "release-релиз",
        "café",
        "straße",
        "日本",
        "release/日本",
        "ñandú",
        "main-é",
    ],
)
def test_what_looks_like_nothing_else_is_accepted(value: str) -> None:
    assert claim_values(value) == [value]
