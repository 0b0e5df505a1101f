from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.rpc import UNKNOWN as WIRE_UNKNOWN

from ciaccess.clients.redaction import redact
from ciaccess.provider.kinds.fields import UNKNOWN
from ciaccess.provider.values import plain, secret_names, wire

if TYPE_CHECKING:
    from google.protobuf.struct_pb2 import Struct  # type: ignore[import-untyped] # it comes without stubs

NONE: frozenset[str] = frozenset()
SCALARS = st.one_of(
    st.booleans(), st.text(), st.integers(-(2**53), 2**53), st.frozensets(st.text(min_size=1))
)
NESTED = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1), inner), max_leaves=8
)


def sent(**properties: PropertyValue) -> Struct:
    """Return properties as the SDK, and so the engine, puts them on the wire."""
    return PropertyValue.marshal_map(properties)


def with_lists(value: Any) -> Any:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, dict):
        return {name: with_lists(each) for name, each in value.items()}
    return [with_lists(each) for each in value] if isinstance(value, list) else value


@given(st.dictionaries(st.text(min_size=1), NESTED))
def test_values_survive_the_wire(values: dict[str, Any]) -> None:
    assert plain(wire(values, NONE)) == with_lists(values)


@given(st.dictionaries(st.text(min_size=1), NESTED))
def test_what_is_sent_is_what_the_sdk_reads(values: dict[str, Any]) -> None:
    read = PropertyValue.unmarshal_map(wire(values, NONE))
    assert PropertyValue.marshal_map(read) == wire(values, NONE)


def test_an_unknown_value_is_the_engine_s_word_both_ways() -> None:
    properties = wire({"a": UNKNOWN}, NONE)
    assert properties.fields["a"].string_value == WIRE_UNKNOWN
    assert plain(properties) == {"a": UNKNOWN}


def test_a_property_with_an_unknown_part_is_unknown_as_a_whole() -> None:
    unknown = PropertyValue(WIRE_UNKNOWN)
    assert plain(sent(a=PropertyValue([PropertyValue("x"), unknown]))) == {"a": UNKNOWN}
    assert plain(sent(a=PropertyValue({"b": PropertyValue([unknown])}))) == {"a": UNKNOWN}


def test_a_property_with_a_secret_part_is_a_secret_and_concealed() -> None:
    deep = PropertyValue([PropertyValue("deep-secret").with_secret(is_secret=True)])
    properties = sent(a=deep, b=PropertyValue("b"))
    assert secret_names(properties) == {"a"}
    assert plain(properties) == {"a": ["deep-secret"], "b": "b"}
    assert redact("a deep-secret") == "a ***"


def test_named_secrets_leave_as_secrets_and_are_concealed() -> None:
    properties = wire({"a": {"x": "made-secret"}, "b": "plain-text"}, frozenset({"a"}))
    assert secret_names(properties) == {"a"}
    assert PropertyValue.unmarshal_map(properties)["a"].is_secret
    assert redact("made-secret plain-text") == "*** plain-text"


def test_what_is_none_is_left_out() -> None:
    assert plain(wire({"a": None, "b": {"c": None, "d": 1}}, NONE)) == {"b": {"d": 1}}


def test_a_value_that_is_none_of_pulumi_s_is_a_fault_of_ours() -> None:
    with pytest.raises(TypeError, match="a object cannot be the value of a property"):
        wire({"a": object()}, NONE)
