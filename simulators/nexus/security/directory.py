"""Who there is and what he may: users with their roles, roles with their privileges, privileges as permissions.

Reads the store and keeps what it derives until the store changes, so a change takes effect on the next request.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from simulators.nexus.security import builtin, csel
from simulators.nexus.security.permissions import PatternError, Permissions, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from simulators.nexus.security.builtin import Privilege
    from simulators.nexus.security.csel import Condition
    from simulators.nexus.security.permissions import Parts
    from simulators.nexus.store import Store

_parse = lru_cache(maxsize=4096)(csel.parse)
# An application's permissions have other words for two of the actions.
_APPLICATION_WORDS = {"add": "create", "edit": "update"}


class Directory:
    """Users, roles and privileges, built-in ones included."""

    def __init__(self, store: Store, formats: Sequence[str]) -> None:
        self._store = store
        self._of_application = {each["name"]: each for each in builtin.of_application(formats)}
        self._builtin: dict[str, Privilege] = {}
        self._builtin_version = -1
        self._selectors: list[tuple[str, Condition]] = []
        self._selectors_version = -1
        self._permissions: dict[str, Permissions] = {}
        self._permissions_version = -1

    def builtin_privileges(self) -> Mapping[str, Privilege]:
        """Return the privileges that nobody made, by name."""
        repositories = self._store.repositories
        if self._builtin_version != repositories.version:
            self._builtin = dict(self._of_application)
            for each in repositories.values():
                self._builtin |= {
                    privilege["name"]: privilege
                    for privilege in builtin.of_repository(each["format"], each["name"])
                }
            self._builtin_version = repositories.version
        return self._builtin

    def privileges(self) -> dict[str, Privilege]:
        """Return every privilege by name; a built-in one hides one of the same name."""
        return {**self._store.privileges, **self.builtin_privileges()}

    def privilege(self, name: str) -> Privilege | None:
        """Return the privilege of that name."""
        return self.builtin_privileges().get(name) or self._store.privileges.get(name)

    def roles(self) -> dict[str, dict[str, Any]]:
        """Return every role by id."""
        return {**self._store.roles, **builtin.ROLES}

    def role(self, role_id: str) -> dict[str, Any] | None:
        """Return the role of that id."""
        return builtin.ROLES.get(role_id) or self._store.roles.get(role_id)

    def permissions(self, user_id: str | None) -> Permissions:
        """Return what a user may by his roles and theirs; one who does not exist may nothing."""
        if self._permissions_version != self._store.version:
            self._permissions = {}
            self._permissions_version = self._store.version
        key = user_id or ""
        if key not in self._permissions:
            user = self._store.users.get(key)
            held = self._held(user["roles"]) if user else ()
            self._permissions[key] = Permissions(held, self.selectors)
        return self._permissions[key]

    def selectors(self) -> list[tuple[str, Condition]]:
        """Return each content selector's name and its condition on format and path."""
        stored = self._store.selectors
        if self._selectors_version != stored.version:
            self._selectors = [(name, _parse(each["expression"])) for name, each in stored.items()]
            self._selectors_version = stored.version
        return self._selectors

    def _held(self, roles: Iterable[str]) -> Iterator[Parts]:
        waiting, seen = list(roles), set(roles)
        while waiting:
            role = self.role(waiting.pop())
            if role is None:
                continue
            for name in role["privileges"]:
                privilege = self.privilege(name)
                if privilege is not None:
                    yield from _parts(privilege)
            waiting += [each for each in role["roles"] if each not in seen]
            seen.update(role["roles"])


def _parts(privilege: Privilege) -> Iterator[Parts]:
    try:
        yield parts_of(_permission(privilege["type"], privilege["properties"]))
    except (KeyError, PatternError):
        return  # stored through the path of another type, or with a pattern that is none: it grants nothing


def _permission(type_: str, properties: Mapping[str, Any]) -> str:
    if type_ == "wildcard":
        return str(properties["pattern"])
    actions = ["*" if each == "ALL" else str(each).lower() for each in properties["actions"]]
    if type_ == "application":
        words = ",".join(_APPLICATION_WORDS.get(each, each) for each in actions)
        return f"nexus:{properties['domain']}:{words}"
    if type_ == "script":
        return f"nexus:script:{properties['scriptName']}:{','.join(actions)}"
    place = f"{properties['format']}:{properties['repository']}:{','.join(actions)}"
    if type_ == "repository-content-selector":
        return f"nexus:{type_}:{properties['contentSelector']}:{place}"
    return f"nexus:{type_}:{place}"
