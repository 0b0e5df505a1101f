"""Pulumi's property values to plain ones and back. The one place that knows the traps of the SDK's conversion.

- an unknown value arrives as a certain text, and must leave as one: the SDK knows it in neither direction;
- there are no integers, only floats, and no bare lists: their items are property values;
- a secret may lie deep inside a list: then the whole property is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.rpc import UNKNOWN as WIRE_UNKNOWN

from clients.redaction import conceal
from provider.kinds.fields import UNKNOWN, Values

# The engine's words for an unknown bool, number, text, list and object (sdk/go/common/resource/plugin/rpc.go).
_WIRE_UNKNOWNS = (
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    WIRE_UNKNOWN,
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
)


def plain(properties: Mapping[str, PropertyValue]) -> Values:
    """Return properties as plain values; a property with an unknown part is UNKNOWN. Secrets are concealed from logs."""
    values: Values = {}
    for name, item in properties.items():
        value = _plain(item)
        values[name] = UNKNOWN if _has_unknown(value) else value
        if item.contains_secret():
            _conceal_all(value)
    return values


def secret_names(*properties: Mapping[str, PropertyValue]) -> frozenset[str]:
    """Return the names of the properties that are secrets, in any of the maps."""
    return frozenset(name for each in properties for name, item in each.items() if item.contains_secret())


def wire(values: Mapping[str, Any], secrets: frozenset[str]) -> dict[str, PropertyValue]:
    """Return plain values as properties, those named in `secrets` as secrets. What is None is left out."""
    properties: dict[str, PropertyValue] = {}
    for name, value in values.items():
        if value is not None:
            if name in secrets:
                _conceal_all(value)
            properties[name] = _wire(value).with_secret(name in secrets)
    return properties


def _plain(item: PropertyValue) -> Any:
    value = item.value
    if isinstance(value, str):
        return UNKNOWN if value in _WIRE_UNKNOWNS else value
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return value


def _has_unknown(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_has_unknown, value))
    if isinstance(value, dict):
        return any(map(_has_unknown, value.values()))
    return value is UNKNOWN


def _conceal_all(value: Any) -> None:
    if isinstance(value, str):
        conceal(value)
    elif isinstance(value, dict):
        _conceal_all(list(value.values()))
    elif isinstance(value, list | frozenset):
        for item in value:
            _conceal_all(item)


def _wire(value: Any) -> PropertyValue:
    if value is UNKNOWN:
        return PropertyValue(WIRE_UNKNOWN)
    if isinstance(value, bool | str):
        return PropertyValue(value)
    if isinstance(value, int | float):
        return PropertyValue(float(value))
    if isinstance(value, frozenset):
        return PropertyValue([PropertyValue(item) for item in sorted(value)])
    if isinstance(value, list):
        return PropertyValue([_wire(item) for item in value])
    if isinstance(value, dict):
        return PropertyValue({name: _wire(item) for name, item in value.items() if item is not None})
    raise TypeError(f"a {type(value).__name__} is no value of a property")
