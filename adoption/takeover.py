"""Taking over an account as a whole: its user, its secret, and the password that the one proves for the other.

Owns the rule that adoption changes no password: a user or secret that exists alone, or a password that does not log in,
keeps all of the account out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adoption.claims import owner_in
from adoption.existing import Existing, differing
from clients.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adoption.declared import Declared
    from adoption.world import Systems

USER, PASSWORD, SECRET = "ciaccess:nexus:User", "ciaccess:index:Password", "vault:generic/secret:Secret"
TYPES = (USER, PASSWORD, SECRET)
_FIELDS = {"username", "password"}
ACTIVE = "active"


@dataclass(frozen=True)
class Variable:
    """An environment variable that names a password for the plugin, and for it alone."""

    name: str

    @property
    def reference(self) -> str:
        """Return how an import id names it."""
        return f"env:{self.name}"


@dataclass(frozen=True)
class Takeover:
    """What of an account exists, by URN, and the passwords by variable; a repr shows none."""

    found: dict[str, Existing]
    passwords: dict[str, str]

    def __repr__(self) -> str:
        return f"Takeover({sorted(self.found)})"


def take_over(members: Sequence[Declared], systems: Systems, mount: str, index: int) -> Takeover:
    """Look at the resources of one account that are not in the state.

    `mount` is the KV engine's, `index` makes the variable's name its own.

    Raises:
        ApiError: a system does not answer.
    """
    users = [each for each in members if each.type == USER]
    secret = next((each for each in members if each.type == SECRET), None)
    live = _read_secret(secret, systems, mount) if secret else None
    existing_users = [each for each in users if systems.nexus.users.find(each.inputs["user_id"])]
    if not existing_users and live is None:
        return Takeover({}, {})
    holder = next((each for each in users if live and each.inputs["user_id"] == live.get("username")), None)
    obstacle = _obstacle(existing_users, holder, live, systems)
    variable = Variable(f"CIACCESS_ADOPTED_PASSWORD_{index}")
    found: dict[str, Existing] = {}
    for user in existing_users:
        found[user.urn] = _user(user, variable, obstacle, systems)
    if secret is not None and live is not None:
        fields = () if live.keys() == _FIELDS else ("dataJson",)
        found[secret.urn] = Existing(secret.inputs["path"], fields, obstacle=obstacle)
    if obstacle or holder is None or live is None:
        return Takeover(found, {})
    password = next((each for each in members if each.urn == holder.password), None)
    if password is not None:
        version = int(password.inputs["version"])
        found[password.urn] = Existing(f"{variable.reference}:{version}")
    return Takeover(found, {variable.name: str(live["password"])})


def _read_secret(secret: Declared, systems: Systems, mount: str) -> dict[str, Any] | None:
    return systems.vault.read_secret(mount, str(secret.inputs["path"]).removeprefix(f"{mount}/"))


def _user(user: Declared, variable: Variable, obstacle: str, systems: Systems) -> Existing:
    found = systems.nexus.users.find(user.inputs["user_id"])
    if found is None:  # listed a moment ago
        return Existing("", obstacle="it is no longer there: run again")
    return Existing(
        f"{found.user_id}:{variable.reference}",
        differing(vars(found), user.inputs),
        owner_in(found.last_name),
        obstacle,
    )


def _obstacle(
    users: Sequence[Declared], holder: Declared | None, live: dict[str, Any] | None, systems: Systems
) -> str:
    """Return what keeps the account from being taken over with its password as it is, "" for nothing."""
    if live is None:
        names = ", ".join(user.inputs["user_id"] for user in users)
        return f"Nexus has {names}, and its secret does not exist: write username and password there, or delete the user"
    if holder is None:
        return "the username in its secret is none of the account's: correct the secret"
    if not any(user.urn == holder.urn for user in users):
        return f"its secret exists, and Nexus has no user {holder.inputs['user_id']}: delete the secret, and up makes both"
    status = next(
        (found.status for found in [systems.nexus.users.find(holder.inputs["user_id"])] if found), ""
    )
    if status != ACTIVE:
        return f"its user is {status}, and up would activate it: activate or delete it first"
    password = live.get("password")
    try:
        proven = isinstance(password, str) and systems.nexus.users.accepts(holder.inputs["user_id"], password)
    except RefusedError:
        proven = False
    if not proven:
        return "the password in its secret does not log in: correct the secret or the user, since adoption changes no password"
    return ""
