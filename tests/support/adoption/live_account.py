"""An account for unit tests of its adoption: as it is declared, as it lies in Nexus and Vault, and the engine's preview of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from ciaccess.clients.errors import NotFoundError
from ciaccess.clients.nexus import ContentSelector, Privilege, Role, User

if TYPE_CHECKING:
    from ciaccess.adoption.world import Systems

OWNER, STACK = "ciaccess", "ciaccess/local"
MARKER = f"(managed by {OWNER})"
SECRET = "secret/data/nexus/svc-a"
PASSWORD = "by-hand-password"
ROLE, SELECTOR, PRIVILEGE = "ci-svc-a", "ci-svc-a-raw", "ci-svc-a-raw-dev"
CLAIMED = {"owner": OWNER, "stack": STACK, "rotation": "1", "nexus_user": "svc-a"}


def user_inputs(name: str, version: int = 1) -> dict[str, Any]:
    return {
        "user_id": name,
        "first_name": "A",
        "last_name": MARKER,
        "email_address": "a@b.test",
        "status": "active",
        "roles": [ROLE, "reads"],
        "password_version": version,
        "login": "accepted",
    }


def inputs(*users: str, active: str = "svc-a", **more: Any) -> dict[str, Any]:
    """Return the inputs of the account svc-a, whose push is limited to a path."""
    selector = {"name": SELECTOR, "description": f"raw {MARKER}", "expression": "x"}
    privilege = {
        "type": "repository-content-selector",
        "name": PRIVILEGE,
        "description": f"raw-dev {MARKER}",
        "format": "raw",
        "repository": "raw-dev",
        "content_selector": SELECTOR,
        "actions": ["read"],
        "pattern": "",
    }
    role = {
        "role_id": ROLE,
        "name": ROLE,
        "description": f"CI {MARKER}",
        "privileges": [PRIVILEGE],
        "roles": [],
    }
    return {
        "account": "svc-a",
        "users": {name: user_inputs(name) for name in users or ("svc-a",)},
        "role": role,
        "selectors": {SELECTOR: selector},
        "privileges": {PRIVILEGE: privilege},
        "secret": {"path": SECRET, "user": active, "holds": "current"},
        "metadata": {**CLAIMED, "rotated_at": "", "nexus_user": active},
        "purge": False,
        "adopt": True,
        **more,
    }


def user(name: str, **changes: Any) -> User:
    made = {each: value for each, value in user_inputs(name).items() if each in User.__annotations__}
    return User(**{**made, "roles": frozenset({ROLE, "reads"}), **changes})


def role(*privileges: str, **changes: Any) -> Role:
    fields: dict[str, Any] = {"description": f"CI {MARKER}", "roles": frozenset()}
    return Role(
        **{
            "role_id": ROLE,
            "name": ROLE,
            **fields,
            "privileges": frozenset(privileges or (PRIVILEGE,)),
            **changes,
        }
    )


def privilege(name: str = PRIVILEGE, **changes: Any) -> Privilege:
    fields = {**inputs()["privileges"][PRIVILEGE], "name": name, "actions": frozenset({"read"})}
    return Privilege(**{**fields, **changes})


def selector(name: str = SELECTOR, **changes: Any) -> ContentSelector:
    return ContentSelector(**{**inputs()["selectors"][SELECTOR], "name": name, **changes})


def handed_out(name: str = "svc-a", password: str = PASSWORD) -> dict[str, str]:
    return {"username": name, "password": password}


@dataclass
class Live:
    """What lies in the systems: by itself just what `inputs()` declares; `versions` are the secret's, the latest last."""

    users: tuple[User, ...] = (user("svc-a"),)
    roles: tuple[Role, ...] = (role(),)
    privileges: tuple[Privilege, ...] = (privilege(),)
    selectors: tuple[ContentSelector, ...] = (selector(),)
    versions: tuple[dict[str, str] | None, ...] = (handed_out(),)
    custom: dict[str, str] = field(default_factory=lambda: dict(CLAIMED))
    accepted: tuple[str, ...] = (PASSWORD,)
    asked: list[str] = field(default_factory=list)

    def systems(self) -> Systems:
        """Return the systems; `asked` counts what is asked of Vault, and the logins."""
        named = Role("reads", "reads", f"Reads {MARKER}", frozenset({"x"}), frozenset())
        nexus = SimpleNamespace(
            users=SimpleNamespace(
                find={each.user_id: each for each in self.users}.get, accepts=self._accepts
            ),
            roles=SimpleNamespace(find={each.role_id: each for each in (named, *self.roles)}.get),
            privileges=SimpleNamespace(find={each.name: each for each in self.privileges}.get),
            content_selectors=SimpleNamespace(find={each.name: each for each in self.selectors}.get),
        )
        vault = SimpleNamespace(ask=self._ask, read=self._metadata)
        return cast("Systems", SimpleNamespace(nexus=nexus, vault=vault))

    def _accepts(self, user_id: str, password: str) -> bool:
        self.asked.append(f"login {user_id}")
        return password in self.accepted

    def _ask(
        self, method: str, path: str, doing: str, *, parameters: dict[str, str] | None, keep_missing: bool
    ) -> Any:
        assert (method, keep_missing) == ("get", True)
        version = int((parameters or {}).get("version", len(self.versions)))
        self.asked.append(f"{path} {version}")
        if path != SECRET or not self.versions:
            raise NotFoundError(doing, "there is none", "None.", system="Vault")
        about = {"version": version, "custom_metadata": self.custom or None}
        return {"data": {"data": self.versions[version - 1], "metadata": about}}

    def _metadata(self, path: str) -> Any:
        assert path == SECRET.replace("/data/", "/metadata/")
        if not self.custom and not self.versions:
            return None
        deleted = ["" if each is not None else "2026-01-01T00:00:00Z" for each in self.versions]
        return {
            "custom_metadata": self.custom or None,
            "current_version": len(self.versions),
            "versions": {str(number): {"deletion_time": ends} for number, ends in enumerate(deleted, 1)},
        }
