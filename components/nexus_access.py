"""What accounts may do in Nexus: roles, and for a grant limited to a path its content selector and privileges.

Owns the roles of accounts and the roles named in access.yaml. Leaves alone the repositories, Nexus's built-in
roles and privileges, and what somebody gave to users that are not declared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import pulumi

from components.resources import ContentSelector, ContentSelectorPrivilege, Role
from config.permissions import NexusObjects, NexusRole, nexus_objects

if TYPE_CHECKING:
    from config import Access


@dataclass(frozen=True)
class NexusAccessArgs:
    """What NexusAccess needs: the objects that the YAML amounts to, and the ids of those that may be taken over."""

    objects: NexusObjects
    adopted: frozenset[str]

    @classmethod
    def of(cls, access: Access) -> Self:
        """Take the arguments from access.yaml."""
        objects = nexus_objects(access)
        ours = [role.id for role in objects.roles]
        ours += [selector.name for selector in objects.selectors]
        ours += [privilege.name for privilege in objects.privileges]
        return cls(objects, frozenset(ours) if access.adopts(access.nexus) else frozenset())


class NexusAccess(pulumi.ComponentResource):
    """The roles by id, each with what it needs; `role(id)` is what a user depends on."""

    def __init__(self, name: str, args: NexusAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ciaccess:index:NexusAccess", name, None, opts)
        self._name = name
        self._adopted = args.adopted
        self._child = pulumi.ResourceOptions(parent=self)
        selectors = {
            item.name: self._selector(item.name, item.description, item.expression)
            for item in args.objects.selectors
        }
        self._privileges: dict[str, pulumi.Input[str]] = {
            item.name: ContentSelectorPrivilege(
                f"{name}-privilege-{item.name}",
                name=item.name,
                description=item.description,
                format=item.format,
                repository=item.repository,
                content_selector=selectors[item.content_selector].name,
                actions=item.actions,
                adopt=item.name in args.adopted,
                opts=self._child,
            ).name
            for item in args.objects.privileges
        }
        self._roles: dict[str, pulumi.Input[str]] = {}
        for role in args.objects.roles:
            self._roles[role.id] = self._role(role)
        self.register_outputs({"roles": sorted(self._roles)})

    def role(self, role_id: str) -> pulumi.Input[str]:
        """Return a role's id, to be known once the role exists if it is one of ours."""
        return self._roles.get(role_id, role_id)

    def _selector(self, name: str, description: str, expression: str) -> ContentSelector:
        return ContentSelector(
            f"{self._name}-selector-{name}",
            name=name,
            description=description,
            expression=expression,
            adopt=name in self._adopted,
            opts=self._child,
        )

    def _role(self, role: NexusRole) -> pulumi.Output[str]:
        return Role(
            f"{self._name}-role-{role.id}",
            role_id=role.id,
            role_name=role.name,
            description=role.description,
            privileges=[self._privileges.get(privilege, privilege) for privilege in role.privileges],
            roles=[self.role(contained) for contained in role.roles],
            adopt=role.id in self._adopted,
            opts=self._child,
        ).role_id
