"""An account for unit tests of its adoption: as it is desired, and as it is in Nexus and Vault."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from ciaccess.access.desired.objects import ContentSelector, Privilege, Role, Secret, User
from ciaccess.access.desired.rotation import Turn
from ciaccess.access.desired.state import DesiredAccount
from ciaccess.clients.errors import NotFoundError

if TYPE_CHECKING:
    from ciaccess.adoption.inventory import Systems

OWNER, STACK = "ciaccess", "ciaccess/local"
MARKER = f"(managed by {OWNER})"
SECRET = "secret/data/nexus/svc-a"
PASSWORD = "by-hand-password"
ROLE, SELECTOR, PRIVILEGE = "ci-svc-a", "ci-svc-a-raw", "ci-svc-a-raw-dev"
CLAIMED = {"owner": OWNER, "stack": STACK, "rotation": "1", "nexus_user": "svc-a"}


def user(name: str, **changes: Any) -> User:
    return replace(User(name, "A", MARKER, "a@b.test", "active", frozenset({ROLE, "reads"})), **changes)


def role(*privileges: str, **changes: Any) -> Role:
    return replace(
        Role(ROLE, ROLE, f"CI {MARKER}", frozenset(privileges or (PRIVILEGE,)), frozenset()), **changes
    )


def privilege(name: str = PRIVILEGE, **changes: Any) -> Privilege:
    made = Privilege(
        name=name,
        type="repository-content-selector",
        description=f"raw-dev {MARKER}",
        actions=frozenset({"read"}),
        format="raw",
        repository="raw-dev",
        content_selector=SELECTOR,
    )
    return replace(made, **changes)


def selector(name: str = SELECTOR, **changes: Any) -> ContentSelector:
    return replace(ContentSelector(name, f"raw {MARKER}", "x"), **changes)


def desired(**changes: Any) -> DesiredAccount:
    """Return the desired account svc-a, whose push is limited to a path."""
    made = DesiredAccount(
        name="svc-a",
        users={"svc-a": user("svc-a")},
        turns=(Turn("svc-a", 1, is_active=True),),
        role=role(),
        selectors=(selector(),),
        privileges=(privilege(),),
        secret=Secret("secret", "nexus", "svc-a"),
        metadata={"rotated_at": "", "rotation": "1", "nexus_user": "svc-a", "owner": OWNER},
        purge=False,
        adopt=True,
    )
    return replace(made, **changes)


def alternating(*versions: int, active: str = "svc-a-b", **metadata: str) -> DesiredAccount:
    """Return it with two users that take turns, and these versions of their passwords."""
    names = ("svc-a", "svc-a-b")
    turns = (
        Turn(name, version, is_active=name == active)
        for name, version in zip(names, versions or (1, 1), strict=True)
    )
    made = desired(users={name: user(name) for name in names}, turns=tuple(turns))
    return replace(made, metadata={**made.metadata, "nexus_user": active, **metadata})


def handed_out(name: str = "svc-a", password: str = PASSWORD) -> dict[str, str]:
    return {"username": name, "password": password}


@dataclass
class Live:
    """What is in the systems: by default what `desired()` has; `versions` are the secret's, the latest last."""

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
