"""Leftovers of expired former accounts: undeclared, except that the engine removes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ciaccess.access.desired.former_names import former_names
from ciaccess.access.desired.nexus import role_id
from ciaccess.access.desired.rotation import second_user
from ciaccess.drift.findings import Finding
from ciaccess.engine import resource_types

if TYPE_CHECKING:
    from ciaccess.access import Access
    from ciaccess.access.desired.former_names import FormerName


class FormerAccounts:
    """The expired former accounts of an access.yaml, by the name of one of their objects."""

    def __init__(self, access: Access) -> None:
        over = [each for each in former_names(access) if each.is_over]
        self._secrets = {each.name: each for each in over}
        self._users = self._secrets | {second_user(each.name): each for each in over}
        self._roles = {role_id(each.name): each for each in over}

    def user(self, user_id: str) -> FormerName | None:
        """Return the account of a user, the first or the second one."""
        return self._users.get(user_id)

    def role(self, identity: str) -> FormerName | None:
        """Return the account of a role."""
        return self._roles.get(identity)

    def privilege(self, name: str) -> FormerName | None:
        """Return the account of a privilege, whose name begins with that of the account's role."""
        return next((each for role, each in self._roles.items() if name.startswith(f"{role}-")), None)

    def secret(self, name: str) -> FormerName | None:
        """Return the account of a secret."""
        return self._secrets.get(name)


def undeclared_finding(
    identity: str, what: str, expected: str, found: str, *, manual_command: str, former: FormerName | None
) -> Finding:
    """Return the finding of an object that is not declared, or no longer."""
    if former is None:
        return Finding(identity, what, expected, found, manual_command=manual_command)
    expected = f"{expected}: {former.name} is a {former}"
    return Finding(identity, what, expected, found, targets=(resource_types.account(former.name),))
