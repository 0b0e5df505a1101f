"""What a rotation did, as its readers see it: which user the secret hands out, and which passwords Nexus accepts.

Owns the proof. Passwords are held in memory, tried at Nexus, and shown nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ciaccess.access.desired import rotation
from ciaccess.access.desired.vault import secret_of
from ciaccess.clients.credentials import require
from ciaccess.clients.http.session import trusting
from ciaccess.clients.nexus import Nexus
from ciaccess.clients.vault.client import Vault
from ciaccess.clients.vault.secret import VaultSecret

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ciaccess.access import Access
    from ciaccess.clients.vault.secret import Credentials


@dataclass(frozen=True)
class Before:
    """An account before its rotation: what its secret handed out, and every older one that Nexus still accepted."""

    account: str
    count: int
    handed_out: Credentials | None
    accepted: tuple[Credentials, ...] = ()


@dataclass(frozen=True)
class Rotated:
    """An account after its rotation. `faults` say what is not as it must be; without any, all of it was proved."""

    account: str
    strategy: str
    counts: tuple[int, int]
    users: tuple[str, str]
    keeps_working: tuple[str, ...] = ()
    revoked: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    proved: bool = True

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object; its names are stable."""
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
    """Asks Vault for secrets and Nexus for logins. Raises CredentialsError and ApiError where it cannot."""

    def __init__(self, access: Access) -> None:
        found = require("VAULT_TOKEN", "NEXUS_USERNAME", "NEXUS_PASSWORD")
        options = trusting()
        self._vault = Vault(access.vault.address, found["VAULT_TOKEN"], options=options)
        self._nexus = Nexus(
            access.nexus.url, found["NEXUS_USERNAME"], found["NEXUS_PASSWORD"], options=options
        )

    def before(self, access: Access, account: str, *, thorough: bool) -> Before:
        """Return how things stand; `thorough` looks for older passwords in every version that Vault has kept."""
        secret = self._secret(access, account)
        snapshot = secret.read_all() if thorough else secret.read()
        handed_out = snapshot.credentials
        known = [handed_out] if handed_out else []
        for number in snapshot.earlier:
            older = secret.read(number).credentials
            known += [older] if older and older not in known else []
        accepted = tuple(each for each in known if self._accepts(each))
        return Before(account, rotation.rotation(access, account).count, handed_out, accepted)

    def after(self, access: Access, before: Before, *, emergency: bool) -> Rotated:
        """Return what came of it: the new password lets in, and the old ones do or do not, as the strategy has it."""
        account, active = before.account, rotation.active(access, before.account).user_id
        strategy = rotation.strategy(access, account)
        now = self._secret(access, account).read().credentials
        faults = []
        if now is None or now.username != active:
            faults.append(f"the secret does not hand out {active}")
        elif before.handed_out and now.password == before.handed_out.password:
            faults.append("the password in the secret is still the old one")
        elif not self._accepts(now):
            faults.append(f"Nexus refuses the new password of {active}")
        still = [each.username for each in before.accepted if self._accepts(each)]
        revoked = [each.username for each in before.accepted if each.username not in still]
        if emergency or strategy == rotation.IN_PLACE:
            faults += [f"Nexus still accepts the old password of {user}" for user in still]
        elif before.handed_out in before.accepted and before.handed_out.username in revoked:
            faults.append(f"Nexus refuses what was handed out before: {before.handed_out.username}")
        return Rotated(
            account,
            strategy,
            (before.count, rotation.rotation(access, account).count),
            (before.handed_out.username if before.handed_out else "", active),
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


def planned(before: Access, after: Access, accounts: Sequence[str]) -> list[Rotated]:
    """Return what counting up will do once it is applied; nothing of it is proved."""
    return [
        Rotated(
            account,
            rotation.strategy(after, account),
            (rotation.rotation(before, account).count, rotation.rotation(after, account).count),
            (rotation.active(before, account).user_id, rotation.active(after, account).user_id),
            proved=False,
        )
        for account in accounts
    ]
