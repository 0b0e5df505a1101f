"""Takeover of a whole account: its objects in Nexus, its secret and the secret's metadata.

The plugin imports it as one resource and reads the passwords from the secret; logins check here that this will work. Owns
the rule that adoption changes no password: an account is refused if a user or its secret is missing, or Nexus refuses
the password. The first `up` creates any other missing part.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ciaccess.access.desired.difference import different_fields
from ciaccess.access.desired.objects import ACTIVE
from ciaccess.access.desired.ownership import of_another
from ciaccess.access.desired.rotation import ALTERNATE, IN_PLACE, turns_at
from ciaccess.access.desired.state import DesiredAccount
from ciaccess.adoption import rotations
from ciaccess.adoption.account_parts import AccountParts
from ciaccess.adoption.existing import Existing
from ciaccess.adoption.inventory import Systems, is_accepted
from ciaccess.clients.vault.secret import FIELDS, Credentials, SecretSnapshot, VaultSecret
from ciaccess.provider.kinds.account_import import ImportId


def take_over(account: DesiredAccount, systems: Systems, claim: str) -> Existing | None:
    """Return the existing account, None if `up` creates it or continues creating it.

    `claim` is that of this stack.

    Raises:
        ApiError: a system is not reachable, or refuses the request.
    """
    secret = VaultSecret(systems.vault, account.secret.api_path)
    metadata = {**account.metadata, "stack": claim}
    parts = AccountParts(account, systems.nexus)
    return _Account(account, metadata, systems, secret, secret.read_all(), parts).find()


@dataclass(frozen=True)
class _Account:
    """An account as desired and as observed."""

    desired: DesiredAccount
    metadata: dict[str, str]
    systems: Systems
    secret: VaultSecret
    found: SecretSnapshot
    parts: AccountParts

    def find(self) -> Existing | None:
        """Return the result of `take_over`."""
        owner = self.metadata["owner"]
        if self._is_claimed and self.found.version == 0:
            return None  # created by a killed run, before any password could be read
        obstacle = self.parts.obstacle(owner, is_claimed=self._is_claimed)
        if self.parts.users or self.parts.has_role or self.found.exists:
            obstacle = self._claim(owner) or obstacle or self._obstacle()
        elif not obstacle:
            return None  # nothing is left of it, whatever its metadata claims
        if obstacle:
            return Existing(self._identity, obstacle=obstacle)
        differing = (*self.parts.differences, *self._of_users(), *self._of_the_secret())
        return Existing(
            self._identity,
            tuple(sorted(differing)),
            missing=self.parts.missing,
            undeclared=self.parts.undeclared,
        )

    @property
    def _is_claimed(self) -> bool:
        """Tell whether the secret's metadata claims the account for this stack."""
        return all(self.found.custom.get(key) == self.metadata[key] for key in ("owner", "stack"))

    @property
    def _holder(self) -> str:
        """Return the declared user in the secret, "" for none."""
        return self.found.username if self.found.username in self.desired.users else ""

    @cached_property
    def _versions(self) -> dict[str, int]:
        """Return the present password versions of the users, the account's own user first.

        They are the declared ones, so that nothing is rotated. If a declared rotation is pending by our own metadata, they are
        the previous ones, so that the first `up` rotates.
        """
        turns = self.desired.turns
        versions = {turn.user_id: turn.password_version for turn in turns}
        count = rotations.recorded_count(self.found.custom)
        is_ours = self.found.custom.get("owner") == self.metadata["owner"]
        if is_ours and count is not None and count < int(self.metadata["rotation"]):
            strategy = ALTERNATE if len(turns) > 1 else IN_PLACE
            before = {
                turn.user_id: turn.password_version for turn in turns_at(self.desired.name, count, strategy)
            }
            versions |= {user: version for user, version in before.items() if user in versions}
        return versions

    @property
    def _identity(self) -> str:
        return str(ImportId(self._versions, self.desired.secret.api_path, self.parts.role_id))

    def _claim(self, owner: str) -> str:
        """Return the foreign claim in the secret's metadata, "" if there is none."""
        if reason := of_another(self.found.custom.get("owner", ""), owner):
            return f"secret {self.secret.name}: {reason}"
        stack, ours = self.found.custom.get("stack", ""), self.metadata["stack"]
        if stack not in ("", ours):
            return (
                f"secret {self.secret.name}: claimed by the stack {stack}, and this is {ours}: release it there first, or "
                "delete the key stack from its custom metadata if that stack no longer exists"
            )
        return ""

    def _obstacle(self) -> str:
        """Return why the account cannot be taken over with its present password, "" if it can."""
        users, holder = self.parts.users, self._holder
        if not self.found.exists:
            missing = "but its secret does not exist: write username and password there, or delete the user"
            return f"Nexus has {', '.join(users)}, {missing}" if users else ""
        if not holder:
            return "the username in its secret is not one of the account's users: correct the secret"
        if holder not in users:
            return (
                f"its secret exists, but Nexus has no user {holder}: delete the secret, and up creates both"
            )
        if users[holder].status != ACTIVE:
            return (
                f"its user is {users[holder].status}, and up would activate it: activate or delete it first"
            )
        if is_accepted(self.systems.nexus, self.found.credentials):
            return ""
        return "Nexus refuses the password in its secret: correct the secret or the user's password; adoption changes no password"

    def _of_users(self) -> list[str]:
        """Return the differences of users that only logins and metadata show.

        These are idle users without a valid password, and pending rotations.
        """
        found = []
        for turn in self.desired.turns:
            user = turn.user_id
            if user not in self.parts.users:
                continue
            path = self.parts.path("user", user)
            # The first `up` sets a password.
            if user != self._holder and not is_accepted(self.systems.nexus, self._earlier(user)):
                found.append(f"{path}.login")
            if self._versions[user] != turn.password_version:
                found.append(f"{path}.password_version")
        return found

    def _earlier(self, user_id: str) -> Credentials | None:
        """Return the newest credentials of this user in the secret, which jobs may still use."""
        return self.secret.find(self.found, lambda each: each.username == user_id)

    def _of_the_secret(self) -> list[str]:
        found = [f"metadata.{key}" for key in different_fields(self.metadata, self.found.custom)]
        if self.found.keys != FIELDS:
            found.append("secret.holds")
        if (self._holder or self.desired.name) != self.desired.active_user:
            found.append("secret.user")
        return [*found, *(["purge"] if self.desired.purge else [])]
