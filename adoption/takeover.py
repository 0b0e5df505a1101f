"""Taking over an account as a whole: its users, its secret, and the password that the one proves for the other.

Where two users take turns, the idle one's password is in the secret's version before. Owns the rule that adoption changes no password: a user or secret that exists alone, or a password that does not log in,
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
# The turn before is the version before, unless somebody wrote in between.
_MOST_VERSIONS = 5
ACTIVE = "active"


@dataclass(frozen=True)
class Takeover:
    """What of an account exists, by URN, and the passwords by the variables that name them; a repr shows none."""

    found: dict[str, Existing]
    passwords: dict[str, str]

    def __repr__(self) -> str:
        return f"Takeover({sorted(self.found)})"


def take_over(members: Sequence[Declared], systems: Systems, mount: str, index: int) -> Takeover:
    """Look at the resources of one account that are not in the state.

    `mount` is the KV engine's, `index` makes the variables' names its own.

    Raises:
        ApiError: a system does not answer.
    """
    users = [each for each in members if each.type == USER]
    secret = next((each for each in members if each.type == SECRET), None)
    path = str(secret.inputs["path"]).removeprefix(f"{mount}/") if secret else ""
    live = systems.vault.read_secret(mount, path) if path else None
    existing = [each for each in users if systems.nexus.users.find(each.inputs["user_id"])]
    if not existing and live is None:
        return Takeover({}, {})
    holder = next((each for each in users if live and each.inputs["user_id"] == live.get("username")), None)
    obstacle = _obstacle(existing, holder, live, systems)
    found: dict[str, Existing] = {}
    passwords: dict[str, str] = {}
    for number, user in enumerate(existing):
        password = ""
        if live is not None and not obstacle:
            data = live if user is holder else _earlier(systems, mount, path, user.inputs["user_id"])
            password = str((data or {}).get("password", ""))
        name = f"CIACCESS_ADOPTED_PASSWORD_{index}_{number}" if password else ""
        found[user.urn] = _user(user, name, obstacle, systems)
        if password:
            passwords[name] = password
            found |= _password(members, user, name)
    if secret is not None and live is not None:
        fields = () if live.keys() == _FIELDS else ("dataJson",)
        found[secret.urn] = Existing(secret.inputs["path"], fields, obstacle=obstacle)
    return Takeover(found, passwords)


def _earlier(systems: Systems, mount: str, path: str, user_id: str) -> dict[str, Any] | None:
    """Return what the secret said when it last was this user's turn, if that still lets it in: jobs may yet use it."""
    history = systems.vault.read(f"{mount}/metadata/{path}") or {}
    latest = int(history.get("current_version", 0))
    for version in range(latest - 1, max(latest - 1 - _MOST_VERSIONS, 0), -1):
        data = systems.vault.read_secret(mount, path, version)
        if data and data.get("username") == user_id:
            return data if _proven(systems, user_id, data.get("password")) else None
    return None


def _password(members: Sequence[Declared], user: Declared, name: str) -> dict[str, Existing]:
    declared = next((each for each in members if each.urn == user.password), None)
    if declared is None:
        return {}
    return {declared.urn: Existing(f"env:{name}:{int(declared.inputs['version'])}")}


def _user(user: Declared, name: str, obstacle: str, systems: Systems) -> Existing:
    found = systems.nexus.users.find(user.inputs["user_id"])
    if found is None:  # listed a moment ago
        return Existing("", obstacle="it is no longer there: run again")
    identity = f"{found.user_id}:env:{name}" if name else found.user_id
    # An import without a password leaves it to the first up.
    fields = {*differing(vars(found), user.inputs), *(() if name else ("login", "password"))}
    return Existing(identity, tuple(sorted(fields)), owner_in(found.last_name), obstacle)


def _proven(systems: Systems, user_id: str, password: object) -> bool:
    try:
        return isinstance(password, str) and systems.nexus.users.accepts(user_id, password)
    except RefusedError:  # no login can be made of it
        return False


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
    if not _proven(systems, holder.inputs["user_id"], live.get("password")):
        return "the password in its secret does not log in: correct the secret or the user, since adoption changes no password"
    return ""
