from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ciaccess.access.reading.document import read
from ciaccess.adoption.draft import Draft, text

# What YAML takes for something else, or what ends a line of it.
HOSTILE = [
    "yes",
    "no",
    "null",
    "~",
    "1",
    "0x10",
    "1e3",
    "12:30",
    "0:?",
    "- a",
    "a: b",
    "#c",
    "'",
    '"',
    "ä→",
    "* a",
    "&a",
    "",
]
# What cannot be seen in a review is refused in any access.yaml.
_LETTERS = st.characters(categories=["L", "N", "P", "S"], include_characters=" ").filter(str.isprintable)
_TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(_LETTERS, max_size=20))
_KEYS = st.from_regex(r"[a-z][a-z0-9-]{0,10}", fullmatch=True)
_DATA = st.dictionaries(
    _KEYS,
    st.recursive(
        st.one_of(_TEXTS, st.booleans(), st.integers(0, 10**6)),
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3), st.dictionaries(_KEYS, inner, min_size=1, max_size=3)
        ),
        max_leaves=10,
    ),
    min_size=1,
    max_size=4,
)


def read_back(written: str) -> Any:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "access.yaml"
        path.write_text(written, encoding="utf-8")
        document = read(path)
    assert not document.faults, document.faults
    return document.data


@settings(deadline=None, max_examples=60)
@given(_DATA)
def test_whatever_stands_in_a_draft_reads_back_as_it_was(data: dict[str, Any]) -> None:
    assert read_back(text(Draft(data))) == data


@pytest.mark.parametrize(
    "said", ["a\nkey: injected", "a\r\nb", "x" * 500, "tab\there", "# more", "ends\u2028here"]
)
def test_a_remark_never_ends_its_comment(said: str) -> None:
    data = {"a": {"b": [1, 2], "c": "d"}, "e": "f"}
    draft = Draft(data)
    for path in (("a",), ("a", "b"), ("a", "b", 1), ("a", "c"), ("e",)):
        draft.remark("rule", path, said, said)
    written = text(draft)
    assert read_back(written) == data
    assert written.count("# rule: ") == 5


def test_a_remark_stands_right_before_its_place() -> None:
    draft = Draft({"accounts": {"svc-a": {"purpose": "A"}, "svc-b": {"purpose": "B"}}})
    draft.remark("some-rule", ("accounts", "svc-b"), "This", "That")
    lines = text(draft).splitlines()
    assert lines[lines.index("  svc-b:") - 1] == "  # some-rule: This. That."
