"""Verification of a rotation: the current user, and the passwords that Nexus accepts.

Passwords are kept in memory, checked by logins at Nexus, and never shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ciaccess.access import Access
from ciaccess.access.desired import rotation
from ciaccess.access.desired.vault import secret_of
from ciaccess.clients.connect import nexus_client, vault_client
from ciaccess.clients.vault.secret import Credentials, VaultSecret


@dataclass(frozen=True)
class Before:
    """An account before its rotation: the credentials in its secret, and all that Nexus accepted."""

    account: str
    count: int
    current: Credentials | None
    accepted: tuple[Credentials, ...] = ()


@dataclass(frozen=True)
class Rotated:
    """An account after its rotation; without `faults` it is fully verified."""

    account: str
    strategy: str
    counts: tuple[int, int]
    users: tuple[str, str]
    keeps_working: tuple[str, ...] = ()
    revoked: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    proved: bool = True

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object with stable keys."""
        return {
            "account": self.account,
            "strategy": self.strategy,
            "rotation": {"from": self.counts[0], "to": self.counts[1]},
            "user": {"from": self.users[0], "to": self.users[1]},
            "keeps_working": list(self.keeps_working),
            "revoked": list(self.revoked),
            "proved": self.proved and not self.faults,
            "faults": list(self.faults),
        }


class Proof:
    """Reads secrets from Vault and checks logins at Nexus; raises CredentialsError and ApiError."""

    def __init__(self, access: Access) -> None:
        self._vault = vault_client(access)
        self._nexus = nexus_client(access.nexus.url)

    def before(self, access: Access, account: str, *, thorough: bool) -> Before:
        """Return the account before its rotation; `thorough` includes all older versions of the secret."""
        secret = self._secret(access, account)
        snapshot = secret.read_all() if thorough else secret.read()
        current = snapshot.credentials
        known = [current] if current else []
        for number in snapshot.earlier:
            older = secret.read(number).credentials
            known += [older] if older and older not in known else []
        accepted = tuple(each for each in known if self._accepts(each))
        return Before(account, rotation.rotation(access, account).count, current, accepted)

    def after(self, access: Access, before: Before, *, emergency: bool) -> Rotated:
        """Return the result: Nexus accepts the new password, and the old ones as the strategy defines."""
        account, active = before.account, rotation.active(access, before.account).user_id
        strategy = rotation.strategy(access, account)
        now = self._secret(access, account).read().credentials
        faults = []
        if now is None or now.username != active:
            faults.append(f"the secret does not contain the user {active}")
        elif before.current and now.password == before.current.password:
            faults.append("the secret still has the old password")
        elif not self._accepts(now):
            faults.append(f"Nexus refuses the new password of {active}")
        still = [each.username for each in before.accepted if self._accepts(each)]
        revoked = [each.username for each in before.accepted if each.username not in still]
        if emergency or strategy == rotation.IN_PLACE:
            faults += [f"Nexus still accepts the old password of {user}" for user in still]
        elif before.current in before.accepted and before.current.username in revoked:
            faults.append(f"Nexus refuses the previous password, of {before.current.username}")
        return Rotated(
            account,
            strategy,
            (before.count, rotation.rotation(access, account).count),
            (before.current.username if before.current else "", active),
            tuple(still),
            tuple(revoked),
            tuple(faults),
        )

    def close(self) -> None:
        """Close the connections."""
        self._vault.close()
        self._nexus.close()

    def _secret(self, access: Access, account: str) -> VaultSecret:
        return VaultSecret(self._vault, secret_of(access, account).api_path)

    def _accepts(self, each: Credentials) -> bool:
        return self._nexus.users.accepts(each.username, each.password)
