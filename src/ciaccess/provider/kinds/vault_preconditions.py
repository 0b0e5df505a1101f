"""What must hold in Vault before anything is written there (docs/adr/0006): vacant paths, a KV engine, a URL that answers.

It makes nothing and reads only when it is created or when something is added to it: what lies at the paths
afterwards is this stack's own. While `./ciaccess adopt` takes things over one by one, what it has not reached yet is left
out of the state, so that the next `up` without it refuses again.
"""

from __future__ import annotations

from ciaccess.provider.environment import adopted_paths
from ciaccess.provider.kinds.fields import NAMES, Field, Rule, Values
from ciaccess.provider.kinds.kind import Kind, KindError, Seen

_ID = "vault"
_KV_VERSION = 2


def _is_api_path(value: str) -> bool:
    return bool(value) and not value.startswith("/") and ".." not in value.split("/")


class VaultPreconditions(Kind):
    """`vacant` are API paths; `kv_mount` and `reachable_url` may be empty, and are then not looked at."""

    token = "ciaccess:vault:Preconditions"  # noqa: S105 a type token, no secret
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
        ),
        Field("kv_mount", default=""),
        Field("reachable_url", default=""),
    )

    def create(self, inputs: Values) -> Values:
        """Refuse to go on where something does not hold."""
        return inputs | {"vacant": inputs["vacant"] - self._foreign(None, inputs)}

    def read(self, resource_id: str, state: Values) -> Seen | None:
        """Return the state: the paths are this stack's own by now. An import knows of no paths."""
        del resource_id
        return Seen({"vacant": frozenset(), "kv_mount": "", "reachable_url": ""} | state, _ID)

    def update(self, resource_id: str, state: Values, inputs: Values) -> Values:
        """Look at what was added."""
        del resource_id
        return inputs | {"vacant": inputs["vacant"] - self._foreign(state, inputs)}

    def delete(self, resource_id: str, state: Values) -> None:
        """Do nothing: nothing was made."""
        del resource_id, state

    def look(self, state: Values | None, inputs: Values) -> None:
        """Raise an error that lists all that does not hold; what the state holds already is not looked at again."""
        self._foreign(state, inputs)

    def _foreign(self, state: Values | None, inputs: Values) -> frozenset[str]:
        """Return the paths that exist and are not the stack's own, which only an adoption puts up with; see `look`."""
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
                faults.append(f"no KV engine is mounted at {mount}/")
            elif version != _KV_VERSION:
                faults.append(f"the KV engine at {mount}/ has version {version}, not {_KV_VERSION}")
        if faults:
            raise KindError(
                f"check Vault before writing: {'; '.join(faults)}. What a run that was killed has left is taken into the state by "
                "./ciaccess recover, what others made by ./ciaccess adopt, or adopt: true at its entry in access.yaml; "
                "vault.kv.manage: true mounts the engine"
            )
        if inputs["reachable_url"] and inputs["reachable_url"] != before.get("reachable_url"):
            vault.url_answers(inputs["reachable_url"])
        return frozenset(foreign)

    def resource_id(self, inputs: Values) -> str | None:
        """Return the one id that there is."""
        del inputs
        return _ID
