"""What a run that died can leave behind, and what mends it: found without a change, mended one by one.

Owns what no `pulumi up` gets over: a torn file, be it the state itself, the lock of a dead run, interrupted operations in the state, and a mount in
Vault that was made and never recorded. All else that was made and not recorded is found by the next `up` itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ciaccess.clients.errors import RefusedError
from ciaccess.engine import pulumi_cli
from ciaccess.engine.resource_types import Target
from ciaccess.engine.state import parse
from ciaccess.errors import CommandError, Exit
from ciaccess.recovery import state_folder, truncated_state

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ciaccess.access import Access
    from ciaccess.clients.vault.client import Vault

_BACKEND = "vault:jwt/authBackend:AuthBackend"
_ENGINE = "vault:index/mount:Mount"


@dataclass(frozen=True)
class Leftover:
    """What was left: `kind` is torn, lock, pending or mount; `found` says what, `remedy` what mends it."""

    kind: str
    found: str
    remedy: str
    mend: Callable[[], object]

    def to_json(self) -> dict[str, str]:
        """Return it as it is printed for machines."""
        return {"kind": self.kind, "found": self.found, "remedy": self.remedy}


def of_the_folder(folder: Path, project: str, stack: str) -> list[Leftover]:
    """Return what was left in the state's folder.

    Raises:
        CommandError: somebody who may be alive holds the stack; the text says who. Or nothing is left of the state.
    """
    held = of_the_locks(state_folder.locks(folder, project, stack), stack)
    torn = [
        Leftover(
            "torn", f"{file} was not written whole", "remove it: nothing that is needed is in it", file.unlink
        )
        for file in state_folder.torn(folder)
    ]
    # The state comes before the lock, so that nobody starts on what cannot be read.
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
            f"{found}, and there is no copy of it. Nothing was changed. Put a backup of your own in its place and run this "
            f"again. If there is none: pulumi cancel --yes --stack {stack}; mv {state.file} {state.aside}; "
            f"pulumi stack init {stack}; ./ciaccess adopt run --stack {stack} --all, which takes over what exists and changes "
            "no password (docs/runbook-adopt.md)",
            Exit.COULD_NOT_LOOK,
        )
    return [
        Leftover(
            "torn",
            found,
            f"restore {state.copy}, and keep the truncated file as {state.aside.name}. The next `up --refresh` finds what was made "
            "since; for what it refuses as existing already: ./ciaccess adopt run (docs/runbook-adopt.md)",
            state.restore,
        )
    ]


def of_the_locks(held: list[state_folder.Lock], stack: str) -> list[Leftover]:
    """Return the locks of the dead.

    Raises:
        CommandError: somebody who may be alive holds the stack; the text says who.
    """
    for lock in held:
        if not lock.is_stale:
            raise CommandError(f"the stack {stack!r} is held by {lock.holder}. {_when_alive(lock, stack)}")
    return [
        Leftover(
            "lock",
            f"the lock of {lock.holder}, which is dead",
            f"lift it: pulumi cancel --yes --stack {stack}",
            lambda: pulumi_cli.run("cancel", "--yes", "--stack", stack, quiet=True),
        )
        for lock in held[:1]  # the engine lifts all of a stack's locks at once, and all are dead
    ]


def _when_alive(lock: state_folder.Lock, stack: str) -> str:
    if lock.is_here:
        return (
            "It runs: wait for it, or end it with SIGINT, so that it records what it did. Nothing was changed"
        )
    return (
        "Whether that is alive cannot be seen from here: look on that host, or whether its CI job still runs. If it is "
        f"dead: pulumi cancel --stack {stack}, then run this again. Nothing was changed"
    )


def of_the_state(export: dict[str, Any], stack: str) -> list[Leftover]:
    """Return the operations that were interrupted."""
    deployment = export.get("deployment") or {}
    pending = deployment.get("pending_operations") or []
    if not pending:
        return []
    names = sorted({f"{each['type']} {each['resource']['urn'].rpartition('::')[2]}" for each in pending})
    whole = {**export, "deployment": {**deployment, "pending_operations": []}}
    return [
        Leftover(
            "pending",
            f"interrupted, with an end that nobody recorded: {', '.join(names)}",
            "take them out of the state; the next `up --refresh` looks at each and goes on with it",
            lambda: pulumi_cli.replace(stack, whole),
        )
    ]


def of_vault(export: dict[str, Any], access: Access, vault: Vault) -> list[Leftover]:
    """Return the mounts that are there, hold nothing, and are in no state: made by a run that could not record them.

    A mount that holds anything is left alone, whoever made it.

    Raises:
        ApiError: Vault could not be asked.
    """
    known = parse(export).urns
    jwt, kv = access.vault.jwt.mount, access.vault.kv
    places = [(Target(_BACKEND, jwt), f"auth/{jwt}", f"auth/{jwt}/role", "JWT backend", "role")]
    if kv.manage:
        places.append((Target(_ENGINE, kv.mount), kv.mount, f"{kv.mount}/metadata", "KV engine", "secret"))
    return [
        Leftover(
            "mount",
            f"the {noun} {path}/ is mounted, in no state, and holds no {content}",
            "unmount it, so that `up` can make it: nobody can be using it",
            partial(vault.unmount, path),
        )
        for target, path, listing, noun, content in places
        if target not in known and _is_mounted(vault, path) and not vault.keys(listing)
    ]


def _is_mounted(vault: Vault, path: str) -> bool:
    try:
        return vault.read(f"sys/mounts/{path}") is not None
    except RefusedError:  # 400: Vault has no such mount
        return False
