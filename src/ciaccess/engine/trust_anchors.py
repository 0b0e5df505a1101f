"""The trust anchors that an administrator confirmed.

They are in Vault, where ciaccess's own jobs read and cannot write them.
Owns their secret, and the refusal of a run whose access.yaml or stack settings differ from it, before anything but Vault is
asked with a credential. The code of a merge request runs with the rights of its identity all the same: what these are is
Vault's to limit (access/desired/vault_policies).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from ciaccess.access.desired import pipeline_identities
from ciaccess.access.desired.trust_anchors import changed_anchors, trust_anchors
from ciaccess.clients.credentials import CredentialsError, require
from ciaccess.clients.errors import ApiError
from ciaccess.errors import CommandError

if TYPE_CHECKING:
    from ciaccess.access import Access
    from ciaccess.access.desired.trust_anchors import ChangedAnchor
    from ciaccess.clients.vault.client import Vault

# Where they are unless access.yaml names another place. An edit of the place must not hide them, so this one is asked first.
DEFAULT_PATH = f"secret/data/ciaccess/{pipeline_identities.TRUST_ANCHORS}"
_ANSWER_SECONDS = 2.0
_REMEDY = "If it is meant, an administrator runs ./ciaccess bootstrap with this access.yaml"


def confirmed_text(access: Access) -> str:
    """Return the trust anchors as their secret holds them."""
    return json.dumps(trust_anchors(access), sort_keys=True)


def anchors_path(access: Access) -> str:
    """Return the API path of their secret, "" where there is no pipeline."""
    name = pipeline_identities.TRUST_ANCHORS
    return pipeline_identities.own_secret_path(access, name) if access.pipeline else ""


def confirmed_anchors(vault: Vault, *paths: str) -> dict[str, str] | None:
    """Return the confirmed trust anchors at the first path that has any, None where there are none.

    Raises:
        ApiError: Vault does not answer, or refuses.
    """
    from ciaccess.clients.vault.secret import VaultSecret  # noqa: PLC0415 the clients are slow to import

    for path in dict.fromkeys(filter(None, paths)):
        value = VaultSecret(vault, path).read().value_of("value")
        try:
            found = json.loads(value or "null")
        except ValueError:
            found = None
        if isinstance(found, dict):
            return found
    return None


def check_anchors(access: Access, vault: Vault) -> None:
    """Refuse a job where a trust anchor is not the one that an administrator confirmed.

    Raises:
        CommandError: some differ, or none were confirmed yet; it lists all of them.
    """
    confirmed = confirmed_anchors(vault, anchors_path(access))
    if confirmed is None:
        raise CommandError(
            f"Vault has no {anchors_path(access).replace('/data/', '/', 1)}, the addresses and keys that an administrator "
            "confirmed. An administrator runs ./ciaccess bootstrap"
        )
    refuse(changed_anchors(confirmed, trust_anchors(access)))


def check_known_anchors(access: Access, environment: Mapping[str, str] = os.environ) -> None:
    """Refuse a run if a trust anchor is not the confirmed one.

    They are asked of the Vault that VAULT_ADDR names, before any other system. Passes where none were confirmed, or Vault
    does not give them: what Vault refuses is reported by what needs it.

    Raises:
        CommandError: some differ; it lists all of them.
    """
    from ciaccess.clients.http.session import HttpOptions  # noqa: PLC0415 the clients are slow to import
    from ciaccess.clients.vault.client import Vault  # noqa: PLC0415 likewise

    address = environment.get("VAULT_ADDR", "").rstrip("/") or access.vault.address
    try:
        token = require("VAULT_TOKEN")["VAULT_TOKEN"]
        vault = Vault(address, token, options=HttpOptions(read_seconds=_ANSWER_SECONDS))
    except CredentialsError:
        return
    for path in dict.fromkeys((DEFAULT_PATH, anchors_path(access))):
        with suppress(ApiError):
            if (confirmed := confirmed_anchors(vault, path)) is not None:
                refuse(changed_anchors(confirmed, trust_anchors(access)))
                return


def refuse(changed: Iterable[ChangedAnchor]) -> None:
    """Refuse changed trust anchors, if there are any.

    Raises:
        CommandError: it lists all of them.
    """
    if lines := list_anchors(changed):
        raise CommandError(
            f"trust anchors differ from those that an administrator confirmed:{lines}\n{_REMEDY}"
        )


def list_anchors(changed: Iterable[ChangedAnchor]) -> str:
    """Return changed trust anchors as lines."""
    return "".join(
        f"\n  {each.field}: {each.after or 'missing'}, confirmed is {each.before or 'none'}"
        for each in changed
    )
