"""An account's secret in Vault: its claim, its content, and the order of its changes.

Its custom metadata is the claim: `owner` and `stack` are written before any other part of the account is created, so that
the run after a killed one can identify its objects. Rotation and fingerprint are written before the secret: a secret that
names another user than its metadata belongs to a rotation that did not finish.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ciaccess.clients.vault.client import Vault
from ciaccess.clients.vault.secret import (
    DELETED,
    FINGERPRINT,
    THERE,
    Credentials,
    SecretSnapshot,
    VaultSecret,
)
from ciaccess.provider.kinds.fields import Checked, Failure, Field, Rule, Values, check_fields, one_of

CLAIM = ("owner", "stack")
# The output with the version of the secret that was written last.
SECRET_VERSION = "secret_version"  # noqa: S105 a name
METADATA_KEYS = ("rotated_at", "rotation", "nexus_user", *CLAIM)
# The current version: the recorded one, another one, or missing. LOST: the recorded version is missing too, so the user
# gets a new password unless an earlier version has the recorded one.
CURRENT, OTHER, NONE, LOST = "current", "other", "none", "lost"
_API_PATH = Rule(
    "the API path of a secret, such as secret/data/nexus/svc-x",
    lambda path: "/data/" in path and ".." not in path.split("/"),
)
_SECRET_FIELDS = (
    Field("path", rule=_API_PATH),
    Field("user", rule=Rule("one of the users", bool)),
    Field("holds", default=CURRENT, rule=one_of(CURRENT, OTHER, NONE, LOST)),
)
# Vault's own limit.
_AT_MOST = Rule("at most 512 characters", lambda value: len(value) <= 512)  # noqa: PLR2004 a limit of characters
SECTIONS = {
    "secret": _SECRET_FIELDS,
    "metadata": tuple(Field(name, default="", rule=_AT_MOST) for name in METADATA_KEYS),
}


class AccountSecret:
    """The secret of one account during one verb, read once, at its first use.

    `metadata` is the desired one. A refresh and a preview read the metadata only, not the value.
    """

    def __init__(
        self, vault: Vault, path: str, metadata: Mapping[str, str], *, reads_value: bool = True
    ) -> None:
        self.secret = VaultSecret(vault, path)
        self._metadata = metadata
        self._reads_value = reads_value
        self._snapshot: SecretSnapshot | None = None
        self._custom: Mapping[str, str] | None = None

    @property
    def snapshot(self) -> SecretSnapshot:
        """Return the secret as it was when this verb started."""
        if self._snapshot is None:
            self._snapshot = self.secret.read_all() if self._reads_value else self.secret.read_metadata()
        return self._snapshot

    @property
    def account(self) -> str:
        """Return the name of the account that it is of."""
        return self.secret.name.rpartition("/")[2]

    @property
    def is_claimed(self) -> bool:
        """Tell whether this stack had claimed the account when this verb started."""
        wanted, found = self._metadata, self.snapshot.custom
        return bool(wanted.get("stack")) and all(
            found.get(name, "") == wanted.get(name, "") for name in CLAIM
        )

    @property
    def is_claimed_by_other(self) -> bool:
        """Tell whether another stack had claimed the account when this verb started."""
        return bool(self.snapshot.custom.get("stack")) and not self.is_claimed

    def holder_is(self, owner: str, stack: str) -> bool:
        """Tell whether this owner and stack had claimed the account when this verb started."""
        return tuple(self.snapshot.custom.get(name) for name in CLAIM) == (owner, stack)

    @property
    def holder(self) -> str:
        """Return the secret's claim as text."""
        owner, stack = (self.snapshot.custom.get(name, "") for name in CLAIM)
        return f"claimed by {owner}, stack {stack}" if owner or stack else "without a claim"

    def claim(self) -> None:
        """Claim the account for this stack."""
        if not self.is_claimed:
            self._set_metadata({name: self._metadata.get(name, "") for name in CLAIM})

    def find(self, is_wanted: Callable[[Credentials], bool], *, up_to: int = 0) -> str | None:
        """Return the password of the newest wanted credentials (VaultSecret.find), None without any."""
        found = self.secret.find(self.snapshot, is_wanted, up_to=up_to)
        return found.password if found else None

    def write(self, user: str, password: str, fingerprint: str) -> int:
        """Write the metadata, then the secret, each only if it differs; return the current version."""
        keys = {name: self._metadata.get(name, "") for name in METADATA_KEYS}
        self._set_metadata(keys | {FINGERPRINT: fingerprint})
        fields = {"username": user, "password": password}
        if self.snapshot.fields == fields:
            return self.snapshot.version
        return self.secret.write(fields, self.snapshot.version)

    def undelete(self, version: int) -> None:
        """Make a deleted version readable again."""
        self.secret.undelete(version)
        self._snapshot = None

    def remove(self, *, purge: bool) -> None:
        """Delete the latest version, or with `purge` all versions and the metadata."""
        if purge:
            self.secret.purge()
        elif self.snapshot.exists:
            self.secret.delete()

    def _set_metadata(self, keys: Mapping[str, str]) -> None:
        """Set these keys of the custom metadata, remove the empty ones, and keep all others."""
        before = self.snapshot.custom if self._custom is None else self._custom
        others = {name: value for name, value in before.items() if name not in keys}
        after = others | {name: value for name, value in keys.items() if value}
        if after != before:
            self.secret.describe(after)
            self._custom = after


def observe(before: Values, snapshot: SecretSnapshot) -> Values:
    """Return the `secret` as observed by its metadata: the version number shows changes by others."""
    recorded = int(before.get(SECRET_VERSION) or 0)
    if snapshot.exists and recorded in (0, snapshot.version):
        holds = CURRENT
    elif recorded and snapshot.state_of(recorded) not in (THERE, DELETED):
        holds = LOST
    else:
        holds = OTHER if snapshot.exists else NONE
    return {"path": before["secret"]["path"], "user": before["secret"]["user"], "holds": holds}


def metadata_of(snapshot: SecretSnapshot) -> dict[str, str]:
    """Return the `metadata` as observed."""
    return {name: snapshot.custom.get(name, "") for name in METADATA_KEYS}


def check_section(section: str, given: Values) -> Checked:
    """Return the `secret` or the `metadata` with defaults, and the failures."""
    values, failures = check_fields(SECTIONS[section], {}, given, section, frozenset())
    return values, tuple(Failure(f"{section}.{each.property}", each.reason) for each in failures)
