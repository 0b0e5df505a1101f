"""The roles of Nexus that access.yaml names, such as nx-pull-all.

Leaves alone the repositories, Nexus's built-in roles and privileges, the roles of users that are not declared, and the
roles of accounts, which are their accounts' (service_account).
"""

from __future__ import annotations

import pulumi

from ciaccess.access.desired.state import Desired
from components.resources import Role


class NexusAccess(pulumi.ComponentResource):
    """The roles by id; `role(id)` is what a user depends on."""

    def __init__(self, name: str, desired: Desired, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ciaccess:index:NexusAccess", name, None, opts)
        self._roles: dict[str, pulumi.Input[str]] = {}
        for role_id, role in desired.named_roles.items():
            made = Role(
                f"{name}-role-{role_id}",
                role,
                [self.role(contained) for contained in sorted(role.roles)],
                adopt=desired.adopts_nexus,
                opts=pulumi.ResourceOptions(parent=self),
            )
            self._roles[role_id] = made.role_id
        self.register_outputs({"roles": sorted(self._roles)})

    def role(self, role_id: str) -> pulumi.Input[str]:
        """Return a role's id, to be known once the role exists if it is one of ours."""
        return self._roles.get(role_id, role_id)
