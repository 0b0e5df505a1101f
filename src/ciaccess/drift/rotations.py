"""Rotation as drift sees it: who is overdue, and whether the user whose turn it is not still has the password it had.

Nobody is handed that one out any more, but jobs that read it before still use it, and whoever changed it has a way in until
the next turn. The state knows its fingerprint, and an older version of the secret the password itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ciaccess.access.desired import rotation
from ciaccess.access.desired.pipeline_identities import service_accounts
from ciaccess.access.desired.vault import secret_of
from ciaccess.clients.fingerprint import fingerprint
from ciaccess.clients.vault.secret import VaultSecret
from ciaccess.drift.findings import Finding
from ciaccess.engine import resource_types

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from ciaccess.access import Access
    from ciaccess.clients.nexus import Nexus
    from ciaccess.clients.vault.client import Vault
    from ciaccess.clients.vault.secret import SecretSnapshot
    from ciaccess.engine.state import State

_ACTIVE = "active"


def overdue(access: Access, on: date) -> Iterator[Finding]:
    """Return the accounts whose passwords are older than they may be, by the YAML's own dates."""
    for account in service_accounts(access):
        declared = rotation.rotation(access, account)
        if rotation.is_overdue(access, account, on):
            found = f"{(on - declared.date).days} days old" if declared.date else "no date says how old it is"
            yield Finding(
                "account.rotation.overdue",
                f"account {account}",
                f"at most {declared.max_age} days old",
                found,
                since=declared.date.isoformat() if declared.date else "",
                by_hand=f"./ciaccess rotate {account}",
            )


def idle_password(
    access: Access, account: str, secret: SecretSnapshot, state: State, vault: Vault, nexus: Nexus
) -> Iterator[Finding]:
    """Return whether Nexus refuses the password of the user whose turn it is not, where that one can be told."""
    idle = next((turn.user_id for turn in rotation.turns(access, account) if not turn.is_active), None)
    known = state.fingerprints.get(idle) if idle else None
    user = nexus.users.find(idle) if idle and known else None
    if idle is None or not known or user is None or user.status != _ACTIVE:
        return
    found = VaultSecret(vault, secret_of(access, account).api_path).find(
        secret, lambda each: each.username == idle and fingerprint(each.password) == known
    )
    if found and not nexus.users.accepts(idle, found.password):
        seen = "Nexus refuses it; it is not this user's turn, so that no secret hands it out"
        expected = f"fingerprint {known}"
        target = (resource_types.account(account),)
        yield Finding("nexus.user.password", f"user {idle}", expected, seen, targets=target)
