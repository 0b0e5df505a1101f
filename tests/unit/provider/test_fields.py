from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciaccess.provider.kinds.fields import (
    FLAG,
    NAMES,
    TEXT,
    UNKNOWN,
    WHOLE_NUMBER,
    Failure,
    Field,
    Rule,
    at_most,
    check_fields,
    display,
    one_of,
)

FIELDS = (
    Field("name", rule=at_most(5, least=1)),
    Field("size", WHOLE_NUMBER, default=3),
    Field("on", FLAG, default=False),
    Field("tags", NAMES, default=frozenset()),
    Field("made", secret=True, computed=True, compared=False),
)


def checked(
    inputs: dict[str, Any], old: dict[str, Any] | None = None, secrets: frozenset[str] = frozenset()
) -> tuple[dict[str, Any], tuple[Failure, ...]]:
    return check_fields(FIELDS, old or {}, inputs, "thing", secrets)


def test_defaults_are_put_in_and_lists_become_sets() -> None:
    values, failures = checked({"name": "x", "tags": ["b", "a", "b"]})
    assert values == {"name": "x", "size": 3, "on": False, "tags": frozenset({"a", "b"})}
    assert failures == ()


def test_every_failure_is_told_in_one_go() -> None:
    _, failures = checked({"name": "", "size": 1.5, "on": "true", "tags": ["", "a"], "nam": 1})
    assert [failure.property for failure in failures] == ["nam", "name", "size", "on", "tags"]
    assert failures[0].reason == "is not a property of a thing. Allowed: name, size, on, tags"
    assert failures[2].reason == "1.5 is not allowed. Allowed: a whole number"


def test_names_of_the_engine_s_own_are_passed_over() -> None:
    assert checked({"name": "x", "__defaults": []})[1] == ()


def test_a_concealed_value_is_in_no_failure() -> None:
    _, failures = checked({"name": "too-long-a-name"}, secrets=frozenset({"name"}))
    assert failures[0].reason == "the secret value is not allowed. Allowed: 1 to 5 characters on one line"


def test_what_is_computed_may_come_back_from_an_import_and_may_not_be_given() -> None:
    assert checked({"name": "x", "made": "m"}, {"made": "m"}) == checked({"name": "x"})
    _, failures = checked({"name": "x", "made": "m"})
    assert failures == (Failure("made", "is not allowed: the plugin computes the made of a thing"),)


@pytest.mark.parametrize("field", FIELDS[:4], ids=lambda field: field.name)
def test_what_is_unknown_stays_unknown(field: Field) -> None:
    assert field.parse(UNKNOWN) is UNKNOWN
    assert field.from_state(UNKNOWN) is UNKNOWN


def test_a_state_of_another_type_is_kept_so_that_it_shows_as_a_difference() -> None:
    assert Field("on", FLAG).from_state("yes") == "yes"
    assert Field("tags", NAMES).from_state(["b", "a"]) == frozenset({"a", "b"})


@given(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(),
        st.lists(st.text()),
        st.dictionaries(st.text(), st.text()),
    )
)
def test_a_value_of_any_type_is_taken_or_refused_in_words(value: Any) -> None:
    for type_ in (TEXT, FLAG, WHOLE_NUMBER, NAMES):
        try:
            parsed = Field("f", type_).parse(value)
        except ValueError as error:
            assert "Allowed: " in str(error)  # noqa: PT017 either way is right
        else:
            assert parsed == Field("f", type_).from_state(value)


@pytest.mark.parametrize("value", [float("inf"), float("nan"), -0.5])
def test_a_number_that_is_not_whole_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="a whole number"):
        Field("f", WHOLE_NUMBER).parse(value)


def test_long_values_are_cut_and_numbers_shown_as_they_were_written() -> None:
    assert display("x" * 200).endswith("…")
    assert len(display("x" * 200)) == 80
    assert display(7.0) == "7"
    assert display(frozenset({"b", "a"})) == '["a", "b"]'


def test_rules_say_what_they_allow() -> None:
    assert one_of("a", "b").allowed == "a, b"
    assert Field("f", rule=Rule("nothing", lambda _: False), default="").parse(None) == "", (
        "a default needs no rule"
    )
