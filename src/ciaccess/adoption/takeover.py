"""Taking over an account as a whole: its users, role, content selectors and privileges, its secret and that one's metadata.

The plugin imports it as one resource and reads the passwords out of the secret itself; here logins prove that it will find them.
Owns the rule that adoption changes no password: users or a secret that exist alone, or a password that does not log in,
keep the account out. Any other part that does not exist is made by the first `up`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ciaccess.access.desired.ownership import of_another
from ciaccess.access.desired.rotation import ALTERNATE, IN_PLACE, turns_at
from ciaccess.adoption import rotations
from ciaccess.adoption.account_parts import AccountParts
from ciaccess.adoption.existing import Existing
from ciaccess.clients.errors import RefusedError
from ciaccess.clients.vault.secret import VaultSecret

if TYPE_CHECKING:
    from ciaccess.adoption.world import Systems
    from ciaccess.clients.nexus import User
    from ciaccess.clients.vault.secret import Credentials, SecretSnapshot

TYPE = "ciaccess:index:ServiceAccount"
ACTIVE = "active"
_VERSION = "password_version"
_FIELDS = {"username", "password"}


def take_over(inputs: dict[str, Any], systems: Systems, owner: str) -> Existing | None:
    """Return what exists of an account that is declared with these inputs, None where `up` makes it, or goes on making it.

    Raises:
        ApiError: a system does not answer, or may not be asked.
    """
    secret = VaultSecret(systems.vault, inputs["secret"]["path"])
    account = _Account(inputs, systems, secret, secret.read_all(), AccountParts(inputs, systems))
    return account.existing(owner)


@dataclass(frozen=True)
class _Account:
    """An account as it is declared, and as it is."""

    inputs: dict[str, Any]
    systems: Systems
    secret: VaultSecret
    found: SecretSnapshot
    parts: AccountParts

    def existing(self, owner: str) -> Existing | None:
        """Return what `take_over` returns."""
        if self._is_claimed and self.found.version == 0:
            return None  # made by a run that was killed, before anybody could have read a password
        obstacle = self.parts.obstacle(owner, is_claimed=self._is_claimed)
        if self.parts.users or self.parts.has_role or self.found.exists:
            obstacle = self._claim(owner) or obstacle or self._obstacle()
        elif not obstacle:
            return None  # whoever says in the metadata that it is theirs: nothing is left of it
        if obstacle:
            return Existing(self._identity, obstacle=obstacle)
        differing = (*self.parts.differing, *self._of_users(), *self._of_the_secret())
        return Existing(self._identity, tuple(sorted(differing)), made=self.parts.made, gone=self.parts.gone)

    @property
    def _is_claimed(self) -> bool:
        """Tell whether the secret says that the account is this very stack's."""
        return bool(self._metadata.get("stack")) and all(
            self.found.custom.get(key) == self._metadata.get(key) for key in ("owner", "stack")
        )

    @property
    def _metadata(self) -> dict[str, str]:
        return dict(self.inputs["metadata"])

    @property
    def _holder(self) -> str:
        """Return the declared user that the secret hands out, "" for none."""
        username = str((self.found.fields or {}).get("username"))
        return username if username in self.inputs["users"] else ""

    @cached_property
    def _versions(self) -> dict[str, int]:
        """Return the versions of the passwords that the users have, the account's own user first.

        They are those that access.yaml declares, so that nothing is rotated; but where a rotation was declared and never carried out, as our
        own metadata tell, those of before, so that the first `up` does it.
        """
        account, users = self.inputs["account"], self.inputs["users"]
        ordered = sorted(users, key=lambda user: (user != account, user))
        versions = {user: int(users[user][_VERSION]) for user in ordered}
        count = rotations.counted(self.found.custom)
        is_ours = self.found.custom.get("owner") == self._metadata["owner"]
        if is_ours and count is not None and count < int(self._metadata["rotation"]):
            strategy = ALTERNATE if len(users) > 1 else IN_PLACE
            before = {turn.user_id: turn.password_version for turn in turns_at(account, count, strategy)}
            versions |= {user: version for user, version in before.items() if user in versions}
        return versions

    @property
    def _identity(self) -> str:
        """Return what an import takes (provider/kinds/account_import)."""
        versions = ",".join(f"{user}@{version}" for user, version in self._versions.items())
        return ":".join(filter(None, (versions, self.inputs["secret"]["path"], self.parts.role_id)))

    def _claim(self, owner: str) -> str:
        """Return whose the secret says that the account is, if that is somebody else."""
        if reason := of_another(self.found.custom.get("owner", ""), owner):
            return f"secret {self.secret.name}: {reason}"
        stack, ours = self.found.custom.get("stack", ""), self._metadata.get("stack", "")
        if stack not in ("", ours):
            return (
                f"secret {self.secret.name}: it says that it is of the stack {stack}, and this is {ours}: let it go there "
                "first, or take stack out of its custom metadata if that one is gone"
            )
        return ""

    def _obstacle(self) -> str:
        """Return what keeps the account from being taken over with its password as it is, "" for nothing."""
        if not self.found.exists:
            if not self.parts.users:
                return ""
            names = ", ".join(self.parts.users)
            return f"Nexus has {names}, and its secret does not exist: write username and password there, or delete the user"
        if not self._holder:
            return "the username in its secret is none of the account's: correct the secret"
        if self._holder not in self.parts.users:
            return f"its secret exists, and Nexus has no user {self._holder}: delete the secret, and up makes both"
        return self._refusal(self.parts.users[self._holder])

    def _refusal(self, user: User) -> str:
        """Return why nobody gets in with what the secret hands out, "" where they do."""
        if user.status != ACTIVE:
            return f"its user is {user.status}, and up would activate it: activate or delete it first"
        if not self._is_proven(self.found.credentials):
            return (
                "the password in its secret does not log in: correct the secret or the user, since adoption changes no "
                "password"
            )
        return ""

    def _of_users(self) -> list[str]:
        """Return what only logins and metadata tell of users: idle ones that nobody can use, and rotations that are due."""
        found = []
        for user in self.parts.users:
            path = self.parts.path("users", user)
            # The first `up` gives it a password.
            if user != self._holder and not self._is_proven(self._earlier(user)):
                found.append(f"{path}.login")
            if self._versions[user] != int(self.inputs["users"][user][_VERSION]):
                found.append(f"{path}.{_VERSION}")
        return found

    def _earlier(self, user_id: str) -> Credentials | None:
        """Return the newest credentials of this user in the secret: jobs may still use them."""
        return self.secret.find(self.found, lambda each: each.username == user_id)

    def _is_proven(self, credentials: Credentials | None) -> bool:
        try:
            return credentials is not None and self.systems.nexus.users.accepts(
                credentials.username, credentials.password
            )
        except RefusedError:  # no login can be made of it
            return False

    def _of_the_secret(self) -> list[str]:
        """Return what of the secret and its metadata is not as declared."""
        found = [
            f"metadata.{key}"
            for key, value in self._metadata.items()
            if self.found.custom.get(key, "") != value
        ]
        if (self.found.fields or {}).keys() != _FIELDS:
            found.append("secret.holds")
        if (self._holder or self.inputs["account"]) != self.inputs["secret"]["user"]:
            found.append("secret.user")
        return [*found, *(["purge"] if self.inputs.get("purge") else [])]
