"""Other secrets in the folder: undeclared ones, and names that differ only in case."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from ciaccess.access import Access
from ciaccess.access.desired.difference import fields_of
from ciaccess.clients.vault.client import Vault
from ciaccess.clients.vault.secret import FINGERPRINT, MISSING, THERE, VaultSecret
from ciaccess.drift.findings import Finding


def folder(access: Access) -> str:
    """Return the API path that lists the secrets."""
    return f"{access.vault.kv.mount}/metadata/{access.vault.kv.prefix}/"


def undeclared_secrets(access: Access, vault: Vault) -> Iterator[Finding]:
    """Return the secrets that are not an account's.

    One whose latest version was deleted gives nothing to its readers: that is how a removed account's is left behind.
    """
    kv = access.vault.kv
    by_case = {account.lower(): account for account in access.accounts}
    for name in vault.keys(folder(access).rstrip("/")):
        if name in access.accounts or name.endswith("/"):
            continue
        found = VaultSecret(vault, f"{kv.mount}/data/{kv.prefix}/{name}").read_metadata()
        state = found.state
        # One with metadata but without a version counts too: its creator can write it.
        if state not in (THERE, MISSING):
            continue
        what = f"secret {kv.mount}/{kv.prefix}/{name}"
        # The versions stay: the secret may be in use.
        verb = "delete" if state == THERE else "metadata delete"
        command = f"vault kv {verb} -mount={kv.mount} {quote(f'{kv.prefix}/{name}')}"
        if twin := by_case.get(name.lower()):
            yield Finding("vault.secret.twin", what, f"only {twin}", name, command)
        else:
            noted = {key: value for key, value in found.custom.items() if key != FINGERPRINT}
            yield Finding(
                "vault.secret.undeclared",
                what,
                "no such secret",
                "a secret",
                command,
                changes=fields_of("metadata", name, noted),
            )
