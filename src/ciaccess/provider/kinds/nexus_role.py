"""A Nexus role: a set of privileges and of contained roles."""

from __future__ import annotations

from ciaccess.clients.nexus import Role
from ciaccess.engine import resource_types
from ciaccess.provider.kinds.fields import NAMES, Field, at_most
from ciaccess.provider.kinds.nexus import DESCRIPTION, ID, NexusKind
from ciaccess.provider.kinds.objects import ADOPT


class NexusRole(NexusKind[Role]):
    """A role; `privileges` and `roles` are sets of names that must exist in Nexus."""

    token = resource_types.ROLE
    noun = "role"
    item = Role
    collection = "roles"
    fields = (
        Field("role_id", rule=ID, identifies=True, about="The role's id"),
        Field("name", rule=at_most(200, least=1), about="The role's name"),
        DESCRIPTION,
        Field("privileges", NAMES, default=frozenset(), about="Names of privileges, which must exist"),
        Field("roles", NAMES, default=frozenset(), about="Ids of the roles that it contains"),
        ADOPT,
    )
