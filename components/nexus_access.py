"""The roles of Nexus that access.yaml names, such as nx-pull-all.

Leaves alone the repositories, Nexus's built-in roles and privileges, what somebody gave to users that are not declared, and the
roles of accounts, which are their accounts' (service_account).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import pulumi

from ciaccess.access.desired.nexus import NexusRole, named_roles
from components.resources import Role

if TYPE_CHECKING:
    from ciaccess.access import Access


@dataclass(frozen=True)
class NexusAccessArgs:
    """What NexusAccess needs: the roles, each after those it contains, and whether existing ones may be taken over."""

    roles: tuple[NexusRole, ...]
    adopt: bool

    @classmethod
    def of(cls, access: Access) -> Self:
        """Take the arguments from access.yaml."""
        return cls(named_roles(access), access.adopts(access.nexus))


class NexusAccess(pulumi.ComponentResource):
    """The roles by id; `role(id)` is what a user depends on."""

    def __init__(self, name: str, args: NexusAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ciaccess:index:NexusAccess", name, None, opts)
        self._roles: dict[str, pulumi.Input[str]] = {}
        for role in args.roles:
            self._roles[role.id] = Role(
                f"{name}-role-{role.id}",
                role_id=role.id,
                role_name=role.name,
                description=role.description,
                privileges=role.privileges,
                roles=[self.role(contained) for contained in role.roles],
                adopt=args.adopt,
                opts=pulumi.ResourceOptions(parent=self),
            ).role_id
        self.register_outputs({"roles": sorted(self._roles)})

    def role(self, role_id: str) -> pulumi.Input[str]:
        """Return a role's id, to be known once the role exists if it is one of ours."""
        return self._roles.get(role_id, role_id)
