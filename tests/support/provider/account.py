"""An account for contract tests of its kind: declared, looked at in a Nexus and a real Vault, and changed by hand.

The plugin reaches both systems through a proxy, which keeps the order of its requests and lets one of them go wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ciaccess.clients.fingerprint import fingerprint
from tests.support.servers.fault_proxy import Answer, Fault

if TYPE_CHECKING:
    from tests.support.provider.plugin import Engine, Resource
    from tests.support.servers.fault_proxy import FaultProxy
    from tests.support.servers.nexus import NexusProcess
    from tests.support.servers.vault import VaultProcess

TOKEN = "ciaccess:index:ServiceAccount"
OWNER, STACK = "ciaccess", "project/test"
MARKER = f"(managed by {OWNER})"
_REST = "/service/rest/v1/security/"
_FOR_GOOD = 1_000_000


@dataclass
class AccountCase:
    """An account `name`, whose push to the repository `files` is limited to a path."""

    name: str
    engine: Engine
    nexus: NexusProcess
    vault: VaultProcess
    proxy: FaultProxy

    # what is declared

    @property
    def second(self) -> str:
        """Return the user that takes turns with the first."""
        return f"{self.name}-b"

    @property
    def role_id(self) -> str:
        """Return the account's role."""
        return f"ci-{self.name}"

    @property
    def selector_name(self) -> str:
        """Return the content selector of its path."""
        return f"ci-{self.name}-raw"

    @property
    def privilege_name(self) -> str:
        """Return the privilege on it."""
        return f"ci-{self.name}-files"

    def inputs(
        self,
        users: dict[str, int] | None = None,
        active: str = "",
        rotation: int = 1,
        *,
        is_scoped: bool = True,
        has_role: bool = True,
        folder: str = "nexus",
        **changes: Any,
    ) -> dict[str, Any]:
        """Return the inputs: `users` with the versions of their passwords, `active` the one whose turn it is."""
        scoped = [self.privilege_name] if is_scoped else []
        active = active or self.name
        return {
            "account": self.name,
            "users": {
                user: self.user_inputs(user, version, has_role=has_role)
                for user, version in (users or {self.name: 1}).items()
            },
            "role": self._role_inputs(["nx-search-read", *scoped]) if has_role else {},
            "selectors": {self.selector_name: self._selector_inputs()} if is_scoped else {},
            "privileges": {self.privilege_name: self._privilege_inputs()} if is_scoped else {},
            "secret": {"path": f"secret/data/{folder}/{self.name}", "user": active},
            "metadata": {
                "rotated_at": "2026-11-01",
                "rotation": str(rotation),
                "nexus_user": active,
                "owner": OWNER,
                "stack": STACK,
            },
        } | changes

    def user_inputs(self, user_id: str, version: int = 1, *, has_role: bool = True) -> dict[str, Any]:
        """Return a user's part of the inputs."""
        return {
            "user_id": user_id,
            "first_name": "Executor",
            "last_name": MARKER,
            "email_address": f"{user_id}@example.org",
            "status": "active",
            "roles": ["nx-anonymous", *([self.role_id] if has_role else [])],
            "password_version": version,
        }

    def _role_inputs(self, privileges: list[str]) -> dict[str, Any]:
        return {
            "role_id": self.role_id,
            "name": self.role_id,
            "description": f"CI: Executor {MARKER}",
            "privileges": privileges,
            "roles": [],
        }

    def _selector_inputs(self) -> dict[str, Any]:
        expression = f'format == "raw" and path =^ "/{self.name}/"'
        return {"name": self.selector_name, "description": f"raw {MARKER}", "expression": expression}

    def _privilege_inputs(self) -> dict[str, Any]:
        return {
            "type": "repository-content-selector",
            "name": self.privilege_name,
            "description": f"files {MARKER}",
            "format": "raw",
            "repository": "files",
            "content_selector": self.selector_name,
            "actions": ["browse", "read", "edit"],
        }

    def turn(self, count: int, **changes: Any) -> dict[str, Any]:
        """Return the inputs of the `count`-th turn of two users, as access/desired/rotation has it."""
        users = {self.name: (count + 1) // 2} | ({self.second: count // 2} if count > 1 else {})
        return self.inputs(users, self.name if count % 2 else self.second, count, **changes)

    def in_place(self, count: int, **changes: Any) -> dict[str, Any]:
        """Return the inputs of one user's `count`-th password."""
        return self.inputs({self.name: count}, rotation=count, **changes)

    # the commands

    def up(self, inputs: dict[str, Any] | None = None, **changes: Any) -> str:
        """Run `up` with these inputs, or those that `changes` make."""
        return self.engine.up(TOKEN, self.name, **(inputs or self.inputs(**changes)), applies=True)

    def preview(self, inputs: dict[str, Any] | None = None, **changes: Any) -> str:
        """Run `preview` likewise."""
        return self.engine.preview(TOKEN, self.name, **(inputs or self.inputs(**changes)))

    def refresh(self) -> set[str]:
        """Run `refresh` in another process, as a command of its own does."""
        self.engine.restart()
        return self.engine.refresh(self.name)

    def destroy(self) -> None:
        """Run `destroy`."""
        self.engine.destroy(self.name)

    def lose_state(self) -> None:
        """Forget what the state has, as a run does that was killed before it wrote one."""
        self.engine.state.pop(self.name, None)
        self.engine.restart()

    @property
    def held(self) -> Resource:
        """Return the resource in the state."""
        return self.engine.state[self.name]

    @property
    def passwords(self) -> dict[str, str]:
        """Return the passwords that the state has fingerprints of, by user, from the versions of the secret."""
        known = self.held.outputs["fingerprints"]
        read = [self._vault_version(number) for number in range(1, self.version() + 1)]
        found = [
            each for each in read if each and fingerprint(each["password"]) == known.get(each["username"])
        ]
        return {each["username"]: each["password"] for each in found}

    def _vault_version(self, number: int) -> dict[str, str]:
        path = f"secret/data/nexus/{self.name}"
        answer = self.vault.client.adapter.get(
            f"/v1/{path}", params={"version": number}, raise_exception=False
        )
        found = answer if isinstance(answer, dict) else answer.json()
        return dict((found.get("data") or {}).get("data") or {})

    # what went over the wire

    def kill_at(self, write: int) -> None:
        """Let the plugin get through to no system from its `write`-th write on, as if it were killed just before."""
        self.proxy.expect([Fault(at=write, times=_FOR_GOOD, answer=Answer(500, b"killed"))])

    def live(self) -> None:
        """Forget the requests and the faults."""
        self.proxy.expect()

    def requests(self) -> list[str]:
        """Return the requests in their order, such as `nexus POST users`; reads too."""
        return [f"{each.system} {each.method} {self._short(each.path)}" for each in self.proxy.requests]

    def writes(self) -> list[str]:
        """Return those of them that write."""
        return [f"{each.system} {each.method} {self._short(each.path)}" for each in self.proxy.writes()]

    def _short(self, path: str) -> str:
        context = urlsplit(self.nexus.url).path
        return path.removeprefix(context).removeprefix(_REST).removeprefix("/v1/").replace(self.name, "X")

    # what there is

    def user(self, user_id: str = "") -> dict[str, Any] | None:
        """Return a user as Nexus has it."""
        return self._one("users", "userId", user_id or self.name)

    def role(self) -> dict[str, Any] | None:
        """Return the role as Nexus has it."""
        return self._one("roles", "id", self.role_id)

    def privilege(self) -> dict[str, Any] | None:
        """Return the privilege as Nexus has it."""
        return self._one("privileges", "name", self.privilege_name)

    def selector(self) -> dict[str, Any] | None:
        """Return the content selector as Nexus has it."""
        return self._one("content-selectors", "name", self.selector_name)

    def _one(self, kind: str, identity: str, wanted: str) -> dict[str, Any] | None:
        # Without the source, Nexus cuts the list of users at 100.
        found = self.nexus.rest("GET", f"/security/{kind}?source=default")
        return next((each for each in found if each[identity] == wanted), None)

    def parts(self) -> set[str]:
        """Return what there is of the account, in Nexus by kind, and `secret` if one can be read."""
        users = {user for user in (self.name, self.second) if self.user(user)}
        found = {
            "role": self.role(),
            "privilege": self.privilege(),
            "selector": self.selector(),
            "secret": self.secret(),
        }
        return {user.replace(self.name, "X") for user in users} | {name for name in found if found[name]}

    def secret(self, folder: str = "nexus") -> dict[str, str]:
        """Return the latest version of the secret, {} where it cannot be read."""
        return dict(self._vault(f"secret/data/{folder}/{self.name}").get("data") or {})

    def custom(self) -> dict[str, str]:
        """Return the secret's custom metadata."""
        return dict(self._vault(f"secret/metadata/nexus/{self.name}").get("custom_metadata") or {})

    def version(self) -> int:
        """Return the number of the secret's latest version, 0 before the first."""
        return int(self._vault(f"secret/metadata/nexus/{self.name}").get("current_version", 0))

    def _vault(self, path: str) -> dict[str, Any]:
        answer: Any = self.vault.client.read(path)
        return dict(answer["data"]) if answer else {}

    def logs_in(self, user_id: str, password: str) -> bool:
        """Tell whether Nexus lets a user in."""
        return self.nexus.ask("GET", "/service/rest/v1/status", (user_id, password)).ok

    def lets_in(self, secret: dict[str, str] | None = None) -> bool:
        """Tell whether Nexus lets in who has read the secret, or did so before."""
        read = secret or self.secret()
        return bool(read) and self.logs_in(read["username"], read["password"])

    # what somebody does by hand

    def change(self, kind: str, path: str, **fields: Any) -> None:
        """Change an object of Nexus: `change("roles", role_id, privileges=[])`."""
        identity = {"users": "userId", "roles": "id"}.get(kind, "name")
        found = self._one(kind, identity, path.rpartition("/")[2]) or {}
        self.nexus.rest("PUT", f"/security/{kind}/{path}", found | fields)

    def set_password(self, user_id: str, password: str) -> None:
        """Set a user's password."""
        path = f"{_REST}users/{user_id}/change-password"
        answer = self.nexus.ask("PUT", path, data=password, headers={"Content-Type": "text/plain"})
        assert answer.ok, answer.text

    def write_secret(self, **fields: str) -> None:
        """Write a version of the secret."""
        self.vault.client.secrets.kv.v2.create_or_update_secret(f"nexus/{self.name}", fields)

    def describe_secret(self, **custom: str) -> None:
        """Set the secret's custom metadata."""
        self.vault.client.secrets.kv.v2.update_metadata(f"nexus/{self.name}", custom_metadata=custom)
