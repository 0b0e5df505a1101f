"""Leftovers of a killed run that `pulumi up` cannot handle, each with its remedy.

These are a truncated file (the state itself or another one), the lock of a dead run, interrupted operations in the state,
and an unrecorded mount in Vault. The next `up` finds all other unrecorded objects itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ciaccess.access import Access
from ciaccess.clients.vault.client import Vault
from ciaccess.engine import pulumi_cli, state_folder
from ciaccess.engine.resource_types import backend, kv_mount
from ciaccess.engine.state import parse
from ciaccess.errors import CommandError, Exit
from ciaccess.recovery import truncated_state


@dataclass(frozen=True)
class Leftover:
    """A leftover; `kind` is torn, lock, pending, mount or unrecorded; `repair` repairs it."""

    kind: str
    found: str
    remedy: str
    repair: Callable[[], object]

    def to_json(self) -> dict[str, str]:
        """Return it as a JSON object."""
        return {"kind": self.kind, "found": self.found, "remedy": self.remedy}


def of_the_folder(folder: Path, project: str, stack: str) -> list[Leftover]:
    """Return the leftovers in the state's folder.

    Raises:
        CommandError: a run that may be alive holds the lock, or the state is truncated without a copy.
    """
    held = of_the_locks(state_folder.locks(folder, project, stack), stack)
    torn = [
        Leftover(
            "torn", f"{file} is incomplete", "delete it: it contains nothing that is needed", file.unlink
        )
        for file in state_folder.broken_files(folder)
    ]
    # The state before the lock, so that no other run starts with an unreadable state.
    return [
        *torn,
        *_of_the_state_file(truncated_state.find(folder, project, stack), stack),
        *held,
    ]


def _of_the_state_file(state: truncated_state.TruncatedState | None, stack: str) -> list[Leftover]:
    if state is None:
        return []
    found = f"the state {state.file} is truncated"
    if state.copy is None:
        raise CommandError(
            f"{found}, and no copy was found. Nothing was changed. Restore a backup of your own and run this again. Without "
            f"a backup, create a new state from the existing objects, with all passwords kept (docs/runbook-adopt.md): pulumi "
            f"cancel --yes --stack {stack}; mv {state.file} {state.aside}; pulumi stack init {stack}; ./ciaccess adopt run "
            f"--stack {stack} --all",
            Exit.COULD_NOT_LOOK,
        )
    return [
        Leftover(
            "torn",
            found,
            f"restore {state.copy}, and keep the truncated file as {state.aside.name}. The next `up --refresh` finds objects "
            "created since; if it refuses one as existing: ./ciaccess adopt run (docs/runbook-adopt.md)",
            state.restore,
        )
    ]


def of_the_locks(held: list[state_folder.Lock], stack: str) -> list[Leftover]:
    """Return the locks of dead runs.

    Raises:
        CommandError: a run that may be alive holds the lock.
    """
    for lock in held:
        if lock.is_stale:
            continue
        advice = (
            f"Whether it still runs cannot be checked from here: check on that host, or its CI job. If it has ended: pulumi "
            f"cancel --stack {stack}, then run this again"
        )
        if lock.is_here:
            advice = "It is running: wait for it, or stop it with SIGINT, so that it records its changes"
        raise CommandError(f"the stack {stack!r} is locked by {lock.holder}. {advice}. Nothing was changed")
    return [
        Leftover(
            "lock",
            f"the lock of {lock.holder}, which is dead",
            f"remove it: pulumi cancel --yes --stack {stack}",
            lambda: pulumi_cli.run("cancel", "--yes", "--stack", stack, quiet=True),
        )
        for lock in held[:1]  # the engine removes all locks of a stack at once, and all are of dead runs
    ]


def of_the_state(export: dict[str, Any], stack: str) -> list[Leftover]:
    """Return the interrupted operations."""
    deployment = export.get("deployment") or {}
    pending = deployment.get("pending_operations") or []
    if not pending:
        return []
    names = sorted({f"{each['type']} {each['resource']['urn'].rpartition('::')[2]}" for each in pending})
    whole = {**export, "deployment": {**deployment, "pending_operations": []}}
    return [
        Leftover(
            "pending",
            f"interrupted operations without a recorded result: {', '.join(names)}",
            "remove them from the state; the next `up --refresh` checks each object and continues",
            lambda: pulumi_cli.replace(stack, whole),
        )
    ]


def of_vault(export: dict[str, Any], access: Access, vault: Vault) -> list[Leftover]:
    """Return the empty mounts that are in no state: created by a run that could not record them.

    A mount with content is left alone.

    Raises:
        ApiError: Vault could not be checked.
    """
    known = parse(export).urns
    jwt, kv = access.vault.jwt.mount, access.vault.kv
    places = [(backend(jwt), f"auth/{jwt}", f"auth/{jwt}/role", "JWT backend", "role")]
    if kv.manage:
        places.append((kv_mount(kv.mount), kv.mount, f"{kv.mount}/metadata", "KV engine", "secret"))
    return [
        Leftover(
            "mount",
            f"the {noun} {path}/ is mounted, not in the state, and has no {content}",
            "unmount it, so that `up` can create it; being empty, it is not in use",
            partial(vault.unmount, path),
        )
        for target, path, listing, noun, content in places
        if target not in known and vault.mount(path) and not vault.keys(listing)
    ]
