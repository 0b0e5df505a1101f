"""Policies and JWT auth backends of Vault, read as the values of access/desired/objects."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from ciaccess.access.desired.objects import JwtBackend, JwtRole, Policy

if TYPE_CHECKING:
    from ciaccess.clients.vault.client import Vault

_T = TypeVar("_T", JwtBackend, JwtRole)


def read_policy(vault: Vault, name: str) -> Policy | None:
    """Return a policy; Vault trims the ends of its text, and keeps every other byte."""
    found = vault.read(f"sys/policies/acl/{name}")
    return None if found is None else Policy(name, str(found.get("policy", "")))


def read_jwt_backend(vault: Vault, mount: str) -> JwtBackend | None:
    """Return the configuration of a JWT backend, None where it has none."""
    found = vault.read(f"auth/{mount}/config")
    return None if found is None else _decoded(JwtBackend, found)


def read_jwt_role(vault: Vault, mount: str, name: str) -> JwtRole | None:
    """Return a role of a JWT backend."""
    found = vault.read(f"auth/{mount}/role/{name}")
    return None if found is None else _decoded(JwtRole, {**found, "name": name})


def _decoded(model: type[_T], data: dict[str, Any]) -> _T:
    """Return the model's fields; null is a field's default, and fields of other versions are ignored."""
    known = {each.name: data.get(each.name) for each in fields(model)}
    return model(**{name: _value(value) for name, value in known.items() if value is not None})


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _value(item) for key, item in value.items()}
    return frozenset(map(str, value)) if isinstance(value, list) else value
