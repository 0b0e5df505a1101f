"""Conversion of Pulumi's wire values to plain ones and back.

- an unknown value is a fixed text, in either direction;
- there are no integers, only floats;
- a secret is a mapping with a fixed key; one nested anywhere in a property makes the whole property a secret.

Works on protobuf's Struct: with the SDK's PropertyValue, conversion took two thirds of a refresh of 1,000 accounts
(docs/adr/0013).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.struct_pb2 import Struct, Value  # type: ignore[import-untyped] # it comes without stubs

from ciaccess.clients.redaction import conceal
from ciaccess.provider.kinds.fields import UNKNOWN, Values
from ciaccess.provider.protocol import SECRET, SIGNATURE
from ciaccess.provider.protocol import UNKNOWN as WIRE_UNKNOWN

# The engine's texts for an unknown bool, number, text, list and object (sdk/go/common/resource/plugin/rpc.go).
_WIRE_UNKNOWNS = frozenset(
    (
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        WIRE_UNKNOWN,
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    )
)
_STRUCT, _LIST, _TEXT = "struct_value", "list_value", "string_value"


def plain(properties: Struct) -> Values:
    """Return properties as plain values; a property with an unknown part is UNKNOWN."""
    values: Values = {}
    for name, item in properties.fields.items():
        reading = _Reading()
        value = reading.value(item)
        values[name] = UNKNOWN if reading.is_unknown else value
        if reading.is_secret:
            _conceal_all(value)
    return values


def secret_names(*properties: Struct) -> frozenset[str]:
    """Return the names of secret properties in any of the structs."""
    return frozenset(
        name for each in properties for name, item in each.fields.items() if _contains_secret(item)
    )


def wire(values: Mapping[str, Any], secrets: frozenset[str]) -> Struct:
    """Return plain values as properties, those named in `secrets` as secrets. Omits None."""
    properties = Struct()
    for name, value in values.items():
        if value is None:
            continue
        target = properties.fields[name]
        if name in secrets:
            _conceal_all(value)
            fields = target.struct_value.fields
            fields[SIGNATURE].string_value = SECRET
            target = fields["value"]
        _fill(target, value)
    return properties


class _Reading:
    """Reads one property, and records whether any part of it is unknown or secret."""

    def __init__(self) -> None:
        self.is_unknown = False
        self.is_secret = False

    def value(self, item: Value) -> Any:
        """Return the plain value."""
        kind = item.WhichOneof("kind")
        if kind == _TEXT:
            text = item.string_value
            if text not in _WIRE_UNKNOWNS:
                return text
            self.is_unknown = True
            return UNKNOWN
        if kind == _STRUCT:
            fields = item.struct_value.fields
            if _is_secret(fields):
                self.is_secret = True
                return self.value(fields["value"])
            return {name: self.value(each) for name, each in fields.items()}
        if kind == _LIST:
            return [self.value(each) for each in item.list_value.values]
        return None if kind in (None, "null_value") else getattr(item, kind)


def _is_secret(fields: Mapping[str, Value]) -> bool:
    return SIGNATURE in fields and fields[SIGNATURE].string_value == SECRET


def _contains_secret(item: Value) -> bool:
    kind = item.WhichOneof("kind")
    if kind == _STRUCT:
        fields = item.struct_value.fields
        return _is_secret(fields) or any(map(_contains_secret, fields.values()))
    return kind == _LIST and any(map(_contains_secret, item.list_value.values))


def _conceal_all(value: Any) -> None:
    if isinstance(value, str):
        conceal(value)
    elif isinstance(value, dict):
        _conceal_all(list(value.values()))
    elif isinstance(value, list | frozenset):
        for item in value:
            _conceal_all(item)


def _fill(target: Value, value: Any) -> None:
    """Put a plain value into a protobuf value."""
    if value is UNKNOWN:
        target.string_value = WIRE_UNKNOWN
    elif isinstance(value, str):
        target.string_value = value
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int | float):
        target.number_value = value
    elif isinstance(value, frozenset | list):
        items = target.list_value
        items.SetInParent()
        for each in sorted(value) if isinstance(value, frozenset) else value:
            _fill(items.values.add(), each)
    elif isinstance(value, dict):
        held = target.struct_value
        held.SetInParent()
        for name, each in value.items():
            if each is not None:
                _fill(held.fields[name], each)
    else:
        raise TypeError(f"a {type(value).__name__} cannot be the value of a property")
