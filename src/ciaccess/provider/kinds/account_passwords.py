"""The passwords of an account's users: read from the versions of its secret, or generated.

The state holds no password. It has a fingerprint and a version number for each, and the number of the secret's version:
enough to find the password in Vault even after a manual change of the secret. A killed run may have set a password that
no state records; the secret's metadata, which no job can write, identify it by rotation and fingerprint. Any other
password in the secret is not trusted.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable, Mapping

from ciaccess.clients.errors import ForbiddenError
from ciaccess.clients.fingerprint import fingerprint
from ciaccess.clients.vault.secret import DELETED, FINGERPRINT, Credentials, SecretSnapshot
from ciaccess.provider.kinds.account_secret import SECRET_VERSION, AccountSecret
from ciaccess.provider.kinds.fields import MAPPING, NUMBERS, WHOLE_NUMBER, Field, Rule, Values

Accepts = Callable[[str, str], bool]

# Safe in shell words, URLs, grep and sed on JSON, and docker's auth JSON (facts on the organisation).
ALPHABET = string.ascii_letters + string.digits + "-_.~"
CHARACTERS = 40
# Each number is one password of a user: another number, another password.
VERSION = Field(
    "password_version",
    WHOLE_NUMBER,
    rule=Rule("a whole number from 1", lambda value: value >= 1),
    about="Another number is another password",
)
# Outputs: by user, and of the secret.
FINGERPRINTS, VERSIONS = "fingerprints", "password_versions"
OUTPUTS = tuple(
    Field(name, type_, compared=False, computed=True, about=about)
    for name, type_, about in (
        (FINGERPRINTS, MAPPING, "A short digest of each generated password, by user"),
        (VERSIONS, NUMBERS, "The password_version of each user"),
        (SECRET_VERSION, WHOLE_NUMBER, "The version of the secret that was written last"),
    )
)
# The version of a password that an import could not confirm by a login: the next `up` sets a new one.
UNPROVEN = 0


def generate() -> str:
    """Return a new password of 240 bits; it starts with a letter, so it never looks like an option."""
    return secrets.choice(string.ascii_letters) + "".join(
        secrets.choice(ALPHABET) for _ in range(CHARACTERS - 1)
    )


def fingerprint_of(password: str) -> str:
    """Return the fingerprint of a generated password, "" for any other (see clients/fingerprint)."""
    was_generated = len(password) == CHARACTERS and set(password) <= set(ALPHABET)
    return fingerprint(password) if was_generated else ""


def import_outputs(users: Mapping[str, Values], known: Mapping[str, str], version: int) -> Values:
    """Return the outputs of an import; unconfirmed passwords get a version that is never declared."""
    unproven = dict.fromkeys(users.keys() - known.keys(), UNPROVEN)
    found = outputs({}, users, known, version)
    return found | {VERSIONS: found[VERSIONS] | unproven}


def outputs(state: Values, users: Mapping[str, Values], known: Mapping[str, str], version: int) -> Values:
    """Return the outputs for the state; a user whose password is not `known` keeps its fingerprint."""
    before = state.get(FINGERPRINTS) or {}
    return {
        FINGERPRINTS: {
            user: fingerprint_of(known[user]) if user in known else before.get(user, "") for user in users
        },
        VERSIONS: {user: part[VERSION.name] for user, part in users.items()},
        SECRET_VERSION: version,
    }


def is_unchanged(state: Values, user_id: str, user: Values) -> bool:
    """Tell whether a user keeps the password that the state records."""
    # States from before `password_versions` have the versions only in `users`.
    recorded = state.get(VERSIONS) or {
        name: part.get(VERSION.name) for name, part in (state.get("users") or {}).items()
    }
    return bool(recorded.get(user_id) == user[VERSION.name])


def unproven_users(state: Values) -> list[str]:
    """Return the users whose password an import could not confirm."""
    return [user for user, version in (state.get(VERSIONS) or {}).items() if version == UNPROVEN]


def passwords_for(
    state: Values, inputs: Values, secret: AccountSecret, held: AccountSecret, accepts: Accepts
) -> dict[str, str]:
    """Return the password of each user: the recorded one, or a new one.

    `held` is the secret at the state's path. Omits an existing idle user whose recorded password is in no version any
    more: it keeps its password.
    """
    found: dict[str, str] = {}
    for user_id, user in inputs["users"].items():
        if not state:
            password = _without_state(inputs, secret, user_id, accepts)
        elif is_unchanged(state, user_id, user):
            is_idle = user_id != inputs["secret"]["user"] and user_id in (state.get("users") or {})
            password = find_recorded(state, held, user_id)
            if password is None and is_idle:
                continue
            password = password or _from_killed_run(inputs, secret.snapshot, user_id)
        else:
            password = _from_killed_run(inputs, secret.snapshot, user_id)
            password = password if password and accepts(user_id, password) else None
        found[user_id] = password or generate()
    return found


def find_recorded(state: Values, held: AccountSecret, user_id: str) -> str | None:
    """Return the recorded password, from the newest version of the secret that has it."""
    known = (state.get(FINGERPRINTS) or {}).get(user_id, "")

    def is_recorded(each: Credentials) -> bool:
        return each.username == user_id and fingerprint_of(each.password) == known

    # A password that was not generated has no fingerprint: the secret's version identifies it.
    up_to = 0 if known else int(state.get(SECRET_VERSION) or 0)
    return held.find(is_recorded, up_to=up_to)


def restore(state: Values, held: AccountSecret) -> None:
    """Undelete the recorded version if it was deleted and the token may do so."""
    version = int(state.get(SECRET_VERSION) or 0)
    if version and held.snapshot.state_of(version) == DELETED:
        try:
            held.undelete(version)
        except ForbiddenError:
            return


def find_published(secret: AccountSecret, users: Mapping[str, Values], accepts: Accepts) -> dict[str, str]:
    """Return the passwords in the secret or its earlier versions that Nexus accepts, by user.

    A refused password may have been revoked on purpose, so it is never set again.
    """
    found = {name: _published_password(secret, name) for name in users}
    return {name: password for name, password in found.items() if password and accepts(name, password)}


def _without_state(inputs: Values, secret: AccountSecret, user_id: str, accepts: Accepts) -> str | None:
    """Return the password to keep without a state (lost, or an adoption), None for a new one.

    A password that Nexus accepts is kept, unless a rotation is due by the metadata.
    """
    if _is_due(inputs, secret.snapshot, user_id):
        return None
    found = _published_password(secret, user_id)
    if found and not inputs["adopt"] and _contradicts_metadata(secret.snapshot, user_id, found):
        return None
    return found if found and accepts(user_id, found) else None


def _is_due(inputs: Values, snapshot: SecretSnapshot, user_id: str) -> bool:
    """Tell whether a pending rotation gives a user another password.

    One pending rotation changes the user that becomes current; several change every user.
    """
    counts = snapshot.custom.get("rotation", ""), inputs["metadata"]["rotation"]
    if not all(each.isdecimal() for each in counts):
        return False
    missing = int(counts[1]) - int(counts[0])
    return missing > 1 or (missing == 1 and user_id == inputs["secret"]["user"])


def _contradicts_metadata(snapshot: SecretSnapshot, user_id: str, password: str) -> bool:
    """Tell whether the metadata, which no job can write, record another password for the user."""
    given = snapshot.custom.get(FINGERPRINT, "")
    return bool(given) and snapshot.custom.get("nexus_user") == user_id and given != fingerprint_of(password)


def _published_password(secret: AccountSecret, user_id: str) -> str | None:
    """Return a user's password from the newest version of the secret that names the user."""
    return secret.find(lambda each: each.username == user_id)


def _from_killed_run(inputs: Values, snapshot: SecretSnapshot, user_id: str) -> str | None:
    """Return the password that a killed run of the same rotation wrote to the secret."""
    held, metadata = snapshot.credentials, inputs["metadata"]
    is_ours = (
        held is not None
        and held.username == user_id == inputs["secret"]["user"]
        and all(snapshot.custom.get(name) == metadata.get(name) for name in ("stack", "owner", "rotation"))
        and snapshot.custom.get(FINGERPRINT) == fingerprint_of(held.password)
    )
    return held.password if held and is_ours else None
