"""The parts of an account in Nexus, and which of them an import finds.

An import finds users and role by its id, and those selectors and privileges that the role has and whose names begin with
the role's (provider/kinds/account_import).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from ciaccess.access.desired.ownership import of_another, owner_in
from ciaccess.access.desired.state import DesiredAccount
from ciaccess.adoption.existing import Existing, in_nexus
from ciaccess.clients.nexus import Nexus, User
from ciaccess.clients.nexus.privileges import is_called_after, own_privileges
from ciaccess.engine.resource_types import PARTS

_Key = tuple[str, str]


class AccountParts:
    """The parts of a desired account; a part's key is its kind and its id."""

    def __init__(self, account: DesiredAccount, nexus: Nexus) -> None:
        self._account, self._nexus = account, nexus
        self.role_id = account.role.role_id if account.role else ""
        self._desired = {(kind, name): part for kind in PARTS for name, part in account.objects[kind].items()}
        find: dict[str, Callable[[str], object]] = {
            "content selector": nexus.content_selectors.find,
            "privilege": nexus.privileges.find,
            "role": nexus.roles.find,
            "user": nexus.users.find,
        }
        found = {key: in_nexus(find[key[0]], key[1], part) for key, part in self._desired.items()}
        self._found: dict[_Key, Existing] = {key: each for key, each in found.items() if each is not None}

    @staticmethod
    def path(kind: str, name: str) -> str:
        """Return the path of a part in a difference, as in the plugin."""
        return kind if kind == "role" else f'{PARTS[kind]}["{name}"]'

    @cached_property
    def users(self) -> dict[str, User]:
        """The desired users that exist."""
        found = {name: self._nexus.users.find(name) for name in self._account.users}
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
        """The desired parts that an import does not find, which the first `up` creates."""
        return tuple(
            sorted(
                self.path(*key)
                for key in self._desired
                if key not in self._found or not self._is_importable(key)
            )
        )

    @property
    def undeclared(self) -> tuple[str, ...]:
        """The undeclared parts that an import finds, which the first `up` deletes."""
        return tuple(sorted(self.path(*key) for key in self._importable if key not in self._desired))

    def obstacle(self, owner: str, *, is_claimed: bool) -> str:
        """Return the reason why a part cannot be taken over or deleted, "" for none.

        `is_claimed`: the secret's metadata claims the account for this stack.
        """
        owners = {key: each.owner for key, each in self._found.items()}
        owners |= {key: marker for key, marker in self._importable.items() if key not in self._desired}
        for key, marker in owners.items():
            if reason := of_another(marker, owner):
                return f"{' '.join(key)}: {reason}"
        for key, each in self._found.items():
            if each.obstacle:
                return f"{' '.join(key)}: {each.obstacle}"
            if self._is_importable(key) or not each.differences or (is_claimed and each.owner == owner):
                continue
            return (
                f"{' '.join(key)}: it exists, differs from the declaration, and the role {self.role_id} does not "
                "contain it, so its owner is unknown: delete it, or add it to that role"
            )
        return ""

    def _is_importable(self, key: _Key) -> bool:
        return key[0] in ("role", "user") or key in self._importable

    @cached_property
    def _importable(self) -> dict[_Key, str]:
        """The selectors and privileges that an import finds, with the owners of their markers."""
        found: dict[_Key, str] = {}
        for privilege in own_privileges(self._nexus, self.role_id):
            found["privilege", privilege.name] = owner_in(privilege.description)
            selector = self._nexus.content_selectors.find(privilege.content_selector)
            if selector is not None and is_called_after(self.role_id, selector.name):
                found["content selector", selector.name] = owner_in(selector.description)
        return found
