"""Logins of jobs against the desired state: KV engine, JWT backend, roles, policies.

Compares every managed field, and what no refresh of the engine reads: the mount's tune and description, the KV engine's
configuration, fields of a role that are not declared (facts on Vault's provider).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import partial
from shlex import quote
from typing import Any

from ciaccess.access.desired.difference import Change, difference, different_fields
from ciaccess.access.desired.objects import LEFT_BY_ENGINE, JwtRole, Policy
from ciaccess.access.desired.state import Desired
from ciaccess.clients.vault.client import Vault
from ciaccess.clients.vault.objects import read_jwt_backend, read_jwt_role, read_policy
from ciaccess.drift.check_run import Check
from ciaccess.drift.declared import findings
from ciaccess.drift.findings import NOTHING, Finding, display_fields, plain
from ciaccess.drift.manual_commands import write_command, write_json
from ciaccess.engine import resource_types
from ciaccess.engine.resource_types import Target

# Vault's own of an engine, and of each secret in it.
KV_DEFAULTS: dict[str, Any] = {"max_versions": 0, "cas_required": False, "delete_version_after": "0s"}
_TUNE_DEFAULTS: dict[str, Any] = {
    "default_lease_ttl": 0,
    "max_lease_ttl": 0,
    "listing_visibility": "",
    "token_type": "default-service",
    "force_no_cache": False,
    "passthrough_request_headers": [],
    "allowed_response_headers": [],
    "audit_non_hmac_request_keys": [],
    "audit_non_hmac_response_keys": [],
    "user_lockout_config": {},
}


def checks(desired: Desired, vault: Vault) -> list[Check]:
    """Return the checks of everything but the secrets."""
    jwt, kv = desired.jwt_mount, desired.kv_mount
    found = [
        Check(f"the KV engine {kv}/", lambda: _engine(desired, vault), (f"sys/mounts/{kv}", f"{kv}/config")),
        Check(
            f"the JWT backend {jwt}/",
            lambda: _backend(desired, vault),
            (f"sys/mounts/auth/{jwt}", f"auth/{jwt}/config"),
        ),
    ]
    found += [
        Check(f"policy {each.name}", partial(_policy, vault, each), (f"sys/policies/acl/{each.name}",))
        for each in desired.policies.values()
    ]
    found += [
        Check(f"JWT role {name}", partial(_role, desired, vault, role), (f"auth/{jwt}/role/{name}",))
        for name, role in desired.jwt_roles.items()
    ]
    return found


def has_engine(vault: Vault, mount: str) -> bool:
    """Tell whether a KV engine of version 2 exists; its own check reports other differences."""
    found = vault.mount(mount)
    return found is not None and _is_engine(found)


def _is_engine(found: dict[str, Any]) -> bool:
    return found.get("type") == "kv" and (found.get("options") or {}).get("version") == "2"


def _engine(desired: Desired, vault: Vault) -> Iterator[Finding]:
    mount = desired.kv_mount
    what, ours = f"KV engine {mount}/", resource_types.kv_mount(mount) if desired.manages_kv else None
    found = vault.mount(mount)
    if found is None:
        repair = ours or f"vault secrets enable -path={mount} -version=2 kv"
        yield Finding("vault.mount.missing", what, "a KV engine of version 2", NOTHING, repair)
        return
    if not _is_engine(found):
        is_kv = found.get("type") == "kv"
        # Another engine's data may be in use: no command takes it away.
        command = f"vault kv enable-versioning {mount}/" if is_kv else ""
        seen = "kv of version 1" if is_kv else f"an engine of type {found.get('type')}"
        yield Finding("vault.mount.version", what, "kv of version 2", seen, command)
        return
    if ours and found.get("description"):
        yield Finding("vault.mount.description", what, "none", str(found["description"]), ours)
    settings = vault.read(f"{mount}/config") or {}
    if names := changed_kv_settings(settings):
        command = write_command(f"{mount}/config", KV_DEFAULTS)
        expected, seen = display_fields(KV_DEFAULTS, names), display_fields(settings, names)
        yield Finding("vault.kv.config", what, expected, seen, command)


def changed_kv_settings(settings: Mapping[str, Any]) -> list[str]:
    """Return the settings that are not Vault's default; no duration has several spellings."""
    duration = settings.get("delete_version_after")
    return different_fields(KV_DEFAULTS, {**settings, "delete_version_after": duration or "0s"})


def _backend(desired: Desired, vault: Vault) -> Iterator[Finding]:
    mount = desired.jwt_mount
    identity = f"{mount}/"
    target = resource_types.backend(mount)
    mounted = vault.mount(f"auth/{mount}")
    found = read_jwt_backend(vault, mount) if mounted else None
    if mounted is None or found is None or mounted.get("type") != "jwt":
        seen = NOTHING if mounted is None else f"{mounted.get('type')} without a configuration"
        targets = (target, *(resource_types.jwt_role(mount, name) for name in desired.jwt_roles))
        what = f"JWT backend {identity}"
        yield Finding("vault.backend.missing", what, "a JWT backend", seen, targets)
        return
    # A write replaces the whole configuration, but for OpenBao's fields.
    assigned = {name: value for name, value in vars(desired.backend).items() if value}
    assigned |= _empty_values(found.undeclared_fields)
    command = write_command(f"auth/{mount}/config", assigned)
    changes = difference("JWT backend", {identity: desired.backend}, {identity: found})
    yield from _by_repair(changes.get(identity, ()), target, command)
    yield from _tune(mount, f"JWT backend {identity}", mounted)


def _by_repair(changes: Collection[Change], target: Target, command: str) -> Iterator[Finding]:
    """Return the findings that the engine repairs, and those that need a command.

    Of another type the engine deletes a role before it makes it again, and the command keeps it.
    """
    is_other_type = any(change.field == "role_type" for change in changes)
    manual = [change for change in changes if is_other_type or change.field in LEFT_BY_ENGINE]
    yield from findings((change for change in changes if change not in manual), target)
    yield from findings(manual, command)


def _tune(path: str, what: str, mount: dict[str, Any]) -> Iterator[Finding]:
    if mount.get("description"):
        command = f"vault auth tune -description='' {path}/"
        yield Finding("vault.backend.description", what, "none", str(mount["description"]), command)
    tuned = dict(mount.get("config") or {})
    if tuned.get("listing_visibility") == "hidden":  # another word for the default
        del tuned["listing_visibility"]
    if names := different_fields(_TUNE_DEFAULTS, tuned):
        command = write_command(f"sys/auth/{path}/tune", {name: _TUNE_DEFAULTS[name] for name in names})
        expected, seen = display_fields(_TUNE_DEFAULTS, names), display_fields(tuned, names)
        yield Finding("vault.backend.tune", what, expected, seen, command)


def _policy(vault: Vault, policy: Policy) -> Iterator[Finding]:
    found = read_policy(vault, policy.name)
    # Vault trims the text's ends, and keeps every other byte.
    texts = [{policy.name: replace(each, text=each.text.strip())} if each else {} for each in (policy, found)]
    for changes in difference("policy", *texts).values():
        command = _reset_command(vault, policy) if found and found.undeclared_fields else ""
        yield from _by_repair(changes, resource_types.policy(policy.name), command)


def _reset_command(vault: Vault, policy: Policy) -> str:
    """Return the command that writes a policy as declared; OpenBao resets the other fields."""
    version = (vault.read(f"sys/policies/acl/{policy.name}") or {}).get("version", 0)
    return f"printf '%s' {quote(policy.text)} | vault write sys/policies/acl/{policy.name} policy=- cas={version}"


def _empty_values(fields: Mapping[str, object]) -> dict[str, object]:
    return {
        name: False if isinstance(value, bool) else 0 if isinstance(value, int) else ""
        for name, value in fields.items()
    }


def _role(desired: Desired, vault: Vault, role: JwtRole) -> Iterator[Finding]:
    mount = desired.jwt_mount
    found = read_jwt_role(vault, mount, role.name)
    if found is None and vault.mount(f"auth/{mount}") is None:
        return  # the missing backend is reported, and the role with it
    observed = {} if found is None else {role.name: found}
    changes = difference("JWT role", {role.name: role}, observed).get(role.name, ())
    # The whole role: an update keeps most fields that it does not name, but not the types of the role and its claims.
    declared = {name: plain(value) for name, value in vars(role).items()}
    del declared["name"], declared["undeclared_fields"]
    declared |= _empty_values(found.undeclared_fields) if found else {}
    command = write_json(f"auth/{mount}/role/{role.name}", declared)
    yield from _by_repair(changes, resource_types.jwt_role(mount, role.name), command)
