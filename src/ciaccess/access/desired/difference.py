"""What differs between the desired state and an observed one: the one comparison of the product.

Lists are sets and empty is nothing: systems return the same value as null, "", [] or [""], and lists in any order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

_LISTS = (list, tuple, set, frozenset)


@dataclass(frozen=True)
class Change:
    """A field of an object that is not as desired; `field` is "" where the whole object is missing."""

    kind: str
    identity: str
    field: str
    desired: Any
    observed: Any


def difference(
    kind: str, desired: Mapping[str, object], observed: Mapping[str, object]
) -> dict[str, tuple[Change, ...]]:
    """Return the changes of each desired object by its key; ignores undesired objects.

    Both map keys to values of one type of desired/objects.
    """
    found = {key: tuple(changes_of(kind, key, wanted, observed.get(key))) for key, wanted in desired.items()}
    return {key: changes for key, changes in found.items() if changes}


def changes_of(kind: str, key: str, desired: Any, observed: object) -> Iterator[Change]:
    """Return the changes of one object."""
    if observed is None:
        yield Change(kind, key, "", desired, None)
        return
    wanted = {each.name: getattr(desired, each.name) for each in fields(desired) if each.compare}
    for name in different_fields(wanted, vars(observed)):
        yield Change(kind, key, name, wanted[name], getattr(observed, name))


def fields_of(kind: str, key: str, observed: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return the fields of an undeclared object as changes."""
    return tuple(Change(kind, key, name, None, value) for name, value in observed.items())


def different_fields(desired: Mapping[str, Any], observed: Mapping[str, Any]) -> list[str]:
    """Return the names of the desired fields that are observed with another value."""
    pairs = ((name, value, observed.get(name)) for name, value in desired.items())
    # Equal values first: most are, and a preview of a thousand accounts compares some 100,000.
    return [name for name, one, other in pairs if one != other and comparable(one) != comparable(other)]


def comparable(value: Any) -> Any:
    """Return a value in the form in which equal ones are equal.

    `[""]` is how pulumi-vault writes an empty list into a mount's tune.
    """
    if not value or value == [""]:
        return None
    if isinstance(value, Mapping):
        return {key: comparable(item if isinstance(item, _LISTS) else [item]) for key, item in value.items()}
    if isinstance(value, _LISTS):
        return frozenset(map(str, value))
    return value
