"""A role's own selectors and privileges, by their names: `ci-svc-x-yum-dev` of `ci-svc-x`.

Shared by an adoption's plan and the plugin's import, so that both find the same.
"""

from __future__ import annotations

from ciaccess.access.desired.objects import SCOPED, Privilege
from ciaccess.clients.nexus import Nexus


def is_called_after(role_id: str, name: str) -> bool:
    """Tell whether a selector or privilege of this name is the role's own."""
    return name.startswith(f"{role_id}-")


def own_privileges(nexus: Nexus, role_id: str) -> list[Privilege]:
    """Return a role's own privileges on content selectors, by name; none of the role ""."""
    role = nexus.roles.find(role_id) if role_id else None
    held = [nexus.privileges.find(name) for name in sorted(role.privileges)] if role else []
    return [each for each in held if each and each.type == SCOPED and is_called_after(role_id, each.name)]
