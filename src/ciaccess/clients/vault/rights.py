"""Whether Vault can be looked at: it answers, is unsealed and active, takes the token, and lets it read each path."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ciaccess.clients.could_not_look import CannotLookError, http_options
from ciaccess.clients.credentials import require
from ciaccess.clients.errors import ForbiddenError
from ciaccess.clients.vault.client import Vault

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ciaccess.access import Access

# The state of a server, why nothing that it says can be relied on, and what to do.
_STATES = (
    ("initialized", False, "it is not initialised", "Check its address: this is a new, empty Vault."),
    ("sealed", True, "it is sealed", "Unseal it, and run again."),
    (
        "standby",
        True,
        "it is a standby, whose data may be stale",
        "Set vault.address to the active node's or the load balancer's.",
    ),
    (
        "performance_standby",
        True,
        "it is a standby, whose data may be stale",
        "Set vault.address to the active node's or the load balancer's.",
    ),
)


def connect(access: Access, timeout_seconds: float) -> Vault:
    """Return Vault, once it is known that it can be looked at.

    Raises:
        CredentialsError: the credentials are missing.
        CannotLookError: it is another Vault, or in no state to be asked, or refuses the token.
        ApiError: it does not answer as Vault does.
    """
    token = require("VAULT_TOKEN")["VAULT_TOKEN"]
    address, other = access.vault.address, os.environ.get("VAULT_ADDR", "").rstrip("/")
    if other not in ("", address):
        # A repair would go there.
        because = f"VAULT_ADDR is {other}, but this stack's Vault is {address}"
        raise CannotLookError(because, "Correct the one that is wrong.")
    vault = Vault(address, token, options=http_options(timeout_seconds))
    health = vault.health()
    for field, bad, because, remedy in _STATES:
        if health.get(field) is bad:
            raise CannotLookError(because, remedy)
    if "initialized" not in health or "sealed" not in health:
        raise CannotLookError(
            "its health response is incomplete", f"Check that {vault.url} is Vault's address."
        )
    try:
        vault.token_lives()
    except ForbiddenError as error:
        remedy = "Set VAULT_TOKEN to a token that has not expired."
        raise CannotLookError(f"the token is not accepted: {error.said}", remedy) from None
    return vault


def unreadable(vault: Vault, paths: Iterable[str]) -> dict[str, str]:
    """Return each path that the token may not read (those that end in /: list), with the capability it lacks; one call."""
    asked = sorted(set(paths))
    rights = vault.capabilities(asked)
    needed = {path: "list" if path.endswith("/") else "read" for path in asked}
    return {path: need for path, need in needed.items() if not rights[path] & {need, "root"}}


def refusal(path: str, need: str) -> tuple[str, str]:
    """Return why a path cannot be looked at that the token lacks a capability for, and what to do."""
    return (
        f"the token may not {need} {path}",
        f'Give its policy: path "{path}" {{ capabilities = ["{need}"] }}.',
    )
