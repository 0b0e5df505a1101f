"""Objects in Vault that a killed run created but did not record; they are imported.

The next `up` itself finds Nexus's objects and the secrets. But pulumi-vault would silently overwrite policies, JWT roles,
the backend and the mount, so they are imported, if their owner marker is ours.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from ciaccess.access import Access
from ciaccess.access.desired.ownership import owner_in
from ciaccess.access.desired.pipeline_identities import jwt_roles
from ciaccess.access.desired.vault import vault_policies
from ciaccess.adoption.plan import Plan, PlannedAction
from ciaccess.adoption.session import session
from ciaccess.clients.vault.client import Vault
from ciaccess.clients.vault.objects import read_policy
from ciaccess.clients.vault.secret import VaultSecret
from ciaccess.engine.resource_types import Target, backend, jwt_role, kv_mount, policy
from ciaccess.engine.state import parse
from ciaccess.recovery.leftovers import Leftover


def leftovers(
    export: dict[str, Any], access: Access, vault: Vault, stack: str, settings_file: Path | None
) -> list[Leftover]:
    """Return the unrecorded objects in Vault as one leftover.

    Raises:
        ApiError: Vault could not be checked.
    """
    found = unrecorded_objects(export, access, vault)
    if not found:
        return []
    names = ", ".join(target.identity for target in found)
    return [
        Leftover(
            "unrecorded",
            f"in Vault but not in the state, and marked as managed by {access.owner}: {names}",
            "import them into the state; no system is written to",
            partial(take_into_state, stack, settings_file, found),
        )
    ]


def unrecorded_objects(export: dict[str, Any], access: Access, vault: Vault) -> tuple[Target, ...]:
    """Return the objects that are in Vault, not in the state, and ours.

    A policy is ours by the marker in its text, a role if all its policies are, the backend if it has roles and all of
    them are, a managed KV engine if it has secrets and the owner of all of them is ours.

    Raises:
        ApiError: Vault could not be checked.
    """
    known = parse(export).urns
    ours = {
        each.name
        for each in vault_policies(access).values()
        if _is_our_policy(vault, each.name, access.owner)
    }
    found = [policy(name) for name in sorted(ours) if policy(name) not in known]
    mount = access.vault.jwt.mount
    is_all_ours = True
    listed = vault.keys(f"auth/{mount}/role") if ours else []
    for name in listed:
        is_ours = _is_our_role(vault, f"auth/{mount}/role/{name}", ours)
        is_all_ours &= is_ours
        target = jwt_role(mount, name)
        if is_ours and name in jwt_roles(access) and target not in known:
            found.append(target)
    if listed and is_all_ours and backend(mount) not in known:
        found.insert(0, backend(mount))
    engine = kv_mount(access.vault.kv.mount)
    if access.vault.kv.manage and engine not in known and _is_our_engine(vault, access):
        found.append(engine)
    return tuple(found)


def take_into_state(stack: str, settings_file: Path | None, targets: tuple[Target, ...]) -> None:
    """Import these objects into the stack's state. Writes to no system.

    Raises:
        CommandError: the engine failed, or a system could not be checked.
    """
    with session(stack, settings_file) as adopting:
        whole = adopting.plan()
        adopted = whole.of(PlannedAction.ADOPTED)
        chosen = Plan(whole.declared, tuple(step for step in adopted if step.resource.target in targets))
        adopting.take_into_state(chosen)
        adopting.changes(chosen)
        adopting.settle(chosen)


def _is_our_policy(vault: Vault, name: str, owner: str) -> bool:
    found = read_policy(vault, name)
    return found is not None and owner_in(found.text) == owner


def _is_our_role(vault: Vault, path: str, ours: set[str]) -> bool:
    granted = set((vault.read(path) or {}).get("token_policies") or ())
    return bool(granted) and granted <= ours


def _is_our_engine(vault: Vault, access: Access) -> bool:
    mount, folder = access.vault.kv.mount, access.vault.kv.prefix
    names = vault.keys(f"{mount}/metadata/{folder}")
    custom = [VaultSecret(vault, f"{mount}/data/{folder}/{name}").read_metadata().custom for name in names]
    return bool(custom) and all(each.get("owner") == access.owner for each in custom)
