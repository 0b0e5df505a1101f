"""The passwords of an account's users: kept, found again, or made. They lie in the state, and the active user's in Vault.

A run that was killed may have given a user a password that no state knows of. Where the secret hands it out already, it is
found again there, so that a job that has read it keeps running; the secret's metadata, which no job can write, proves by rotation and
fingerprint that it was this stack's own turn. Anything else that somebody wrote into the secret is never taken for ours.
"""

from __future__ import annotations

import secrets
import string
from typing import TYPE_CHECKING, Any

from ciaccess.clients.fingerprint import fingerprint
from ciaccess.provider.kinds.fields import WHOLE_NUMBER, Field, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ciaccess.clients.vault.secret import SecretSnapshot, VaultSecret
    from ciaccess.provider.kinds.fields import Values

    Accepts = Callable[[str, str], bool]

FINGERPRINT = "fingerprint"
# Survives shell words, URLs, grep and sed on JSON, and docker's auth JSON (facts on the organisation).
ALPHABET = string.ascii_letters + string.digits + "-_.~"
CHARACTERS = 40
# Which of a user's passwords is meant: another number, another password.
VERSION = Field(
    "password_version", WHOLE_NUMBER, rule=Rule("a whole number from 1", lambda value: value >= 1)
)


def generated() -> str:
    """Return a new password: 40 characters, 240 bits, its first one a letter so that no program takes it for an option."""
    return secrets.choice(string.ascii_letters) + "".join(
        secrets.choice(ALPHABET) for _ in range(CHARACTERS - 1)
    )


def fingerprint_of(password: str) -> str:
    """Return the fingerprint of a password that was generated here, "" for another's (clients/fingerprint says why)."""
    was_generated = len(password) == CHARACTERS and set(password) <= set(ALPHABET)
    return fingerprint(password) if was_generated else ""


def key(user_id: str, user: Mapping[str, Any]) -> str:
    """Return the name under which the state has a user's password: `svc-x:2`."""
    return f"{user_id}:{user[VERSION.name]}"


def kept(state: Values, users: Mapping[str, Values]) -> dict[str, str]:
    """Return the passwords that the state has for these users in these versions; an empty one is none."""
    known = state.get("passwords") or {}
    return {name: known[name] for name in (key(*each) for each in users.items()) if known.get(name)}


def is_known(state: Values, inputs: Values) -> bool:
    """Tell whether the state has every password that is wanted."""
    return len(kept(state, inputs["users"])) == len(inputs["users"])


def by_user(passwords: Mapping[str, str]) -> dict[str, str]:
    """Return the passwords by user alone: the state has one of each."""
    return {name.rpartition(":")[0]: password for name, password in passwords.items()}


def fingerprints(passwords: Mapping[str, str]) -> dict[str, str]:
    """Return the fingerprints by user."""
    return {name: fingerprint_of(password) for name, password in by_user(passwords).items()}


def wanted(
    state: Values, inputs: Values, snapshot: SecretSnapshot, secret: VaultSecret, accepts: Accepts
) -> dict[str, str]:
    """Return the password of each user that is wanted: what the state has, what is ours in the secret, or a new one.

    Without a state, so after one was lost, or where everything is taken over, all that the secret and its earlier versions
    prove by a login is kept, unless the secret's metadata say that a rotation is due.
    """
    users = inputs["users"]
    passwords = kept(state, users)
    for user_id, user in users.items():
        if key(user_id, user) in passwords:
            continue
        if state:
            found = _lost_turn(inputs, snapshot, user_id)
        elif _is_due(inputs, snapshot, user_id):
            found = None
        else:
            found = _published(snapshot, secret, user_id)
            if found and not inputs["adopt"] and _is_forged(snapshot, user_id, found):
                found = None
        passwords[key(user_id, user)] = found if found and accepts(user_id, found) else generated()
    return passwords


def _is_due(inputs: Values, snapshot: SecretSnapshot, user_id: str) -> bool:
    """Tell whether a rotation that was not carried out yet gives a user another password.

    Where one is missing, it is the turn of the user that is to be handed out; where more are, every user has had one.
    """
    counts = snapshot.custom.get("rotation", ""), inputs["metadata"]["rotation"]
    if not all(each.isdecimal() for each in counts):
        return False
    missing = int(counts[1]) - int(counts[0])
    return missing > 1 or (missing == 1 and user_id == inputs["secret"]["user"])


def _is_forged(snapshot: SecretSnapshot, user_id: str, password: str) -> bool:
    """Tell whether the metadata, which no job can write, say that the user was given another password."""
    given = snapshot.custom.get(FINGERPRINT, "")
    return bool(given) and snapshot.custom.get("nexus_user") == user_id and given != fingerprint_of(password)


def published(
    snapshot: SecretSnapshot, secret: VaultSecret, users: Mapping[str, Values], accepts: Accepts
) -> dict[str, str]:
    """Return the passwords that the secret hands out or has handed out, "" for a user whom none of them lets in.

    One that does not let in may have been taken from its user on purpose, so it is never set again.
    """
    found = {name: _published(snapshot, secret, name) for name in users}
    usable = {name: password for name, password in found.items() if password and accepts(name, password)}
    return {key(name, user): usable.get(name, "") for name, user in users.items()}


def _published(snapshot: SecretSnapshot, secret: VaultSecret, user_id: str) -> str | None:
    """Return a user's password from the secret, or from the newest of its earlier versions that names the user."""
    found = secret.find(snapshot, lambda each: each.username == user_id)
    return found.password if found else None


def _lost_turn(inputs: Values, snapshot: SecretSnapshot, user_id: str) -> str | None:
    """Return the password that a killed run of this very rotation has published."""
    held = snapshot.credentials
    password = held.password if held and held.username == user_id else None
    metadata = inputs["metadata"]
    is_ours = (
        password is not None
        and inputs["secret"]["user"] == user_id
        and all(snapshot.custom.get(name) == metadata.get(name) for name in ("stack", "owner", "rotation"))
        and snapshot.custom.get(FINGERPRINT) == fingerprint_of(password)
    )
    return password if is_ours else None
