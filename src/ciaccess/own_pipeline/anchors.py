"""The trust anchors that an administrator confirmed, in Vault, read-only for own jobs.

Owns their secret, and the refusal of a job whose access.yaml or stack settings differ from it. The code of a merge request
runs with the rights of its identity all the same: what these are is Vault's to limit (access/desired/vault_policies).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ciaccess.access.desired import pipeline_identities
from ciaccess.access.desired.trust_anchors import changed_anchors, trust_anchors
from ciaccess.errors import CommandError

if TYPE_CHECKING:
    from ciaccess.access import Access
    from ciaccess.clients.vault.client import Vault

_REMEDY = "If it is meant, an administrator runs ./ciaccess bootstrap with this access.yaml"


def confirmed_text(access: Access) -> str:
    """Return the trust anchors as their secret holds them."""
    return json.dumps(trust_anchors(access), sort_keys=True)


def check_anchors(access: Access, vault: Vault) -> None:
    """Refuse to go on where a trust anchor is not the one that an administrator confirmed.

    Raises:
        CommandError: some differ, or none were confirmed yet; it lists all of them.
    """
    from ciaccess.clients.vault.secret import VaultSecret  # noqa: PLC0415 the clients are slow to import

    folder = f"{access.vault.kv.mount}/data/{pipeline_identities.own_folder(access)}"
    fields = VaultSecret(vault, f"{folder}/{pipeline_identities.TRUST_ANCHORS}").read().fields or {}
    try:
        confirmed = json.loads(fields.get("value") or "null")
    except ValueError:
        confirmed = None
    if not isinstance(confirmed, dict):
        raise CommandError(
            f"Vault has no {folder.replace('/data/', '/', 1)}/{pipeline_identities.TRUST_ANCHORS}, the addresses and keys that "
            "an administrator confirmed. An administrator runs ./ciaccess bootstrap"
        )
    changed = changed_anchors(confirmed, trust_anchors(access))
    if changed:
        lines = "".join(
            f"\n  {each.field}: {each.after or 'missing'}, confirmed is {each.before or 'none'}"
            for each in changed
        )
        raise CommandError(
            f"trust anchors differ from those that an administrator confirmed:{lines}\n{_REMEDY}"
        )
