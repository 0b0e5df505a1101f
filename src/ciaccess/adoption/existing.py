"""Existing objects for declared ones: the import id, the different fields, the obstacles.

One function per resource type, and one per kind of an account's parts; each reads one object from its system. Values are
compared as the engine compares them after the import, so that the plan lists exactly the changes of the first `up`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ciaccess.access.desired.difference import different_fields
from ciaccess.access.desired.ownership import owner_in
from ciaccess.engine import resource_types

if TYPE_CHECKING:
    from ciaccess.adoption.world import Systems
    from ciaccess.engine.preview import Declared

_BACKEND = ("oidcDiscoveryUrl", "jwksUrl", "jwtValidationPubkeys", "boundIssuer", "defaultRole")
# `up` does not reset them if they are not declared.
_AUTHORITIES = ("oidcDiscoveryCaPem", "jwksCaPem")


@dataclass(frozen=True)
class Existing:
    """An existing object: its import id, its owner by the marker, and the obstacle to an adoption.

    `differences` are inputs, by path. `missing` and `undeclared` are whole parts of an account.
    """

    identity: str
    differences: tuple[str, ...] = ()
    owner: str = ""
    obstacle: str = ""
    missing: tuple[str, ...] = ()
    undeclared: tuple[str, ...] = ()


Finder = Callable[[dict[str, Any], "Systems"], Existing | None]


def find(declared: Declared, systems: Systems) -> Existing | None:
    """Return the existing object for a declared one, or None; takeover handles accounts.

    Raises:
        ApiError: the system is not reachable, or refuses the request.
    """
    return FINDERS[declared.type](declared.inputs, systems)


def _in_nexus(collection: str, id_field: str, marked_in: str = "description") -> Finder:
    """Return the function that finds an object in a collection of Nexus's client."""

    def find_one(inputs: dict[str, Any], systems: Systems) -> Existing | None:
        found = getattr(systems.nexus, collection).find(inputs[id_field])
        if found is None:
            return None
        obstacle = ""
        if getattr(found, "read_only", False):
            obstacle = "it is built into Nexus"
        elif "type" in inputs and found.type != inputs["type"]:
            obstacle = f"it is of type {found.type}"
        owner = owner_in(getattr(found, marked_in))
        return Existing(inputs[id_field], different_inputs(vars(found), inputs), owner, obstacle)

    return find_one


def _variable(inputs: dict[str, Any], systems: Systems) -> Existing | None:
    group, key, scope = inputs["group"], inputs["key"], inputs["environment_scope"]
    found = systems.gitlab.variables(group).find(key, scope)
    if found is None:
        return None
    # The preview does not show the value of a masked variable.
    known = inputs if not inputs["masked"] else {**inputs, "value": found.value}
    obstacle = (
        "it is hidden, so its value cannot be read: delete it, or do not declare it" if found.hidden else ""
    )
    return Existing(
        f"{group}:{key}:{scope}", different_inputs(vars(found), known), owner_in(found.description), obstacle
    )


def _policy(inputs: dict[str, Any], systems: Systems) -> Existing | None:
    found = systems.vault.read(f"sys/policies/acl/{inputs['name']}")
    if found is None:
        return None
    text = str(found.get("policy", ""))
    return Existing(inputs["name"], () if text == inputs["policy"] else ("policy",), owner_in(text))


def _mount(inputs: dict[str, Any], systems: Systems) -> Existing | None:
    version = systems.vault.kv_version(inputs["path"])
    if version is None:
        return None
    wanted = str((inputs.get("options") or {}).get("version", "1"))
    obstacle = f"it is a KV engine of version {version}" if str(version) != wanted else ""
    return Existing(inputs["path"], obstacle=obstacle)


def _backend(inputs: dict[str, Any], systems: Systems) -> Existing | None:
    found = systems.vault.read(f"auth/{inputs['path']}/config")
    if found is None:
        return None
    compared = [*_BACKEND, *(name for name in _AUTHORITIES if name in inputs)]
    return Existing(inputs["path"], _different_in_vault(found, {name: inputs.get(name) for name in compared}))


def _jwt_role(inputs: dict[str, Any], systems: Systems) -> Existing | None:
    identity = f"auth/{inputs['backend']}/role/{inputs['roleName']}"
    found = systems.vault.read(identity)
    if found is None:
        return None
    compared = {name: inputs[name] for name in inputs if name not in ("backend", "roleName", "__defaults")}
    return Existing(identity, _different_in_vault(found, compared))


def different_inputs(found: Mapping[str, Any], inputs: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the inputs whose values differ in the existing object."""
    return tuple(sorted(different_fields({name: inputs[name] for name in inputs if name in found}, found)))


def _different_in_vault(found: Mapping[str, Any], inputs: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the inputs that differ from Vault's fields; pulumi-vault joins a claim's values."""
    claims = {claim: text.split(",") for claim, text in (inputs.get("boundClaims") or {}).items()}
    wanted = {**inputs, "boundClaims": claims} if claims else inputs
    by_field = {_snake(name): name for name in wanted}
    names = different_fields({field: wanted[name] for field, name in by_field.items()}, found)
    return tuple(sorted(by_field[name] for name in names))


def _snake(name: str) -> str:
    """Return Vault's name of a field: `bound_claims_type` for `boundClaimsType`."""
    return re.sub(r"[A-Z]", lambda letter: f"_{letter[0].lower()}", name)


_role = _in_nexus("roles", "role_id")
FINDERS: dict[str, Finder] = {
    resource_types.MOUNT: _mount,
    resource_types.BACKEND: _backend,
    resource_types.POLICY: _policy,
    resource_types.JWT_ROLE: _jwt_role,
    resource_types.ROLE: _role,
    resource_types.VARIABLE: _variable,
}
# The parts of an account, by their input.
PART_FINDERS: dict[str, Finder] = {
    "selectors": _in_nexus("content_selectors", "name"),
    "privileges": _in_nexus("privileges", "name"),
    "role": _role,
    "users": _in_nexus("users", "user_id", marked_in="last_name"),
}
