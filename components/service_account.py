"""A service account: its users, role, content selectors and privileges in Nexus, and the secret that its pipelines read.

One resource an account (docs/adr/0013): what it is made of, and in which order that changes, is the plugin's
(provider/kinds/service_account). Whose turn it is, and which password that changes, is access/desired/rotation's.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ciaccess.access.desired import rotation
from ciaccess.access.desired.nexus import account_objects, nexus_users, secret_api_path, secret_metadata
from ciaccess.access.desired.pipeline_identities import account as declared_account
from components.resources import ServiceAccount

if TYPE_CHECKING:
    import pulumi

    from ciaccess.access import Access
    from components.nexus_access import NexusAccess

_SCOPED = "repository-content-selector"


def service_account(
    access: Access, account: str, nexus: NexusAccess, stack: str, opts: pulumi.ResourceOptions | None = None
) -> ServiceAccount:
    """Declare an account of access.yaml; it waits for those of its roles that `nexus` makes. `stack` is what claims it."""
    declared = declared_account(access, account)
    objects = account_objects(access, account)
    return ServiceAccount(
        account,
        account=account,
        users=_users(access, account, nexus, {role.id for role in objects.roles}),
        role=next((_role(role.id, asdict(role)) for role in objects.roles), {}),
        selectors={each.name: asdict(each) for each in objects.selectors},
        privileges={each.name: {"type": _SCOPED, **asdict(each)} for each in objects.privileges},
        secret={
            "path": secret_api_path(access, account),
            "user": rotation.active(access, account).user_id,
        },
        metadata={**secret_metadata(access, account), "stack": stack},
        purge=declared.purge,
        adopt=access.adopts(declared),
        opts=opts,
    )


def _role(role_id: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {**{name: value for name, value in fields.items() if name != "id"}, "role_id": role_id}


def _users(access: Access, account: str, nexus: NexusAccess, own: set[str]) -> dict[str, Any]:
    """Return the users by id; the account's own role is made with them, the others are waited for."""
    versions = {turn.user_id: turn.password_version for turn in rotation.turns(access, account)}
    return {
        user.user_id: {
            **asdict(user),
            "roles": [role if role in own else nexus.role(role) for role in user.roles],
            "password_version": versions[user.user_id],
        }
        for user in nexus_users(access, account)
    }
