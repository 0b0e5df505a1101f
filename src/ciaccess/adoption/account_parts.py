"""What of an account is in Nexus: users, role, content selectors, privileges, those that an import reaches and those that it does not.

The import finds users and role by its id, and of the rest what that role holds and whose names begin as its own
(provider/kinds/account_import).
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
    """The parts of an account that is declared with these inputs; a part's key is the input that holds it, and its id."""

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
        """Return what a part is called in a difference, as the plugin calls it."""
        return section if section == "role" else f'{section}["{name}"]'

    @cached_property
    def users(self) -> dict[str, User]:
        """The declared users that exist."""
        found = {name: self._nexus.users.find(name) for name in self._inputs["users"]}
        return {name: user for name, user in found.items() if user is not None}

    @property
    def has_role(self) -> bool:
        """Tell whether the account's own role exists."""
        return ("role", self.role_id) in self._found

    @property
    def differing(self) -> tuple[str, ...]:
        """The fields that differ, of the parts that an import reaches."""
        return tuple(
            f"{self.path(*key)}.{field}"
            for key, each in self._found.items()
            if self._is_reached(key)
            for field in each.differing
        )

    @property
    def made(self) -> tuple[str, ...]:
        """The declared parts that an import does not find, which the first `up` makes."""
        return tuple(
            sorted(
                self.path(*key)
                for key in self._declared
                if key not in self._found or not self._is_reached(key)
            )
        )

    @property
    def gone(self) -> tuple[str, ...]:
        """The parts that an import finds and nobody declares, which the first `up` deletes."""
        return tuple(sorted(self.path(*key) for key in self._reached if key not in self._declared))

    def obstacle(self, owner: str, *, is_claimed: bool) -> str:
        """Return what forbids to take a part over, or to delete it, "" for nothing.

        `is_claimed` tells whether the secret says that the account is this very stack's.
        """
        owners = {key: each.owner for key, each in self._found.items()}
        owners |= {key: said for key, said in self._reached.items() if key not in self._declared}
        for key, said in owners.items():
            if reason := of_another(said, owner):
                return f"{self._called(key)}: {reason}"
        for key, each in self._found.items():
            if each.obstacle:
                return f"{self._called(key)}: {each.obstacle}"
            if self._is_reached(key) or not each.differing or (is_claimed and each.owner == owner):
                continue
            return (
                f"{self._called(key)}: it exists, differs from what is declared, and {self.role_id} does not hold it, so "
                "that it is somebody else's: delete it, or give it to that role"
            )
        return ""

    def _called(self, key: _Key) -> str:
        return f"{_NOUNS[key[0]]} {key[1]}"

    def _is_reached(self, key: _Key) -> bool:
        return key[0] in ("role", "users") or key in self._reached

    @cached_property
    def _reached(self) -> dict[_Key, str]:
        """The selectors and privileges that an import finds, with whose they say they are."""
        found: dict[_Key, str] = {}
        for privilege in own_privileges(self._nexus, self.role_id):
            found["privileges", privilege.name] = owner_in(privilege.description)
            selector = self._nexus.content_selectors.find(privilege.content_selector)
            if selector is not None and is_called_after(self.role_id, selector.name):
                found["selectors", selector.name] = owner_in(selector.description)
        return found
