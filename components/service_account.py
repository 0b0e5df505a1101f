"""A service account: its objects in Nexus, and the secret that its pipelines read.

One resource an account (docs/adr/0013): what it is made of, and in which order that changes, is the plugin's
(provider/kinds/service_account). Which user is active, and which rotation changes which password, is access/desired/rotation's.
"""

from __future__ import annotations

from typing import Any

import pulumi

from ciaccess.access.desired.state import DesiredAccount
from components.nexus_access import NexusAccess
from components.resources import ServiceAccount, with_lists

_USER = ("user_id", "first_name", "last_name", "email_address", "roles")
_ROLE = ("role_id", "name", "description", "privileges", "roles")
_SELECTOR = ("name", "description", "expression")
_PRIVILEGE = ("name", "type", "description", "format", "repository", "content_selector", "actions")


def service_account(
    account: DesiredAccount, nexus: NexusAccess, stack: str, opts: pulumi.ResourceOptions | None = None
) -> ServiceAccount:
    """Declare an account that depends on its roles in `nexus`; `stack` is for its claim."""
    inputs = {
        "account": account.name,
        "users": _users(account, nexus),
        "role": _inputs(account.role, _ROLE) if account.role else {},
        "selectors": {each.name: _inputs(each, _SELECTOR) for each in account.selectors},
        "privileges": {each.name: _inputs(each, _PRIVILEGE) for each in account.privileges},
        "secret": {"path": account.secret.api_path, "user": account.active_user},
        "metadata": {**account.metadata, "stack": stack},
        "purge": account.purge,
        "adopt": account.adopt,
    }
    return ServiceAccount(account.name, inputs, opts)


def _inputs(value: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the fields of an object that are inputs of its resource."""
    return with_lists({name: getattr(value, name) for name in names})


def _users(account: DesiredAccount, nexus: NexusAccess) -> dict[str, Any]:
    """Return the users by id; the account's own role is made with them, the others are waited for."""
    versions = {turn.user_id: turn.password_version for turn in account.turns}
    own = account.role.role_id if account.role else None
    return {
        user_id: {
            **_inputs(user, _USER),
            "roles": [role if role == own else nexus.role(role) for role in sorted(user.roles)],
            "password_version": versions[user_id],
        }
        for user_id, user in account.users.items()
    }
