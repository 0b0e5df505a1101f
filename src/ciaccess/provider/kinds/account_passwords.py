"""The passwords of an account's users: found in the versions of its secret, or generated. The state holds none of them.

The state has a fingerprint and a version number for each user's password, and the number of the secret's version. By these the
password is found again in Vault, also where somebody changed the secret by hand since. A run that was killed may have
given a user a password that no state knows of: the secret's metadata, which no job can write, prove by rotation and
fingerprint that it is this stack's own. Anything else that somebody wrote into the secret is never taken for ours.
"""

from __future__ import annotations

import secrets
import string
from typing import TYPE_CHECKING

from ciaccess.clients.errors import ForbiddenError
from ciaccess.clients.fingerprint import fingerprint
from ciaccess.clients.vault.secret import DELETED
from ciaccess.provider.kinds.fields import WHOLE_NUMBER, Field, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ciaccess.clients.vault.secret import Credentials, SecretSnapshot
    from ciaccess.provider.kinds.account_secret import AccountSecret
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
# Outputs: by user, and of the secret.
FINGERPRINTS, VERSIONS, SECRET_VERSION = "fingerprints", "password_versions", "secret_version"
# The version of a password that an import could not prove by a login: the next `up` makes another one.
UNPROVEN = 0


def generated() -> str:
    """Return a new password: 40 characters, 240 bits, its first one a letter so that no program takes it for an option."""
    return secrets.choice(string.ascii_letters) + "".join(
        secrets.choice(ALPHABET) for _ in range(CHARACTERS - 1)
    )


def fingerprint_of(password: str) -> str:
    """Return the fingerprint of a password that was generated here, "" for another's (clients/fingerprint says why)."""
    was_generated = len(password) == CHARACTERS and set(password) <= set(ALPHABET)
    return fingerprint(password) if was_generated else ""


def imported(users: Mapping[str, Values], known: Mapping[str, str], version: int) -> Values:
    """Return what an import records: passwords that it could not prove have a version that no declaration has."""
    unproven = dict.fromkeys(users.keys() - known.keys(), UNPROVEN)
    found = outputs({}, users, known, version)
    return found | {VERSIONS: found[VERSIONS] | unproven}


def outputs(state: Values, users: Mapping[str, Values], known: Mapping[str, str], version: int) -> Values:
    """Return what the state records; a user whose password is not `known` keeps its fingerprint."""
    before = state.get(FINGERPRINTS) or {}
    return {
        FINGERPRINTS: {
            user: fingerprint_of(known[user]) if user in known else before.get(user, "") for user in users
        },
        VERSIONS: {user: part[VERSION.name] for user, part in users.items()},
        SECRET_VERSION: version,
    }


def stays(state: Values, user_id: str, user: Values) -> bool:
    """Tell whether a user's password is to be the one that the state records."""
    # A state of before there were `password_versions` has them with the users alone.
    recorded = state.get(VERSIONS) or {
        name: part.get(VERSION.name) for name, part in (state.get("users") or {}).items()
    }
    return bool(recorded.get(user_id) == user[VERSION.name])


def unproven(state: Values) -> list[str]:
    """Return the users whose password an import could not prove."""
    return [user for user, version in (state.get(VERSIONS) or {}).items() if version == UNPROVEN]


def wanted(
    state: Values, inputs: Values, secret: AccountSecret, held: AccountSecret, accepts: Accepts
) -> dict[str, str]:
    """Return the password of each user: the recorded one, or a new one.

    `held` is the secret at the state's path. Left out is a user that is not handed out, exists, and whose recorded password no
    version has any more: it stays as it is.
    """
    found: dict[str, str] = {}
    for user_id, user in inputs["users"].items():
        if not state:
            password = _unrecorded(inputs, secret, user_id, accepts)
        elif stays(state, user_id, user):
            is_idle = user_id != inputs["secret"]["user"] and user_id in (state.get("users") or {})
            password = recorded(state, held, user_id)
            if password is None and is_idle:
                continue
            password = password or _of_a_killed_run(inputs, secret.snapshot, user_id)
        else:
            password = _of_a_killed_run(inputs, secret.snapshot, user_id)
            password = password if password and accepts(user_id, password) else None
        found[user_id] = password or generated()
    return found


def recorded(state: Values, held: AccountSecret, user_id: str) -> str | None:
    """Return the password that the state records, from the newest version of the secret that has it."""
    known = (state.get(FINGERPRINTS) or {}).get(user_id, "")

    def is_recorded(each: Credentials) -> bool:
        return each.username == user_id and fingerprint_of(each.password) == known

    # A password that somebody chose has no fingerprint, so the version tells whose it is.
    up_to = 0 if known else int(state.get(SECRET_VERSION) or 0)
    credentials = held.secret.find(held.snapshot, is_recorded, up_to=up_to)
    return credentials.password if credentials else None


def restore(state: Values, held: AccountSecret) -> None:
    """Undelete the recorded version where somebody deleted it; without the right to do so it stays deleted."""
    version = int(state.get(SECRET_VERSION) or 0)
    if version and held.snapshot.state_of(version) == DELETED:
        try:
            held.undelete(version)
        except ForbiddenError:
            return


def published(secret: AccountSecret, users: Mapping[str, Values], accepts: Accepts) -> dict[str, str]:
    """Return the passwords that the secret hands out or has handed out, of the users whom they log in.

    One that does not log in may have been taken from its user on purpose, so it is never set again.
    """
    found = {name: _published(secret, name) for name in users}
    return {name: password for name, password in found.items() if password and accepts(name, password)}


def _unrecorded(inputs: Values, secret: AccountSecret, user_id: str, accepts: Accepts) -> str | None:
    """Return the password to keep where there is no state: it was lost, or everything is adopted.

    What the secret and its earlier versions prove by a login is kept, unless the metadata say that a rotation is due.
    """
    if _is_due(inputs, secret.snapshot, user_id):
        return None
    found = _published(secret, user_id)
    if found and not inputs["adopt"] and _is_forged(secret.snapshot, user_id, found):
        return None
    return found if found and accepts(user_id, found) else None


def _is_due(inputs: Values, snapshot: SecretSnapshot, user_id: str) -> bool:
    """Tell whether a rotation that was not carried out yet gives a user another password.

    One missing rotation concerns the user that is to be handed out; after more of them every user has had one.
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


def _published(secret: AccountSecret, user_id: str) -> str | None:
    """Return a user's password from the secret, or from the newest of its earlier versions that names the user."""
    found = secret.secret.find(secret.snapshot, lambda each: each.username == user_id)
    return found.password if found else None


def _of_a_killed_run(inputs: Values, snapshot: SecretSnapshot, user_id: str) -> str | None:
    """Return the password that a killed run of this very rotation has published."""
    held, metadata = snapshot.credentials, inputs["metadata"]
    is_ours = (
        held is not None
        and held.username == user_id == inputs["secret"]["user"]
        and all(snapshot.custom.get(name) == metadata.get(name) for name in ("stack", "owner", "rotation"))
        and snapshot.custom.get(FINGERPRINT) == fingerprint_of(held.password)
    )
    return held.password if held and is_ours else None
