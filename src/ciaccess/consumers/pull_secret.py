"""The data of a pull secret: names valid in Kubernetes, an account, its docker config."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from ciaccess.access.desired.vault import secret_of
from ciaccess.access.reading.faults import require_declared
from ciaccess.analysis.facts import EVERY, AccessFacts
from ciaccess.clients.connect import vault_client
from ciaccess.clients.credentials import require
from ciaccess.clients.vault.secret import VaultSecret
from ciaccess.consumers import kubernetes
from ciaccess.errors import CommandError, Exit

if TYPE_CHECKING:
    from ciaccess.access import Access

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_MOST_NAME_CHARACTERS = 253


def check_names(name: str, namespace: str) -> None:
    """Refuse names that Kubernetes would.

    Raises:
        CommandError: one is not allowed.
    """
    if not _LABEL.fullmatch(namespace):
        raise CommandError(f"use namespace {namespace!r}: Kubernetes allows 1 to 63 of a-z, 0-9 and - in it")
    if len(name) > _MOST_NAME_CHARACTERS or not all(_LABEL.fullmatch(part) for part in name.split(".")):
        raise CommandError(
            f"use name {name!r}: Kubernetes allows a-z, 0-9, - and . in it, up to 253 characters"
        )


def check_account(access: Access, account: str) -> None:
    """Make sure that the account is declared, and may pull images at all.

    Raises:
        CommandError: it is not, or may not.
    """
    require_declared([account], access.accounts)
    held = AccessFacts.of(access).account(account)
    if held.may_administer:
        raise CommandError(
            f"{account} administers Nexus: a cluster must not hold its password. Take one that pulls"
        )
    if not any(each.format in ("docker", EVERY) and each.action in ("read", EVERY) for each in held.grants):
        raise CommandError(
            f"{account} may pull no images, so its pull secret would be refused. Take one that may"
        )
    if any(grant.action not in ("read", "browse") for grant in held.grants):
        sys.stderr.write(f"note: {account} may do more than pull; a cluster needs one that only pulls\n")


def docker_config(access: Access, account: str) -> str:
    """Read the account's secret from the YAML's Vault and return it as a docker config.

    Raises:
        CommandError: it cannot be read, or is not a secret of an account.
    """
    path = secret_of(access, account).api_path
    require("VAULT_ADDR", "VAULT_TOKEN")  # the token is VAULT_ADDR's: without it, its Vault is unknown
    secret = VaultSecret(vault_client(access), path).read()
    if not secret.exists:
        raise CommandError(f"read {path}: not found in Vault. Provision it: pulumi up", Exit.COULD_NOT_LOOK)
    found = secret.credentials
    if found is None:
        raise CommandError(f"read {path}: username or password is missing. Repair: pulumi up --refresh")
    try:
        return kubernetes.docker_config(kubernetes.registries(access), found.username, found.password)
    except ValueError as error:
        raise CommandError(f"use {path}: {error}. Correct it in Vault: pulumi up --refresh") from None
