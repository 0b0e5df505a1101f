"""An account's secret in Vault: whose it is, what it holds, and the order in which it changes.

Its custom metadata is the claim: `owner` and `stack` are written before anything of the account is made, so that a run after a
killed one knows what is its own. Rotation and fingerprint are written before the secret itself: a secret that names another
user than its metadata is a turn that was never published.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ciaccess.clients.vault.secret import SecretSnapshot, VaultSecret
from ciaccess.provider.kinds import account_passwords as passwords
from ciaccess.provider.kinds.fields import Failure, Values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ciaccess.clients.vault.client import Vault

CLAIM = ("owner", "stack")
METADATA_KEYS = ("rotated_at", "rotation", "nexus_user", *CLAIM)
# Vault's own limit.
_MOST_CHARACTERS = 512
CURRENT, OTHER, NONE = "current", "other", "none"
_HOLDS = (CURRENT, OTHER, NONE)


class AccountSecret:
    """The secret of one account during one verb: looked at once, when it is first needed. `metadata` are those wanted."""

    def __init__(self, vault: Vault, path: str, metadata: Mapping[str, str]) -> None:
        self.secret = VaultSecret(vault, path)
        self._metadata = metadata
        self._snapshot: SecretSnapshot | None = None
        self._custom: Mapping[str, str] | None = None

    @property
    def snapshot(self) -> SecretSnapshot:
        """Return what the secret was when this verb began."""
        if self._snapshot is None:
            self._snapshot = self.secret.read_all()
        return self._snapshot

    @property
    def is_claimed(self) -> bool:
        """Tell whether the secret said that the account is this very stack's when this verb began."""
        wanted, found = self._metadata, self.snapshot.custom
        return bool(wanted.get("stack")) and all(
            found.get(name, "") == wanted.get(name, "") for name in CLAIM
        )

    @property
    def is_anothers(self) -> bool:
        """Tell whether the secret said that the account is some other stack's."""
        return bool(self.snapshot.custom.get("stack")) and not self.is_claimed

    def claim(self) -> None:
        """Say that the account is this stack's."""
        if not self.is_claimed:
            self._describe({name: self._metadata.get(name, "") for name in CLAIM})

    def write(self, inputs: Values, known: Mapping[str, str]) -> None:
        """Write what is said of the secret, then the secret; nothing where it is so already."""
        active = inputs["secret"]["user"]
        password = known[passwords.key(active, inputs["users"][active])]
        fingerprint = {passwords.FINGERPRINT: passwords.fingerprint_of(password)}
        self._describe({name: self._metadata.get(name, "") for name in METADATA_KEYS} | fingerprint)
        fields = {"username": active, "password": password}
        if self.snapshot.fields != fields:
            self.secret.write(fields, self.snapshot.version)

    def remove(self, *, purge: bool) -> None:
        """Delete the latest version, or with `purge` all of them."""
        if purge:
            self.secret.purge()
        elif self.snapshot.exists:
            self.secret.delete()

    def _describe(self, keys: Mapping[str, str]) -> None:
        """Set these keys of the custom metadata, those that are empty not at all, and leave others alone."""
        before = self.snapshot.custom if self._custom is None else self._custom
        others = {name: value for name, value in before.items() if name not in keys}
        after = others | {name: value for name, value in keys.items() if value}
        if after != before:
            self.secret.describe(after)
            self._custom = after


def holding(before: Values, snapshot: SecretSnapshot, known: Mapping[str, str]) -> Values:
    """Return the `secret` as it is: whether it holds what the state has of its user, and nothing else."""
    user = before["secret"]["user"]
    # Whatever became of the user: it may be missing in the state.
    password = passwords.by_user(known).get(user)
    expected = {"username": user, "password": password}
    holds = NONE if not snapshot.exists else CURRENT if password and snapshot.fields == expected else OTHER
    return {"path": before["secret"]["path"], "user": user, "holds": holds}


def described(snapshot: SecretSnapshot) -> dict[str, str]:
    """Return the `metadata` as it is."""
    return {name: snapshot.custom.get(name, "") for name in METADATA_KEYS}


def check_secret(given: Values) -> tuple[Values, tuple[Failure, ...]]:
    """Return the `secret` with its defaults, and what is wrong with it."""
    found = {"holds": CURRENT} | given
    failures = [
        Failure(f"secret.{name}", "is no property of a secret. Allowed: path, user")
        for name in found
        if name not in ("path", "user", "holds")
    ]
    path = found.get("path")
    if not isinstance(path, str) or "/data/" not in path or ".." in path.split("/"):
        failures.append(
            Failure("secret.path", "is not the API path of a secret, such as secret/data/nexus/svc-x")
        )
    if not isinstance(found.get("user"), str):
        failures.append(Failure("secret.user", "is missing. Allowed: one of the users"))
    if found["holds"] not in _HOLDS:
        failures.append(Failure("secret.holds", f"is not allowed. Allowed: {', '.join(_HOLDS)}"))
    return found, tuple(failures)


def check_metadata(given: Values) -> tuple[Values, tuple[Failure, ...]]:
    """Return the `metadata` with its defaults, and what is wrong with it."""
    allowed = f"Allowed: {', '.join(METADATA_KEYS)}, each of at most {_MOST_CHARACTERS} characters"
    failures = tuple(
        Failure(f"metadata.{name}", f"is not allowed. {allowed}")
        for name, value in given.items()
        if name not in METADATA_KEYS or not _is_value(value)
    )
    return dict.fromkeys(METADATA_KEYS, "") | given, failures


def _is_value(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _MOST_CHARACTERS
