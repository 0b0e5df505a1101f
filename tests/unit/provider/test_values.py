from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.rpc import UNKNOWN as WIRE_UNKNOWN

from clients.redaction import redacted
from provider.kinds.fields import UNKNOWN
from provider.values import plain, secret_names, wire

NONE: frozenset[str] = frozenset()
PLAIN = st.one_of(st.booleans(), st.text(), st.integers(-(2**53), 2**53), st.frozensets(st.text(min_size=1)))


def through_protobuf(properties: dict[str, PropertyValue]) -> dict[str, PropertyValue]:
    return PropertyValue.unmarshal_map(PropertyValue.marshal_map(properties))


@given(st.dictionaries(st.text(min_size=1), PLAIN))
def test_values_survive_the_wire(values: dict[str, Any]) -> None:
    found = plain(through_protobuf(wire(values, NONE)))
    assert found == {
        name: sorted(value) if isinstance(value, frozenset) else value for name, value in values.items()
    }


def test_an_unknown_value_is_the_engine_s_word_both_ways() -> None:
    sent = wire({"a": UNKNOWN}, NONE)
    assert sent["a"].value == WIRE_UNKNOWN
    assert plain(through_protobuf(sent)) == {"a": UNKNOWN}


def test_a_property_with_an_unknown_part_is_unknown_as_a_whole() -> None:
    unknown = PropertyValue(WIRE_UNKNOWN)
    assert plain({"a": PropertyValue([PropertyValue("x"), unknown])}) == {"a": UNKNOWN}
    assert plain({"a": PropertyValue({"b": PropertyValue([unknown])})}) == {"a": UNKNOWN}


def test_a_property_with_a_secret_part_is_a_secret_and_concealed() -> None:
    properties = {
        "a": PropertyValue([PropertyValue("deep-secret").with_secret(is_secret=True)]),
        "b": PropertyValue("b"),
    }
    assert secret_names(properties) == {"a"}
    assert plain(properties) == {"a": ["deep-secret"], "b": "b"}
    assert redacted("a deep-secret") == "a ***"


def test_named_secrets_leave_as_secrets_and_are_concealed() -> None:
    sent = wire({"a": "made-secret", "b": "plain-text"}, frozenset({"a"}))
    assert sent["a"].is_secret
    assert not sent["b"].is_secret
    assert redacted("made-secret plain-text") == "*** plain-text"


def test_what_is_none_is_left_out() -> None:
    assert wire({"a": None}, NONE) == {}


def test_a_value_that_is_none_of_pulumi_s_is_a_fault_of_ours() -> None:
    with pytest.raises(TypeError, match="a object is no value of a property"):
        wire({"a": object()}, NONE)
