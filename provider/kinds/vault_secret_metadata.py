"""What a secret's custom metadata in Vault says of its rotation: which turn it is, since when, whose user, who manages it.

Owns these four keys of it, and leaves others alone. It is no part of the secret: to write it makes no new version, and
pulumi-vault, which would rewrite the data with it (facts on Vault's provider), does not declare it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from provider.kinds.fields import Field, Rule, Values, at_most
from provider.kinds.kind import Kind, Seen

if TYPE_CHECKING:
    from collections.abc import Mapping

_CUSTOM = "custom_metadata"
_KEYS = ("rotated_at", "rotation", "nexus_user", "owner")
# Vault's own limit.
_MOST_CHARACTERS = 512


class VaultSecretMetadata(Kind):
    """`path` is the API's, with metadata/; a key that is empty is left out."""

    token = "ciaccess:vault:SecretMetadata"  # noqa: S105 a type token, no secret
    noun = "metadata of secret"
    fields = (
        Field(
            "path",
            rule=Rule(
                "the API path of a secret's metadata, such as secret/metadata/nexus/svc-x",
                lambda path: "/metadata/" in path and ".." not in path.split("/"),
            ),
            identifies=True,
        ),
        *(Field(key, default="", rule=at_most(_MOST_CHARACTERS)) for key in _KEYS),
    )

    def create(self, inputs: Values) -> Values:
        """Write the keys."""
        self._write(inputs["path"], {key: inputs[key] for key in _KEYS})
        return inputs

    def read(self, resource_id: str, state: Values) -> Seen | None:
        """Return the keys as they are; None where there is no such secret."""
        del state
        found = self._systems.vault().read(resource_id)
        if found is None:
            return None
        custom = _custom(found)
        return Seen({"path": resource_id} | {key: custom.get(key, "") for key in _KEYS})

    def update(self, resource_id: str, state: Values, inputs: Values) -> Values:
        """Write the keys."""
        del resource_id, state
        return self.create(inputs)

    def delete(self, resource_id: str, state: Values) -> None:
        """Take the keys away, and leave the secret as it is."""
        del state
        if self._systems.vault().read(resource_id) is not None:
            self._write(resource_id, {})

    def resource_id(self, inputs: Values) -> str | None:
        """Return the path."""
        path = inputs["path"]
        return path if isinstance(path, str) else None

    def _write(self, path: str, keys: Mapping[str, str]) -> None:
        vault = self._systems.vault()
        others = {key: value for key, value in _custom(vault.read(path)).items() if key not in _KEYS}
        vault.write_custom_metadata(path, others | {key: value for key, value in keys.items() if value})


def _custom(metadata: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the custom metadata, which Vault says as null where there is none."""
    return dict((metadata or {}).get(_CUSTOM) or {})
