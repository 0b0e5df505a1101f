"""From credentials to a caller.

Passwords are kept as salted digests of one round: these protect nothing of value, and login probes must be fast.
Names compare by case. A wrong password, a disabled user and an unknown one are told the same.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from simulators.nexus.answers import AnswerError, challenge
from simulators.nexus.security.caller import Caller

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulators.nexus.security.directory import Directory
    from simulators.nexus.store import Store

_MAY_SIGN_IN = ("active", "changepassword")
_TOKEN = "DockerToken."


def digest_password(password: str) -> str:
    """Return what is stored of a password."""
    salt = secrets.token_hex(8)
    return f"{salt}${_digest(salt, password)}"


def _digest(salt: str, password: str) -> str:
    return hashlib.sha256(f"{salt}{password}".encode("utf-8", "surrogatepass")).hexdigest()


class Authenticator:
    """Tells who asks."""

    def __init__(self, store: Store, directory: Directory) -> None:
        self._store = store
        self._directory = directory

    def authenticate(self, headers: Mapping[str, str]) -> Caller:
        """Return whom the Authorization header names; without one that is known, the anonymous caller.

        Raises:
            AnswerError: 401 with the challenge, the credentials are malformed or wrong.
        """
        scheme, _, encoded = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and encoded.startswith(_TOKEN):
            return self._bearer(encoded)
        if scheme.lower() != "basic":
            return self._anonymous()
        try:
            user_id, colon, password = (
                base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
            )
        except ValueError as error:
            raise AnswerError(challenge()) from error
        if not colon or not self.accepts(user_id, password):
            raise AnswerError(challenge())
        return Caller(user_id, anonymous=False, permissions=self._directory.permissions(user_id))

    def accepts(self, user_id: str, password: str) -> bool:
        """Tell whether a user may sign in with a password."""
        user = self._store.users.get(user_id)
        if user is None or user["status"] not in _MAY_SIGN_IN:
            return False
        salt, _, digest = user["password"].partition("$")
        return hmac.compare_digest(_digest(salt, password), digest)

    def token(self, user_id: str | None) -> str:
        """Return a bearer token as docker clients get one: good until the user's password changes.

        Nobody's is the anonymous caller's.
        """
        if user_id is None:
            return _TOKEN
        key = self._store.users[user_id]["password"].encode()
        signature = hmac.new(key, user_id.encode(), hashlib.sha256).hexdigest()
        return f"{_TOKEN}{base64.urlsafe_b64encode(user_id.encode()).decode()}.{signature}"

    def _bearer(self, token: str) -> Caller:
        if token == _TOKEN:
            return self._anonymous()
        encoded = token.removeprefix(_TOKEN).partition(".")[0]
        try:
            user_id = base64.urlsafe_b64decode(encoded).decode()
        except ValueError as error:
            raise AnswerError(challenge()) from error
        user = self._store.users.get(user_id)
        if (
            user is None
            or user["status"] not in _MAY_SIGN_IN
            or not hmac.compare_digest(token.encode(), self.token(user_id).encode())
        ):
            raise AnswerError(challenge())
        return Caller(user_id, anonymous=False, permissions=self._directory.permissions(user_id))

    def _anonymous(self) -> Caller:
        settings = self._store.settings["anonymous"]
        user_id = settings["userId"] if settings["enabled"] else None
        return Caller(user_id, anonymous=True, permissions=self._directory.permissions(user_id))
