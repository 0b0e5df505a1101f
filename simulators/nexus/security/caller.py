"""The one who asks, and what he may.

Nexus compares permissions as Shiro does: colon-separated parts, a comma-separated list in each, `*` for any,
case-insensitive; parts that a permission leaves out match everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulators.nexus.repositories import Repository
    from simulators.nexus.security.permissions import Permissions

# Measured on 3.71 and 3.30: either is enough.
LISTING = ("browse", "read")


@dataclass(frozen=True)
class Caller:
    """Whom the credentials named; `anonymous` when there were none. `user_id` is None where anonymous access is off."""

    user_id: str | None
    anonymous: bool
    permissions: Permissions

    def may(self, action: str, repository: Repository, path: str) -> bool:
        """Tell whether he may browse, read, edit, add or delete in a repository, at a decoded path with its slash."""
        return self.permissions.allow_content(action, repository, path)

    def may_browse(self, repository: Repository) -> bool:
        """Tell whether the repository is one that he sees in lists: browse on all of it, or on a part."""
        return self.permissions.allow_somewhere("browse", repository)

    def may_list(self, repository: Repository) -> bool:
        """Tell whether its components and assets are listed for him: by the right to browse or to read, all or a part."""
        return any(self.permissions.allow_somewhere(action, repository) for action in LISTING)

    def holds(self, permission: str) -> bool:
        """Tell whether he holds a permission such as `nexus:users:read`."""
        return self.permissions.allow(permission)
