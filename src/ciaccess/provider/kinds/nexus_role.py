"""A Nexus role: a set of privileges and of contained roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ciaccess.clients.nexus import Role
from ciaccess.engine import resource_types
from ciaccess.provider.kinds.fields import NAMES, Field, Values, at_most
from ciaccess.provider.kinds.nexus import ID, MOST_DESCRIPTION_CHARACTERS, NexusKind, built_in_error
from ciaccess.provider.kinds.objects import ADOPT

if TYPE_CHECKING:
    from ciaccess.clients.nexus import Collection


class NexusRole(NexusKind[Role]):
    """A role; `privileges` and `roles` are sets of names that must exist in Nexus."""

    token = resource_types.ROLE
    noun = "role"
    item = Role
    fields = (
        Field("role_id", rule=ID, identifies=True, about="The role's id"),
        Field("name", rule=at_most(200, least=1), about="The role's name"),
        Field(
            "description",
            default="",
            rule=at_most(MOST_DESCRIPTION_CHARACTERS),
            about="What it is for, with the owner marker",
        ),
        Field("privileges", NAMES, default=frozenset(), about="Names of privileges, which must exist"),
        Field("roles", NAMES, default=frozenset(), about="Ids of the roles that it contains"),
        ADOPT,
    )

    def objects(self, address: Values) -> Collection[Role]:
        """Return Nexus's roles."""
        del address
        return self._systems.nexus().roles

    def bring_in_line(self, existing: Role, inputs: Values) -> None:
        """Replace an existing role, unless it is built into Nexus."""
        if existing.read_only:
            raise built_in_error(self.noun, existing.role_id)
        super().bring_in_line(existing, inputs)
