"""One secret of a KV v2 engine with its versions and its custom metadata: looked at in one call, written only after what was seen.

Owns what makes writing safe: a write names the version that it follows (check-and-set), so that of two who write at once
one is refused, and nothing that somebody else has written is ever overwritten unseen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ciaccess.clients.errors import NotFoundError, RefusedError, UnexpectedAnswerError
from ciaccess.clients.redaction import conceal
from ciaccess.clients.vault.client import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ciaccess.clients.vault.client import Vault

_DATA, _METADATA = "/data/", "/metadata/"
_MISMATCH = "check-and-set parameter did not match"
# A user's name is no secret: it stands in access.yaml, and errors need it.
_PLAIN = "username"
_MOST_VERSIONS = 5


@dataclass(frozen=True)
class Credentials:
    """What a job has read of an account's secret."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Look:
    """What a secret is: its latest version's fields, None where that is deleted or there is none; a repr shows no field.

    `version` is the latest one's number, 0 before the first. `custom` is the custom metadata.
    """

    fields: dict[str, Any] | None = field(repr=False)
    version: int = 0
    custom: dict[str, str] = field(default_factory=dict)


class VaultSecret:
    """The secret at an API path such as `secret/data/nexus/svc-x`."""

    def __init__(self, vault: Vault, api_path: str) -> None:
        self._vault = vault
        self._data = api_path
        self._metadata = api_path.replace(_DATA, _METADATA, 1)
        mount, _, name = api_path.partition(_DATA)
        self.name = f"{mount}/{name}"

    def look(self) -> Look:
        """Return what it is now: one call, a second one where it has no version yet.

        Raises:
            ForbiddenError: the token may not look, which is never "not there".
        """
        doing = f"read secret '{self.name}'"
        found = self._get(self._data, doing)
        if found is None:
            return Look(None, 0, _custom(self._vault.read(self._metadata) or {}))
        about = found.get("metadata")
        fields = found.get("data")
        if not isinstance(about, dict) or not isinstance(fields, dict | None):
            remedy = "Check that VAULT_ADDR is Vault's address."
            raise UnexpectedAnswerError(doing, "the answer is not of Vault's shape", remedy, system=SYSTEM)
        _conceal(fields or {})
        return Look(fields, int(about.get("version", 0)), _custom(about))

    def earlier(self, look: Look) -> Iterator[dict[str, Any]]:
        """Yield the fields of the versions before the one that was looked at, the latest first, deleted ones left out.

        The turn before is the version before, unless somebody wrote in between: so five of them, each asked for when its
        turn comes.
        """
        for version in range(look.version - 1, max(look.version - 1 - _MOST_VERSIONS, 0), -1):
            found = self._get(self._data, f"read version {version} of secret '{self.name}'", version)
            fields = (found or {}).get("data")
            if isinstance(fields, dict):
                _conceal(fields)
                yield fields

    def write(self, fields: dict[str, str], after: int) -> None:
        """Write the version that follows version `after`, 0 for the first.

        Raises:
            RefusedError: the latest version is another one: somebody else has written.
        """
        _conceal(fields)
        doing = f"write secret '{self.name}'"
        try:
            self._vault.ask("post", self._data, doing, {"data": fields, "options": {"cas": after}})
        except RefusedError as error:
            if _MISMATCH not in error.said:
                raise
            said = f"somebody else has written it since it was read, when its version was {after}"
            remedy = "See that no other run, and nobody by hand, writes it, and run again."
            raise RefusedError(doing, said, remedy, system=SYSTEM, status=error.status) from None

    def describe(self, custom: dict[str, str]) -> None:
        """Make this the custom metadata, which makes no new version."""
        self._vault.write_custom_metadata(self._metadata, custom)

    def delete(self) -> None:
        """Delete the latest version, which can be undeleted; one that is gone already is no error."""
        self._vault.ask("delete", self._data, f"delete secret '{self.name}'")

    def purge(self) -> None:
        """Delete all versions and the metadata, for good."""
        self._vault.ask("delete", self._metadata, f"delete all versions of secret '{self.name}'")

    def _get(self, api_path: str, doing: str, version: int = 0) -> dict[str, Any] | None:
        parameters = {"version": str(version)} if version else None
        try:
            answer = self._vault.ask("get", api_path, doing, parameters=parameters, keep_missing=True)
        except NotFoundError:
            return None
        data = answer.get("data")
        return data if isinstance(data, dict) else None


def _conceal(fields: dict[str, Any]) -> None:
    for key, value in fields.items():
        if isinstance(value, str) and key != _PLAIN:
            conceal(value)


def _custom(metadata: dict[str, Any]) -> dict[str, str]:
    """Return the custom metadata, which Vault says as null where there is none."""
    return dict(metadata.get("custom_metadata") or {})
