"""Rotation: accounts that are overdue, and idle users whose password was changed.

The secret no longer has an idle user's password, but jobs that read it before still use it, and a person who changed it can log
in until the next rotation. The state knows its fingerprint, and an older version of the secret the password itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from ciaccess.access.desired import rotation
from ciaccess.access.desired.objects import ACTIVE
from ciaccess.access.desired.pipeline_identities import service_accounts
from ciaccess.clients.fingerprint import fingerprint
from ciaccess.clients.vault.secret import VaultSecret
from ciaccess.drift.findings import Finding
from ciaccess.engine import resource_types

if TYPE_CHECKING:
    from ciaccess.access import Access
    from ciaccess.access.desired.state import DesiredAccount
    from ciaccess.clients.nexus import Nexus
    from ciaccess.clients.vault.client import Vault
    from ciaccess.clients.vault.secret import SecretSnapshot
    from ciaccess.engine.state import State


def overdue(access: Access, on: date) -> Iterator[Finding]:
    """Return the accounts whose passwords are older than they may be, by the YAML's own dates."""
    for account in service_accounts(access):
        declared = rotation.rotation(access, account)
        if rotation.is_overdue(access, account, on):
            found = f"{(on - declared.date).days} days old" if declared.date else "of unknown age: no date"
            expected, since = f"at most {declared.max_age} days old", declared.date
            yield Finding(
                "account.rotation.overdue",
                f"account {account}",
                expected,
                found,
                f"./ciaccess rotate {account}",
                since=since.isoformat() if since else "",
            )


def idle_password(
    account: DesiredAccount, secret: SecretSnapshot, state: State, vault: Vault, nexus: Nexus
) -> Iterator[Finding]:
    """Tell whether Nexus refuses the idle user's password of an older version, if there is one."""
    idle = account.idle_user
    known = state.fingerprints.get(idle) if idle else None
    user = nexus.users.find(idle) if idle and known else None
    if idle is None or not known or user is None or user.status != ACTIVE:
        return
    found = VaultSecret(vault, account.secret.api_path).find(
        secret, lambda each: each.username == idle and fingerprint(each.password) == known
    )
    if found and not nexus.users.accepts(idle, found.password):
        seen = "Nexus refuses it; the user is idle, so that no secret has its password"
        target = resource_types.account(account.name)
        yield Finding("nexus.user.password", f"user {idle}", f"fingerprint {known}", seen, target)
