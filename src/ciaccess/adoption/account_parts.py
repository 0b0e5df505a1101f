"""The parts of an account in Nexus, and which of them an import finds.

An import finds users and role by its id, and those selectors and privileges that the role has and whose names begin with
the role's (provider/kinds/account_import).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from ciaccess.access.desired.ownership import of_another, owner_in
from ciaccess.adoption.existing import PART_FINDERS
from ciaccess.clients.nexus.own_privileges import is_called_after, own_privileges

if TYPE_CHECKING:
    from ciaccess.adoption.existing import Existing
    from ciaccess.adoption.world import Systems
    from ciaccess.clients.nexus import User

_NOUNS = {"selectors": "content selector", "privileges": "privilege", "role": "role", "users": "user"}
_Key = tuple[str, str]


class AccountParts:
    """The parts of an account declared with these inputs; a part's key is its input and its id."""

    def __init__(self, inputs: dict[str, Any], systems: Systems) -> None:
        self._inputs = inputs
        self._nexus = systems.nexus
        self.role_id = str(inputs["role"].get("role_id", ""))
        self._declared: dict[_Key, dict[str, Any]] = {
            (section, name): part
            for section in ("selectors", "privileges", "users")
            for name, part in inputs[section].items()
        }
        if self.role_id:
            self._declared["role", self.role_id] = inputs["role"]
        found = {key: PART_FINDERS[key[0]](part, systems) for key, part in self._declared.items()}
        self._found: dict[_Key, Existing] = {key: each for key, each in found.items() if each is not None}

    @staticmethod
    def path(section: str, name: str) -> str:
        """Return the path of a part in a difference, as in the plugin."""
        return section if section == "role" else f'{section}["{name}"]'

    @cached_property
    def users(self) -> dict[str, User]:
        """The declared users that exist."""
        found = {name: self._nexus.users.find(name) for name in self._inputs["users"]}
        return {name: user for name, user in found.items() if user is not None}

    @property
    def has_role(self) -> bool:
        """Tell whether the account's role exists."""
        return ("role", self.role_id) in self._found

    @property
    def differences(self) -> tuple[str, ...]:
        """The different fields of the parts that an import finds."""
        return tuple(
            f"{self.path(*key)}.{field}"
            for key, each in self._found.items()
            if self._is_importable(key)
            for field in each.differences
        )

    @property
    def missing(self) -> tuple[str, ...]:
        """The declared parts that an import does not find, which the first `up` creates."""
        return tuple(
            sorted(
                self.path(*key)
                for key in self._declared
                if key not in self._found or not self._is_importable(key)
            )
        )

    @property
    def undeclared(self) -> tuple[str, ...]:
        """The undeclared parts that an import finds, which the first `up` deletes."""
        return tuple(sorted(self.path(*key) for key in self._importable if key not in self._declared))

    def obstacle(self, owner: str, *, is_claimed: bool) -> str:
        """Return the reason why a part cannot be taken over or deleted, "" for none.

        `is_claimed`: the secret's metadata claims the account for this stack.
        """
        owners = {key: each.owner for key, each in self._found.items()}
        owners |= {key: marker for key, marker in self._importable.items() if key not in self._declared}
        for key, marker in owners.items():
            if reason := of_another(marker, owner):
                return f"{self._label(key)}: {reason}"
        for key, each in self._found.items():
            if each.obstacle:
                return f"{self._label(key)}: {each.obstacle}"
            if self._is_importable(key) or not each.differences or (is_claimed and each.owner == owner):
                continue
            return (
                f"{self._label(key)}: it exists, differs from the declaration, and the role {self.role_id} does not "
                "contain it, so its owner is unknown: delete it, or add it to that role"
            )
        return ""

    def _label(self, key: _Key) -> str:
        return f"{_NOUNS[key[0]]} {key[1]}"

    def _is_importable(self, key: _Key) -> bool:
        return key[0] in ("role", "users") or key in self._importable

    @cached_property
    def _importable(self) -> dict[_Key, str]:
        """The selectors and privileges that an import finds, with the owners of their markers."""
        found: dict[_Key, str] = {}
        for privilege in own_privileges(self._nexus, self.role_id):
            found["privileges", privilege.name] = owner_in(privilege.description)
            selector = self._nexus.content_selectors.find(privilege.content_selector)
            if selector is not None and is_called_after(self.role_id, selector.name):
                found["selectors", selector.name] = owner_in(selector.description)
        return found
