"""Policies and JWT auth backends of Vault, read as the values of access/desired/objects."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, TypeVar

from ciaccess.access.desired.objects import JwtBackend, JwtRole, Policy
from ciaccess.clients.vault.client import Vault, unexpected_answer

_T = TypeVar("_T", JwtBackend, JwtRole)
# What OpenBao has beside Vault. Fields that neither is known to have are ignored: a newer server may have any default.
_OPENBAO = frozenset({
    "allow_slashes_in_identity_templates", "allow_wildcards_in_identity_templates", "cas_required", "expiration",
    "oauth2_metadata", "oidc_disable_confirmation", "override_allowed_server_names", "token_policies_template_claims",
    "token_strictly_bind_ip",
})  # fmt: skip


def read_policy(vault: Vault, name: str) -> Policy | None:
    """Return a policy; Vault trims the ends of its text, and keeps every other byte."""
    found = vault.read(f"sys/policies/acl/{name}")
    if found is None:
        return None
    return Policy(name, str(found.get("policy", "")), _openbao_fields(found))


def read_jwt_backend(vault: Vault, mount: str) -> JwtBackend | None:
    """Return the configuration of a JWT backend, None where it has none."""
    found, doing = vault.read(f"auth/{mount}/config"), f"read the configuration of 'auth/{mount}'"
    return None if found is None else _decode(JwtBackend(), found, doing)


def read_jwt_role(vault: Vault, mount: str, name: str) -> JwtRole | None:
    """Return a role of a JWT backend."""
    found = vault.read(f"auth/{mount}/role/{name}")
    return None if found is None else _decode(JwtRole(name), found, f"read JWT role '{name}'")


def _decode(empty: _T, data: dict[str, Any], doing: str) -> _T:
    """Return an object with the fields of `data`; null is the default.

    Unknown fields are ignored, but for OpenBao's.
    """
    names = {each.name for each in fields(empty)} - {"name", "undeclared_fields"}
    given = {name: _value(data[name]) for name in names if data.get(name) is not None}
    for name, value in given.items():
        if type(value) is not type(getattr(empty, name)):
            raise unexpected_answer(doing, f"the response has a {name} of another type")
    return replace(empty, **given, undeclared_fields=_openbao_fields(data))


def _openbao_fields(data: dict[str, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in data.items() if name in _OPENBAO and value}


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _value(item) for key, item in value.items()}
    return frozenset(map(str, value)) if isinstance(value, list) else value
