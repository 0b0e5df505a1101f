"""Checks of Vault before the first write: vacant paths, a KV engine, a reachable URL.

Creates no object. Vault is read only on creation and for additions: afterwards the paths belong to this stack. While
`./ciaccess adopt` takes objects over one by one, paths that it has not reached yet are left out of the state, so that
an `up` without it refuses them.
"""

from __future__ import annotations

from ciaccess.engine import resource_types
from ciaccess.provider.environment import adopted_paths
from ciaccess.provider.kinds.fields import NAMES, Field, Rule, Values
from ciaccess.provider.kinds.kind import Kind, KindError, ReadResult

_ID = "vault"
_KV_VERSION = 2


def _is_api_path(value: str) -> bool:
    return bool(value) and not value.startswith("/") and ".." not in value.split("/")


class VaultPreconditions(Kind):
    """Preconditions; `vacant` are API paths; an empty `kv_mount` or `reachable_url` is not checked."""

    token = resource_types.PRECONDITIONS
    noun = "precondition"
    shares_id = True
    fields = (
        Field(
            "vacant",
            NAMES,
            default=frozenset(),
            rule=Rule(
                "API paths such as secret/data/nexus/svc-x", lambda paths: all(map(_is_api_path, paths))
            ),
            about="API paths where nothing may exist",
        ),
        Field("kv_mount", default="", about="The mount that must be a KV engine of version 2, or empty"),
        Field("reachable_url", default="", about="The discovery or JWKS URL that must answer, or empty"),
        Field("authority", default="", about="The authority of its certificate in PEM, or empty"),
    )

    def create(self, inputs: Values) -> Values:
        """Raise if a precondition is not met."""
        return inputs | {"vacant": inputs["vacant"] - self._foreign(None, inputs)}

    def read(self, resource_id: str, state: Values) -> ReadResult | None:
        """Return the state: the paths belong to this stack by now. An import has no paths."""
        nothing = {"vacant": frozenset(), "kv_mount": "", "reachable_url": "", "authority": ""}
        return ReadResult(nothing | state, _ID)

    def update(self, resource_id: str, state: Values, inputs: Values) -> Values:
        """Check the additions."""
        return inputs | {"vacant": inputs["vacant"] - self._foreign(state, inputs)}

    def delete(self, resource_id: str, state: Values) -> None:
        """Do nothing: there is no object."""

    def check_live(self, state: Values | None, inputs: Values) -> None:
        """Raise one error that lists all unmet preconditions which the state does not have yet."""
        self._foreign(state, inputs)

    def _foreign(self, state: Values | None, inputs: Values) -> frozenset[str]:
        """Return existing paths that are not the stack's; outside an adoption they are an error."""
        before = state or {}
        vault = self._systems.vault()
        adopted = adopted_paths()
        added = sorted(inputs["vacant"] - before.get("vacant", frozenset()) - (adopted or frozenset()))
        foreign = [path for path in added if vault.exists(path)]
        faults = [f"{path} exists already" for path in foreign if adopted is None]
        mount = inputs["kv_mount"]
        if mount and mount != before.get("kv_mount"):
            version = vault.kv_version(mount)
            if version is None:
                faults.append(f"no KV engine at {mount}/")
            elif version != _KV_VERSION:
                faults.append(f"the KV engine at {mount}/ has version {version}, not {_KV_VERSION}")
        if faults:
            raise KindError(
                f"check Vault before writing: {'; '.join(faults)}. For leftovers of a killed run: ./ciaccess recover. For "
                "objects created by others: ./ciaccess adopt, or adopt: true at the entry in access.yaml. For a missing KV "
                "engine: vault.kv.manage: true mounts it"
            )
        url, authority = inputs["reachable_url"], inputs["authority"]
        if url and (url, authority) != (before.get("reachable_url"), before.get("authority", "")):
            vault.url_answers(url, authority)
        return frozenset(foreign)

    def resource_id(self, inputs: Values) -> str | None:
        """Return the only id."""
        return _ID
