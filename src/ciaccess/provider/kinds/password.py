"""A password: made at random, the same until its version changes, always a secret.

It lies in no system, only in the state, encrypted. Its id says nothing about it. An import names the environment
variable that holds an existing one, because an id would stand in the state and in the process list unencrypted.

Its `fingerprint` is no secret, so that drift can tell, without a key to the state, whether the password in Vault is still
this one. That is safe because only a password that was made here has one (clients/fingerprint): one of 240 random bits
cannot be found by trying. An imported one may be what somebody chose, and has none.
"""

from __future__ import annotations

import re
import secrets
import string

from ciaccess.clients.fingerprint import fingerprint
from ciaccess.provider.environment import REFERENCE, imported_password
from ciaccess.provider.kinds.fields import UNKNOWN, WHOLE_NUMBER, Field, Rule, Values
from ciaccess.provider.kinds.kind import Kind, KindError, Seen

# Survives shell words, URLs, grep and sed on JSON, and docker's auth JSON (facts on the organisation).
ALPHABET = string.ascii_letters + string.digits + "-_.~"
CHARACTERS = 40
_ID = "password"
_IMPORT = re.compile(rf"({REFERENCE})(?::([0-9]{{1,9}}))?")


class Password(Kind):
    """`version` is the rotation: another number, another password. `result` is made here and cannot be given."""

    token = "ciaccess:index:Password"  # noqa: S105 a type token, no secret
    noun = "password"
    shares_id = True
    fields = (
        Field("version", WHOLE_NUMBER, rule=Rule("a whole number from 1", lambda value: value >= 1)),
        Field("result", secret=True, compared=False, computed=True),
        Field("fingerprint", compared=False, computed=True),
    )

    def create(self, inputs: Values) -> Values:
        """Make a password."""
        return inputs | _outputs(generated())

    def read(self, resource_id: str, state: Values) -> Seen | None:
        """Return the password of the state, or on an import the one of the environment variable that the id names."""
        if state.get("result"):
            return Seen(state | _outputs(state["result"]))
        found = _IMPORT.fullmatch(resource_id)
        if not found:
            raise KindError(
                "import password: its id is env:<NAME> or env:<NAME>:<version>, where NAME is the environment variable "
                "that holds the password. Never write the password itself there: ids are not encrypted"
            )
        value = imported_password(self.noun, found[1])
        return Seen({"version": int(found[3] or 1)} | _outputs(value), _ID)

    def update(self, resource_id: str, state: Values, inputs: Values) -> Values:
        """Make another password if the version is another one."""
        del resource_id
        if state.get("result") and state.get("version") == inputs["version"]:
            return inputs | _outputs(state["result"])
        return inputs | _outputs(generated())

    def delete(self, resource_id: str, state: Values) -> None:
        """Do nothing: it goes with the state."""
        del resource_id, state

    def planned(self, state: Values | None, inputs: Values) -> Values:
        """Return a result that is not known yet, unless the version stays."""
        if state and state.get("version") == inputs["version"]:
            return inputs | _outputs(state["result"])
        return inputs | {"result": UNKNOWN, "fingerprint": UNKNOWN}

    def resource_id(self, inputs: Values) -> str | None:
        """Return the same id for every password."""
        del inputs
        return _ID


def generated() -> str:
    """Return a new password: 40 characters, 240 bits, its first one a letter so that no program takes it for an option."""
    return secrets.choice(string.ascii_letters) + "".join(
        secrets.choice(ALPHABET) for _ in range(CHARACTERS - 1)
    )


def was_made_here(password: str) -> bool:
    """Tell whether a password is as the plugin makes them."""
    return len(password) == CHARACTERS and set(password) <= set(ALPHABET)


def fingerprint_of(password: str) -> str:
    """Return the fingerprint of a password that was made here, "" for another's (clients/fingerprint says why)."""
    return fingerprint(password) if was_made_here(password) else ""


def _outputs(password: str) -> Values:
    """Return what is known of a password: itself, and its fingerprint if it was made here."""
    return {"result": password, "fingerprint": fingerprint_of(password)}
