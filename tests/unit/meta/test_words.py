"""Plain words in messages, docstrings and pages: docstrings start with one short sentence, and no text needs decoding."""

from __future__ import annotations

import ast
import re
import tokenize
from typing import TYPE_CHECKING

import pytest

from tests.unit.meta.test_rules import ROOT, tracked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_CHARACTERS_OF_A_FIRST_LINE = 95
# A pattern, and the words to use in its place.
FORBIDDEN = {
    r"nobody|somebody|whoever": "no one in particular: name the system, the user, the job",
    r"told|said|says": "report, message, record",
    r"lies?|bears?": "is, has",
    r"looked at|looks at|(?<!could not )look at|a look": "check, read, inspect",
    r"(hand|hands|handed) out": "the current user, the credentials in the secret",
    r"lets? (it|them|him|users?) in": "accept",
    r"for good": "permanently",
    r"made anew": "created again",
    r"without a word": "silently, with an empty body",
    r"goes on with|gone on with|gets over": "continue, handle",
    r"as it must be": "as expected",
    r"ends red": "fail",
    r"(?<!there )(?-i:is none)": "not, missing, invalid",
    r"(?<!there )(is|are) no (?!longer|more)": "is not a, is invalid",
    r"stands? (in|there|beside) ": "is in",
    r"theirs": "name the owner",
}
# Names of functions and classes that say nothing without their history.
FORBIDDEN_NAMES = {"Becomes", "Blind", "Look", "Means", "Outline", "Seen", "Sort", "Torn", "World"} | {
    *("by_hand", "following", "keep", "look", "meant", "mend", "whoever", "would_be_seen"),
}
# A function is a verb or a noun, not a participle (a property may be one); these are nouns.
NOUNS = {"finding", "mapping", "warning"}
SOURCES = tracked("src/*.py", "components/*.py", "tools/*.py", "__main__.py")
# Decisions are records of their day.
PAGES = [path for path in tracked("docs/*.md", "README.md", "CONTRIBUTING.md") if "adr" not in path.parts]


def docstrings(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield text


def texts(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        # A single word is a key or an id, which stays.
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.value


def comments(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as file:
        yield from (
            token.string
            for token in tokenize.generate_tokens(file.readline)
            if token.type == tokenize.COMMENT
        )


def remarks(text: str) -> list[str]:
    text = re.sub(r"`[^`]*`", "``", text)  # names in code
    return [
        f"{found[0]!r}: use {instead}, in {text[max(0, found.start() - 40) : found.end() + 40]!r}"
        for pattern, instead in FORBIDDEN.items()
        if (found := re.search(rf"\b(?:{pattern})\b", text, re.IGNORECASE))
    ]


def functions_and_classes(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield each name, and whether it may be a participle: that of a property or a class."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            yield node.name, True
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            decorators = {ast.unparse(each) for each in node.decorator_list}
            yield node.name.strip("_"), bool(decorators & {"property", "cached_property"})


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_docstring_starts_with_one_short_sentence(path: Path) -> None:
    first_lines = [text.splitlines()[0] for text in docstrings(path)]
    assert [line for line in first_lines if len(line) > MOST_CHARACTERS_OF_A_FIRST_LINE] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_messages_docstrings_and_comments_are_in_plain_words(path: Path) -> None:
    found = [*texts(path), *comments(path)]
    assert [remark for text in found for remark in remarks(text)] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_are_in_plain_words(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    prose = re.sub(r"^ *```.*?^ *```|\]\([^)]*\)", "", text, flags=re.DOTALL | re.MULTILINE)
    assert [remark for line in prose.splitlines() for remark in remarks(line)] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_are_in_plain_words(path: Path) -> None:
    names = list(functions_and_classes(path))
    assert {name for name, _ in names} & FORBIDDEN_NAMES == set()
    participles = {name for name, may in names if not may and re.fullmatch("[a-z]+((?<!e)ed|ing)", name)}
    assert participles - NOUNS == set(), "name it by a verb or a noun"
