"""A secret of a KV v2 engine: its versions, its custom metadata, and safe writes.

Owns the one snapshot of a secret that all others read, and what makes a write safe: it names the version that it follows
(check-and-set), so of two concurrent writers one is refused, and nothing is overwritten unseen. Leaves alone what a
secret is for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from ciaccess.clients.errors import ForbiddenError, NotFoundError, RefusedError
from ciaccess.clients.redaction import conceal
from ciaccess.clients.vault.client import SYSTEM, Vault, number, object_of, texts

_DATA, _METADATA = "/data/", "/metadata/"
_MISMATCH = "check-and-set parameter did not match"
# A user's name is public: it is in access.yaml, and errors need it.
_PLAIN = "username"
# The fields of an account's secret.
FIELDS = frozenset({"username", "password"})
# The custom metadata by which a lost turn of a password is found again.
FINGERPRINT = "fingerprint"
# The states of a secret's current version; MISSING: it has no version.
THERE, MISSING, DELETED, DESTROYED = "there", "missing", "deleted", "destroyed"


@dataclass(frozen=True)
class Credentials:
    """The user and password that a secret holds; a repr has no password."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class SecretSnapshot:
    """A secret at one moment: its current version and its metadata.

    `since` is when the current version was created, or deleted. `fields` are None where the value was not read or is not
    there; `metadata` is Vault's own, {} where it was not read.
    """

    state: str = MISSING
    version: int = 0
    since: str = ""
    fields: Mapping[str, Any] | None = field(default=None, repr=False)
    custom: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def exists(self) -> bool:
        """Tell whether the current version can be read."""
        return self.state == THERE

    def value_of(self, field_name: str) -> Any:
        """Return the value of a field, None where it is missing, or no value was read."""
        return (self.fields or {}).get(field_name)

    @property
    def keys(self) -> frozenset[str]:
        """Return the names of its fields."""
        return frozenset(self.fields or ())

    @property
    def username(self) -> str:
        """Return the username, "" where the fields have none."""
        return self._text(_PLAIN)

    @property
    def password(self) -> str:
        """Return the password, "" where the fields have none."""
        return self._text("password")

    @property
    def credentials(self) -> Credentials | None:
        """Return user and password, None where either is missing, empty or not text."""
        return Credentials(self.username, self.password) if self.username and self.password else None

    def _text(self, name: str) -> str:
        value = self.value_of(name)
        return value if isinstance(value, str) else ""

    def state_of(self, version: int) -> str:
        """Return the state of a version by the metadata; MISSING where Vault no longer keeps it."""
        found = (self.metadata.get("versions") or {}).get(str(version))
        return MISSING if found is None else _state(found)

    @property
    def earlier(self) -> list[int]:
        """Return the numbers of the earlier versions that can be read, the newest first."""
        numbers = sorted(map(int, self.metadata.get("versions") or {}), reverse=True)
        return [each for each in numbers if each < self.version and self.state_of(each) == THERE]


class VaultSecret:
    """The secret at an API path such as `secret/data/nexus/svc-x`.

    Each method raises ForbiddenError where the token lacks a right, which never means "not there".
    """

    def __init__(self, vault: Vault, api_path: str) -> None:
        self._vault = vault
        self._data = api_path
        self._metadata = api_path.replace(_DATA, _METADATA, 1)
        mount, _, name = api_path.partition(_DATA)
        self.name = f"{mount}/{name}"
        self._purging = f"delete all versions of secret '{self.name}'"

    def read(self, version: int = 0) -> SecretSnapshot:
        """Return a version, 0 for the current one, without the metadata of the others; one call."""
        doing = f"read version {version} of secret '{self.name}'" if version else f"read secret '{self.name}'"
        parameters = {"version": str(version)} if version else None
        try:
            answer = self._vault.ask("get", self._data, doing, parameters=parameters, keep_missing=True)
        except NotFoundError:
            return SecretSnapshot()
        data = answer.get("data")
        if data is None:
            return SecretSnapshot()
        about, fields = object_of(object_of(data, doing).get("metadata"), doing), data.get("data")
        _conceal({} if fields is None else object_of(fields, doing))
        state = THERE if fields is not None else DESTROYED if about.get("destroyed") else DELETED
        version = number(about.get("version", 0), doing)
        return SecretSnapshot(state, version, _since(about, state), fields, _custom(about, doing))

    def read_metadata(self) -> SecretSnapshot:
        """Return the metadata without any value; one call."""
        metadata = self._vault.read(self._metadata)
        if metadata is None:
            return SecretSnapshot()
        doing = f"read the metadata of secret '{self.name}'"
        versions = object_of(metadata.get("versions") or {}, doing)
        for version, about in versions.items():
            number(version, doing)
            object_of(about, doing)
        current = number(metadata.get("current_version") or 0, doing)
        about = versions.get(str(current), {})
        state = _state(about) if about else MISSING
        custom = _custom(metadata, doing)
        return SecretSnapshot(state, current, _since(about, state), None, custom, dict(metadata))

    def read_all(self) -> SecretSnapshot:
        """Return metadata and value; two calls."""
        found = self.read_metadata()
        if not found.exists:
            return found
        return replace(self.read(), custom=found.custom, metadata=found.metadata)

    def find(
        self, snapshot: SecretSnapshot, is_wanted: Callable[[Credentials], bool], *, up_to: int = 0
    ) -> Credentials | None:
        """Return the newest wanted credentials, from the snapshot or an earlier version.

        With `up_to`, versions after that one are left out.
        """
        earlier = (self.read(version) for version in snapshot.earlier if not up_to or version <= up_to)
        current = [] if 0 < up_to < snapshot.version else [snapshot]
        found = (each.credentials for each in chain(current, earlier))
        return next((each for each in found if each and is_wanted(each)), None)

    def write(self, fields: dict[str, str], after: int) -> int:
        """Write the version that follows version `after` (0: the first one) and return its number.

        A concurrent write is a RefusedError: the current version is then another one.
        """
        _conceal(fields)
        doing = f"write secret '{self.name}'"
        try:
            answer = self._vault.ask("post", self._data, doing, {"data": fields, "options": {"cas": after}})
        except RefusedError as error:
            if _MISMATCH not in error.reason:
                raise
            reason = f"it was written by someone else after it was read at version {after}"
            remedy = "Check that no other run and no person writes it, and run again."
            raise RefusedError(doing, reason, remedy, system=SYSTEM, status=error.status) from None
        return number(object_of(answer.get("data") or {}, doing).get("version", after + 1), doing)

    def describe(self, custom: Mapping[str, str]) -> None:
        """Replace the custom metadata, which makes no new version."""
        self._vault.ask(
            "post", self._metadata, f"write '{self._metadata}'", {"custom_metadata": dict(custom)}
        )

    def delete(self) -> None:
        """Delete the current version, which can be undeleted; succeeds if it does not exist."""
        self._vault.ask("delete", self._data, f"delete secret '{self.name}'")

    def undelete(self, version: int) -> None:
        """Make a deleted version readable again."""
        path = self._data.replace(_DATA, "/undelete/", 1)
        doing = f"undelete version {version} of secret '{self.name}'"
        self._vault.ask("post", path, doing, {"versions": [version]})

    def check_purge(self) -> None:
        """Check that the token may delete all versions (else: ForbiddenError), without a change."""
        if not self._vault.capabilities([self._metadata])[self._metadata] & {"delete", "root"}:
            remedy = f"Run it with a token that may delete {self._metadata}: an administrator's."
            raise ForbiddenError(self._purging, "permission denied", remedy, system=SYSTEM, status=403)

    def purge(self) -> None:
        """Delete all versions and the metadata permanently."""
        self._vault.ask("delete", self._metadata, self._purging)


def _state(about: Mapping[str, Any]) -> str:
    """Return a version's state; a deletion time may be in the future (delete_version_after)."""
    if about.get("destroyed"):
        return DESTROYED
    ends = str(about.get("deletion_time") or "")
    return DELETED if ends and _moment(ends) <= datetime.now(UTC) else THERE


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.min.replace(tzinfo=UTC)


def _since(about: Mapping[str, Any], state: str) -> str:
    return str(about.get("created_time" if state == THERE else "deletion_time") or "")


def _conceal(fields: Mapping[str, Any]) -> None:
    for key, value in fields.items():
        if isinstance(value, str) and key != _PLAIN:
            conceal(value)


def _custom(metadata: Mapping[str, Any], doing: str) -> dict[str, str]:
    """Return the custom metadata, which is null where there is none."""
    custom = object_of(metadata.get("custom_metadata") or {}, doing)
    texts(list(custom.values()), doing)
    return custom
