"""A client of Nexus Repository 3: roles, users, privileges, content selectors, and its settings.

snake_case everywhere; Nexus's camelCase is known to clients/nexus/wire alone. Sets are frozensets, so that equal objects are
equal.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from ciaccess.access.desired.objects import ContentSelector, Privilege, Role, User
from ciaccess.clients.http.session import HttpOptions
from ciaccess.clients.nexus.api import Api
from ciaccess.clients.nexus.collection import Collection, Listing
from ciaccess.clients.nexus.content_selectors import ContentSelectors
from ciaccess.clients.nexus.privileges import WRITABLE, Privileges, is_pattern
from ciaccess.clients.nexus.settings import ANONYMOUS_ACCESS, REPOSITORIES, Repository, Usage, read_usage
from ciaccess.clients.nexus.users import Users, is_password
from ciaccess.clients.nexus.wire import Kind, unexpected_answer

__all__ = [
    "WRITABLE",
    "Collection",
    "ContentSelector",
    "HttpOptions",
    "Nexus",
    "Privilege",
    "Privileges",
    "Repository",
    "Role",
    "Usage",
    "User",
    "Users",
    "is_password",
    "is_pattern",
]

_T = TypeVar("_T", User, Role)
# A PUT replaces a role; deleting one removes it from users and other roles.
_ROLES = Kind(
    noun="role",
    model=Role,
    path="/security/roles",
    identity="role_id",
    renamed={"role_id": "id"},
    params={"source": "default"},
    unsent=frozenset({"read_only"}),
    built_in=frozenset({"nx-admin", "nx-anonymous"}),
    grants="nx-roles",
)


class Nexus(Api):
    """One Nexus, as one user. Safe to use from many threads; sends requests only when needed.

    A URL that cannot be one, and a username with a colon, are a ValueError.
    """

    def __init__(self, url: str, username: str, password: str, *, options: HttpOptions | None = None) -> None:
        super().__init__(url, username, password, options or HttpOptions())
        self.users = Users(self)
        self.roles = Collection(self, _ROLES, self._without_role)
        self.privileges = Privileges(
            self,
            lambda name: self.roles.shared.change(lambda roles: _without(roles, "privileges", name)),
        )
        self.content_selectors = ContentSelectors(self)
        self._repositories = Listing(self, REPOSITORIES)

    def repositories(self) -> dict[str, Repository]:
        """Return the repositories that the user may browse, by name: one call a process."""
        return self._repositories.all()

    def anonymous_access(self) -> bool:
        """Tell whether anonymous access is enabled."""
        doing = "read anonymous access"
        return ANONYMOUS_ACCESS.decode(
            self.json(ANONYMOUS_ACCESS.path, doing, ANONYMOUS_ACCESS), doing
        ).enabled

    def active_realms(self) -> tuple[str, ...]:
        """Return the ids of the active realms, which check credentials and rights, in their order."""
        doing = "read the active realms"
        found = self.json("/security/realms/active", doing, ANONYMOUS_ACCESS)  # of the same privileges
        if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
            raise unexpected_answer(doing, "the answer is not a list of ids")
        return tuple(found)

    def usage(self) -> Usage | None:
        """Return what Nexus reports of its limits and of malware, None where it cannot be read."""
        return read_usage(self)

    def status_of(self, method: str, path: str, doing: str) -> int:
        """Return the HTTP status of a REST call as this user; `path` is URL-encoded."""
        return self.answer(method, path, doing).status_code

    def refresh(self) -> None:
        """Forget all lists."""
        for each in (self.users, self.roles, self.privileges, self.content_selectors, self._repositories):
            each.refresh()

    def _without_role(self, role_id: str) -> None:
        """Do in the shared lists what Nexus does when a role is deleted: take it out of users and roles."""
        self.users.shared.change(lambda users: _without(users, "roles", role_id))
        self.roles.shared.change(lambda roles: _without(roles, "roles", role_id))


def _without(items: dict[str, _T], field: str, name: str) -> dict[str, _T]:
    """Return the objects without the name in a field; unaffected objects are the same ones."""
    return {
        key: replace(item, **{field: getattr(item, field) - {name}}) if name in getattr(item, field) else item
        for key, item in items.items()
    }
