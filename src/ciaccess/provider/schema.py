"""The package schema, from the fields of the kinds: types, descriptions, defaults, secrets.

`pulumi package get-schema` prints it, and SDKs of other languages are generated from it.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ciaccess.provider.kinds.account_parts import PartKind, part_kinds
from ciaccess.provider.kinds.fields import REQUIRED, Field
from ciaccess.provider.kinds.service_account import ServiceAccount
from ciaccess.provider.kinds.table import KINDS
from ciaccess.provider.server import ADDRESSES, VERSION
from ciaccess.provider.systems import Systems

if TYPE_CHECKING:
    Spec = dict[str, Any]


def package_schema() -> Spec:
    """Return the schema as the engine reads it."""
    addresses = {name: {"type": "string", "description": text} for name, text in ADDRESSES.items()}
    return {
        "name": "ciaccess",
        "version": VERSION,
        "displayName": "ciaccess",
        "description": "The access that CI has to artifacts: accounts in Nexus, secrets in Vault, variables in GitLab.",
        "config": {"variables": addresses},
        "provider": {
            "description": "The plugin with its addresses. It reads credentials from its environment, never from inputs.",
            "inputProperties": addresses,
        },
        "types": {_type_of(each): _part(each) for each in _part_kinds()},
        "resources": {token: _resource(token) for token in KINDS},
    }


def _resource(token: str) -> Spec:
    kind = KINDS[token]
    parts = _references() if kind is ServiceAccount else {}
    inputs = [field for field in kind.fields if not field.computed]
    outputs = [field for field in kind.fields if field.compared or field.computed]
    return {
        "description": inspect.getdoc(kind),
        "inputProperties": _properties(inputs, parts),
        "requiredInputs": _required_names(inputs),
        "properties": _properties(outputs, parts),
        "required": [field.name for field in outputs],
    }


def _properties(fields: Iterable[Field], parts: Mapping[str, Spec]) -> Spec:
    return {field.name: _property(field, parts.get(field.name, field.type.schema)) for field in fields}


def _property(field: Field, type_: Mapping[str, Any]) -> Spec:
    allowed = f" Allowed: {field.rule.allowed}." if field.rule else ""
    found: Spec = {**type_, "description": f"{field.about}.{allowed}"}
    if field.secret:
        found["secret"] = True
    if field.identifies or field.replaces:
        found["willReplaceOnChanges"] = True
    if field.default and isinstance(field.default, str | bool):
        found["default"] = field.default
    return found


def _required_names(fields: Iterable[Field]) -> list[str]:
    return [field.name for field in fields if field.default is REQUIRED]


def _part_kinds() -> tuple[PartKind, ...]:
    return part_kinds(Systems({}, str))


def _part(part_kind: PartKind) -> Spec:
    return {
        "type": "object",
        "description": f"A {part_kind.kind.noun} of an account.",
        "properties": _properties(part_kind.fields, {}),
        "required": _required_names(part_kind.fields),
    }


def _references() -> dict[str, Spec]:
    """Return the types of an account's properties that hold parts."""
    found: dict[str, Spec] = {}
    for each in _part_kinds():
        part = {"$ref": f"#/types/{_type_of(each)}"}
        found[each.name] = {"type": "object", "additionalProperties": part} if each.many else part
    return found


def _type_of(part_kind: PartKind) -> str:
    return f"ciaccess:index:Account{type(part_kind.kind).__name__.removeprefix('Nexus')}"
