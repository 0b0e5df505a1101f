"""Vault's way in against access.yaml: the KV engine, the JWT backend, its roles and their policies.

Compares every managed field, and what no refresh of the engine sees: the mount's tune and description, the KV engine's
configuration, fields of a role that nobody declares (facts on Vault's provider).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ciaccess.access.desired.difference import differing
from ciaccess.access.desired.pipeline_identities import jwt_roles
from ciaccess.access.desired.vault import jwt_backend, jwt_role, vault_policies
from ciaccess.clients.errors import RefusedError
from ciaccess.drift.checks import Check
from ciaccess.drift.comparing import shown
from ciaccess.drift.findings import Finding
from ciaccess.engine import resource_types

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ciaccess.access import Access
    from ciaccess.access.desired.objects import Policy
    from ciaccess.clients.vault.client import Vault

_KV_DEFAULTS = {"cas_required": False, "delete_version_after": "0s", "max_versions": 0}
_BACKEND_UNUSED: dict[str, Any] = {
    "jwks_ca_pem": "",
    "jwks_pairs": [],
    "jwt_supported_algs": [],
    "oidc_client_id": "",
    "oidc_discovery_ca_pem": "",
    "provider_config": {},
}
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
_ROLE_UNUSED: dict[str, Any] = {
    "allowed_redirect_uris": [],
    "claim_mappings": {},
    "clock_skew_leeway": 0,
    "expiration_leeway": 0,
    "max_age": 0,
    "not_before_leeway": 0,
    "oidc_scopes": [],
    "user_claim_json_pointer": False,
}


def checks(access: Access, vault: Vault) -> list[Check]:
    """Return the checks of everything but the secrets."""
    jwt, kv = access.vault.jwt.mount, access.vault.kv.mount
    found = [
        Check(f"the KV engine {kv}/", lambda: _engine(access, vault), (f"sys/mounts/{kv}", f"{kv}/config")),
        Check(
            f"the JWT backend {jwt}/",
            lambda: _backend(access, vault),
            (f"sys/mounts/auth/{jwt}", f"auth/{jwt}/config"),
        ),
    ]
    found += [
        Check(f"policy {each.name}", _policy_question(vault, each), (f"sys/policies/acl/{each.name}",))
        for each in vault_policies(access).values()
    ]
    found += [
        Check(f"JWT role {name}", _role_question(access, vault, name), (f"auth/{jwt}/role/{name}",))
        for name in jwt_roles(access)
    ]
    return found


def mount_at(vault: Vault, path: str) -> dict[str, Any] | None:
    """Return what is mounted at a path (`secret`, `auth/jwt`), None where nothing is; Vault answers that with 400."""
    try:
        return vault.read(f"sys/mounts/{path}")
    except RefusedError as error:
        if "No secret engine mount" in error.said:
            return None
        raise


def has_engine(access: Access, vault: Vault) -> bool:
    """Tell whether the KV engine is there, of version 2; what else is wrong with it is told by its check."""
    found = mount_at(vault, access.vault.kv.mount)
    return found is not None and _is_engine(found)


def _is_engine(found: dict[str, Any]) -> bool:
    return found.get("type") == "kv" and (found.get("options") or {}).get("version") == "2"


def _engine(access: Access, vault: Vault) -> Iterator[Finding]:
    kv = access.vault.kv
    what, ours = f"KV engine {kv.mount}/", resource_types.kv_mount(access)
    found = mount_at(vault, kv.mount)
    if found is None:
        command = "" if ours else f"vault secrets enable -path={kv.mount} -version=2 kv"
        expected = "a KV engine of version 2"
        yield Finding("vault.mount.missing", what, expected, "nothing", targets=ours, by_hand=command)
        return
    if not _is_engine(found):
        version = (found.get("options") or {}).get("version", "1")
        command = f"vault kv enable-versioning {kv.mount}/"
        seen = f"{found.get('type')} of version {version}"
        yield Finding("vault.mount.version", what, "kv of version 2", seen, by_hand=command)
        return
    if kv.manage and found.get("description"):
        yield Finding("vault.mount.description", what, "none", str(found["description"]), targets=ours)
    settings = vault.read(f"{kv.mount}/config") or {}
    if names := differing(_KV_DEFAULTS, _in_seconds(settings)):
        command = f"vault write {kv.mount}/config {_assignments(_KV_DEFAULTS)}"
        yield Finding(
            "vault.kv.config", what, shown(_KV_DEFAULTS, names), shown(settings, names), by_hand=command
        )


def _in_seconds(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings with the one spelling of no duration."""
    duration = settings.get("delete_version_after")
    return {**settings, "delete_version_after": "0s" if duration in (None, "", 0, "0s") else duration}


def _backend(access: Access, vault: Vault) -> Iterator[Finding]:
    jwt = access.vault.jwt
    what = f"JWT backend {jwt.mount}/"
    target = resource_types.backend(access)
    mount = mount_at(vault, f"auth/{jwt.mount}")
    settings = vault.read(f"auth/{jwt.mount}/config") if mount else None
    if mount is None or settings is None or mount.get("type") != "jwt":
        seen = "nothing" if mount is None else f"{mount.get('type')} without a configuration"
        roles = [resource_types.jwt_role(access, name) for name in jwt_roles(access)]
        yield Finding("vault.backend.missing", what, "a JWT backend", seen, targets=(target, *roles))
        return
    declared = asdict(jwt_backend(jwt))
    if names := differing(declared, settings):
        yield Finding(
            "vault.backend.config", what, shown(declared, names), shown(settings, names), targets=(target,)
        )
    if names := differing(_BACKEND_UNUSED, settings):
        # A write replaces the whole configuration.
        assigned = {name: value for name, value in declared.items() if value}
        command = f"vault write auth/{jwt.mount}/config {_assignments(assigned)}"
        seen = shown(settings, names)
        yield Finding("vault.backend.config", what, shown(_BACKEND_UNUSED, names), seen, by_hand=command)
    yield from _tune(jwt.mount, what, mount)


def _tune(path: str, what: str, mount: dict[str, Any]) -> Iterator[Finding]:
    if mount.get("description"):
        command = f"vault auth tune -description='' {path}/"
        yield Finding("vault.backend.description", what, "none", str(mount["description"]), by_hand=command)
    tuned = dict(mount.get("config") or {})
    if tuned.get("listing_visibility") == "hidden":  # another word for the default
        del tuned["listing_visibility"]
    if names := differing(_TUNE_DEFAULTS, tuned):
        defaults = {name: _TUNE_DEFAULTS[name] for name in names}
        command = f"vault write sys/auth/{path}/tune {_assignments(defaults)}"
        yield Finding(
            "vault.backend.tune", what, shown(_TUNE_DEFAULTS, names), shown(tuned, names), by_hand=command
        )


def _policy_question(vault: Vault, policy: Policy) -> Any:
    return lambda: _policy(vault, policy)


def _policy(vault: Vault, policy: Policy) -> Iterator[Finding]:
    what, target = f"policy {policy.name}", resource_types.policy(policy.name)
    found = vault.read(f"sys/policies/acl/{policy.name}")
    if found is None:
        yield Finding("vault.policy.missing", what, "the declared text", "nothing", targets=(target,))
        return
    text = str(found.get("policy", ""))
    # Vault trims the text's ends, and keeps every other byte.
    if text.strip() != policy.text.strip():
        expected, seen = _first_difference(policy.text, text)
        yield Finding("vault.policy.text", what, expected, seen, targets=(target,))


def _first_difference(expected: str, found: str) -> tuple[str, str]:
    """Return the first line in which two texts differ, in both."""
    ours, theirs = expected.strip().splitlines(), found.strip().splitlines()
    number = next(
        (index for index, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]),
        min(len(ours), len(theirs)),
    )
    lines = [texts[number].strip() if number < len(texts) else "the end" for texts in (ours, theirs)]
    return f"line {number + 1}: {lines[0]}", f"line {number + 1}: {lines[1]}"


def _role_question(access: Access, vault: Vault, name: str) -> Any:
    return lambda: _role(access, vault, name)


def _role(access: Access, vault: Vault, name: str) -> Iterator[Finding]:
    path = f"auth/{access.vault.jwt.mount}/role/{name}"
    what, target = f"JWT role {name}", resource_types.jwt_role(access, name)
    found = vault.read(path)
    if found is None:
        # Without its backend it is gone too: that is told of the backend.
        if mount_at(vault, f"auth/{access.vault.jwt.mount}") is not None:
            yield Finding("vault.role.missing", what, "a role", "nothing", targets=(target,))
        return
    declared = asdict(jwt_role(name, jwt_roles(access)[name]))
    del declared["name"]  # not in the answer
    if names := differing(declared, found):
        yield Finding(
            "vault.role.fields", what, shown(declared, names), shown(found, names), targets=(target,)
        )
    if names := differing(_ROLE_UNUSED, found):
        # An update keeps what it does not name: only a new role, which the next repair makes, is without them.
        command = f"vault delete {path}"
        yield Finding(
            "vault.role.fields", what, shown(_ROLE_UNUSED, names), shown(found, names), by_hand=command
        )


def _assignments(fields: dict[str, Any]) -> str:
    """Return fields as `vault write` takes them: an empty list is an empty text there."""
    texts = {
        name: ",".join(sorted(value))
        if isinstance(value, list | frozenset)
        else str(value).lower()
        if isinstance(value, bool)
        else value
        for name, value in fields.items()
    }
    return " ".join(
        f"{name}='{text}'" if text == "" or " " in str(text) else f"{name}={text}"
        for name, text in texts.items()
    )
