"""Nexus's privileges: each type has its own path and fields for writes; one path for reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ciaccess.access.desired.objects import SCOPED, Privilege
from ciaccess.clients.errors import NotFoundError, RefusedError, action
from ciaccess.clients.nexus.api import Api
from ciaccess.clients.nexus.collection import Collection
from ciaccess.clients.nexus.wire import NEXUS, Kind

if TYPE_CHECKING:
    from ciaccess.clients.nexus import Nexus

# type → the fields that are written besides name and description
WRITABLE = {
    "wildcard": ("pattern",),
    "repository-view": ("format", "repository", "actions"),
    "repository-content-selector": ("format", "repository", "content_selector", "actions"),
}

PRIVILEGES = Kind(
    noun="privilege",
    model=Privilege,
    path="/security/privileges",
    identity="name",
    upper_case=frozenset({"actions"}),
    is_written_by_type=True,
    grants="nx-privileges",
)


class Privileges(Collection[Privilege]):
    """The privileges. Nexus stores two mistakes that it cannot read again; they are refused here."""

    def __init__(self, api: Api, after_delete: Callable[[str], None]) -> None:
        super().__init__(api, PRIVILEGES, after_delete)

    def replace(self, item: Privilege) -> None:
        """Make an existing privilege equal to this one.

        Raises:
            RefusedError: Nexus could not read it again, or the existing one is of another type: Nexus would take the write, and
                could never read the privilege again.
        """
        doing = action("replace", "privilege", item.name)
        self._check(item, doing)
        # Read now, and not taken from the list: it may have been replaced since.
        existing = self.read(item.name)
        if existing is None:
            raise NotFoundError(doing, "there is no such privilege", "Create it.", system=NEXUS, status=404)
        if existing.type != item.type:
            reason = f"it is of type {existing.type}, which cannot become {item.type}"
            raise RefusedError(doing, reason, "Delete it and create it anew.", system=NEXUS)
        super().replace(item)

    def _check(self, item: Privilege, doing: str) -> None:
        if item.type not in WRITABLE:
            reason = f"privileges of type '{item.type}' are not written here"
            raise RefusedError(doing, reason, f"Use one of {', '.join(WRITABLE)}.", system=NEXUS)
        if item.type == "wildcard" and not is_pattern(item.pattern):
            reason = f"the wildcard pattern '{item.pattern}' has an empty part, which makes Nexus's privilege list unreadable"
            raise RefusedError(doing, reason, "Write a pattern such as nexus:search:read.", system=NEXUS)

    def _body(self, item: Privilege) -> dict[str, Any]:
        return self.kind.encode(item, ("name", "description", *WRITABLE[item.type]))


def is_called_after(role_id: str, name: str) -> bool:
    """Tell whether a selector or privilege is a role's own: `ci-svc-x-yum-dev` of `ci-svc-x`."""
    return name.startswith(f"{role_id}-")


def own_privileges(nexus: Nexus, role_id: str) -> list[Privilege]:
    """Return a role's own privileges on content selectors, by name; none of the role ""."""
    role = nexus.roles.find(role_id) if role_id else None
    held = [nexus.privileges.find(name) for name in sorted(role.privileges)] if role else []
    return [each for each in held if each and each.type == SCOPED and is_called_after(role_id, each.name)]


def is_pattern(value: str) -> bool:
    """Tell whether a wildcard pattern has no empty part.

    Nexus stores `::` although it cannot read it, and from then on answers 500 to the list of privileges.
    """
    return all(part.strip() for section in value.split(":") for part in section.split(","))
