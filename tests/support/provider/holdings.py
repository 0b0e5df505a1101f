"""What each account has in Nexus and Vault, to be compared: so that a change of one account is seen to touch no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hvac.exceptions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.support.project.project import Project

# Of what two accounts may have in common, their part.
_KINDS = {"roles": "id", "content-selectors": "name", "privileges": "name"}


def holdings(project: Project, accounts: Iterable[str]) -> dict[str, Any]:
    """Return users, role, selectors and privileges of each account, and its secret with every version of it."""
    users = {user["userId"]: user for user in project.nexus("GET", "security/users?source=default").json()}
    objects = {
        (kind, each[key]): each
        for kind, key in _KINDS.items()
        for each in project.nexus("GET", f"security/{kind}").json()
    }
    found: dict[str, Any] = {}
    for account in accounts:
        own = f"ci-{account}"
        found[account] = {
            "users": {name: users[name] for name in (account, f"{account}-b") if name in users},
            "objects": {
                place: each
                for place, each in objects.items()
                if place[1] == own or place[1].startswith(f"{own}-")
            },
            "secret": metadata(project, account),
            "lets in": secret(project, account) and project.accepts(account),
        }
    return found


def metadata(project: Project, account: str) -> dict[str, Any] | None:
    """Return what Vault knows of the account's secret and its versions, None where it has never heard of it."""
    try:
        read = project.vault().secrets.kv.v2.read_secret_metadata(f"nexus/{account}", mount_point="secret")
    except hvac.exceptions.InvalidPath:
        return None
    return dict(read["data"])


def secret(project: Project, account: str) -> dict[str, str] | None:
    """Return the account's secret, None where its latest version is deleted, or there is none."""
    try:
        return project.secret(account)
    except hvac.exceptions.InvalidPath:
        return None
