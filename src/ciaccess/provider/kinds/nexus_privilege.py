"""A Nexus privilege of type wildcard, repository-view or repository-content-selector."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from ciaccess.clients.nexus import WRITABLE, Privilege, is_pattern
from ciaccess.engine import resource_types
from ciaccess.provider.kinds.fields import NAMES, UNKNOWN, Failure, Field, Rule, Values, display, one_of
from ciaccess.provider.kinds.nexus import DESCRIPTION, NAME, NexusKind
from ciaccess.provider.kinds.objects import ADOPT

if TYPE_CHECKING:
    from ciaccess.provider.systems import Systems

_ACTIONS = ("browse", "read", "edit", "add", "delete", "all")
_OF_A_TYPE = ("format", "repository", "content_selector", "actions", "pattern")


class NexusPrivilege(NexusKind[Privilege]):
    """A privilege; `type` decides which of the fields it has, and cannot be changed."""

    token = resource_types.PRIVILEGE
    noun = "privilege"
    item = Privilege
    collection = "privileges"
    fields = (
        Field("type", rule=one_of(*WRITABLE), replaces=True, about="The type"),
        Field("name", rule=NAME, identifies=True, about="The privilege's name"),
        DESCRIPTION,
        Field("format", default="", about="The repository's format, or *"),
        Field("repository", default="", about="The repository's name, or *"),
        Field("content_selector", default="", about="The content selector's name"),
        Field(
            "actions",
            NAMES,
            default=frozenset(),
            rule=Rule(f"one or more of {', '.join(_ACTIONS)}", lambda value: value <= set(_ACTIONS)),
            about="What it allows",
        ),
        Field(
            "pattern",
            default="",
            rule=Rule(
                "parts joined by ':', none empty, such as nexus:search:read",
                lambda value: value == "" or is_pattern(value),
            ),
            about="The pattern of a wildcard privilege",
        ),
        ADOPT,
    )

    def __init__(self, systems: Systems) -> None:
        super().__init__(systems)
        self._lock = threading.Lock()
        self._holders: dict[str, list[str]] = {}

    def create(self, inputs: Values) -> Values:
        """Create the privilege; add it again to the roles that lost it in a replacement."""
        created = super().create(inputs)
        with self._lock:
            holders = self._holders.pop(inputs["name"], [])
        roles = self._systems.nexus().roles
        for holder in holders:
            role = roles.find(holder)
            if role is not None:
                roles.replace(replace(role, privileges=role.privileges | {inputs["name"]}))
        return created

    def remove(self, resource_id: str, state: Values) -> None:
        """Delete the privilege; Nexus silently removes it from roles."""
        roles = self._systems.nexus().roles.all().values()
        with self._lock:
            self._holders[resource_id] = [role.role_id for role in roles if resource_id in role.privileges]
        super().remove(resource_id, state)

    def contradictions(self, values: Values) -> tuple[Failure, ...]:
        """Require the fields of the type, and refuse those of other types."""
        type_ = values.get("type")
        if type_ not in WRITABLE:
            return ()
        failures = []
        for name in _OF_A_TYPE:
            is_written, value = name in WRITABLE[type_], values.get(name, UNKNOWN)
            if value is UNKNOWN or bool(value) == is_written:
                continue
            if is_written:
                reason = f"is missing: a {type_} privilege needs it"
            else:
                allowed = f"a {type_} privilege has {', '.join(WRITABLE[type_])}"
                reason = f"{display(value)} is not allowed: {allowed}"
            failures.append(Failure(name, reason))
        return tuple(failures)
