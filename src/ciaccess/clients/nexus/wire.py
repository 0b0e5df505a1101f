"""The JSON of Nexus's objects: declared as data for each kind, read and written here.

A model is a frozen dataclass whose fields are text, flags, or sets of text. Fields that Nexus added since are
ignored; a missing one takes its default, or is empty; one of a wrong type is an error that names it.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, get_origin, get_type_hints

from ciaccess.clients.errors import UnexpectedAnswerError

T = TypeVar("T")
NEXUS = "Nexus"
_WANTED = {frozenset: "a list of texts", bool: "a flag", str: "a text"}


@dataclass(frozen=True)
class Kind(Generic[T]):
    """A kind of Nexus object.

    `path` is below /service/rest/v1, `renamed` has Nexus's names of fields that are not ours in camel case, `identity` is
    the field that identifies an object, `unsent` are the fields that Nexus alone decides, `upper_case` the sets that are lower-case
    here (as in the names of Nexus's own privileges) and upper-case in its JSON, `grants` begins the names of the
    privileges that the kind needs. `built_in` are ids of objects that are read-only where Nexus (3.30) does not say so.
    """

    noun: str
    model: type[T]
    path: str
    identity: str
    grants: str
    renamed: Mapping[str, str] = dataclasses.field(default_factory=dict)
    params: Mapping[str, str] = dataclasses.field(default_factory=dict)
    unsent: frozenset[str] = frozenset()
    upper_case: frozenset[str] = frozenset()
    built_in: frozenset[str] = frozenset()
    is_written_by_type: bool = False

    def write_path(self, item: T) -> str:
        """Return the path of a write; some kinds have one for each type."""
        return f"{self.path}/{vars(item)['type']}" if self.is_written_by_type else self.path

    def id_of(self, item: T) -> str:
        """Return an object's id."""
        return str(getattr(item, self.identity))

    def encode(self, item: T, fields: Iterable[str] | None = None) -> dict[str, Any]:
        """Return an object, or these fields of it, as Nexus's JSON, with sorted sets."""
        sent = self.wire.keys() - self.unsent if fields is None else fields
        values = {field: getattr(item, field) for field in sorted(sent)}
        for field, value in values.items():
            if isinstance(value, frozenset):
                values[field] = sorted(map(str.upper, value) if field in self.upper_case else value)
        return {self.wire[field]: value for field, value in values.items()}

    @functools.cached_property
    def wire(self) -> dict[str, str]:
        """Nexus's name for each field."""
        return {name: self.renamed.get(name) or camel_case(name) for name in self.fields}

    @functools.cached_property
    def fields(self) -> dict[str, tuple[type, Any]]:
        """The model's fields with their types, and what they are when Nexus does not say.

        A flag without a default (None) is never guessed: it must be set.
        """
        types = get_type_hints(self.model)
        plain: dict[str, type] = {name: get_origin(kind) or kind for name, kind in types.items()}
        declared = dataclasses.fields(self.model)  # type: ignore[arg-type] # every model is a dataclass
        empty: dict[type, Any] = {str: "", frozenset: frozenset(), bool: None}
        return {
            field.name: (
                plain[field.name],
                empty[plain[field.name]] if field.default is dataclasses.MISSING else field.default,
            )
            for field in declared
        }

    def decode(self, data: Any, doing: str) -> T:
        """Return the object that Nexus's JSON describes; the error names the object and the field."""
        if not isinstance(data, dict):
            raise unexpected_answer(doing, f"{_type_name(data)} stands where a {self.noun} should")
        identity = data.get(self.wire[self.identity])
        if not isinstance(identity, str) or not identity:
            raise unexpected_answer(doing, f"a {self.noun} has no text as its '{self.wire[self.identity]}'")
        values: dict[str, Any] = {}
        for field, (kind, default) in self.fields.items():
            name = self.wire[field]
            value = data.get(name)
            if value is None and default is None:
                raise unexpected_answer(doing, f"{self.noun} '{identity}' has no '{name}'")
            if value is None:
                value = default
            elif not _is_of_type(value, kind):
                reason = f"has {_type_name(value)} as its '{name}', not {_WANTED[kind]}"
                raise unexpected_answer(doing, f"{self.noun} '{identity}' {reason}")
            elif kind is frozenset:
                value = frozenset(map(str.lower, value) if field in self.upper_case else value)
            values[field] = value
        if identity in self.built_in:
            values["read_only"] = True
        return self.model(**values)


def unexpected_answer(doing: str, reason: str) -> UnexpectedAnswerError:
    """Return the error of an answer of another shape."""
    return UnexpectedAnswerError(doing, reason, "Check that this is Nexus, and its version.", system=NEXUS)


def _is_of_type(value: object, kind: type) -> bool:
    if kind is frozenset:
        return isinstance(value, list) and all(isinstance(word, str) for word in value)
    return isinstance(value, kind)


def camel_case(name: str) -> str:
    """Return a name such as content_selector as contentSelector."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def _type_name(value: object) -> str:
    """Name a value's type without showing it: it may be a secret in the wrong place."""
    names = {str: "a text", bool: "a flag", int: "a number", float: "a number", list: "a list"}
    return "an object" if isinstance(value, dict) else names.get(type(value), "nothing")
