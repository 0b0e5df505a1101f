"""A service account: its password, its Nexus user, and the secret in Vault that its pipelines read.

Owns the three in the order of a credential change: Nexus accepts the new password, a login proves it, and only
then does the secret change, so that a reader never meets a password that does not work yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import pulumi
import pulumi_vault as vault

from components.resources import Password, User
from config import identities
from config.permissions import NexusUser, nexus_user, secret_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from components.nexus_access import NexusAccess
    from config import Access


@dataclass(frozen=True)
class ServiceAccountArgs:
    """What a ServiceAccount needs. `password_version` is the rotation: another number, another password."""

    user: NexusUser
    roles: Sequence[pulumi.Input[str]]
    password_version: int
    secret_path: str
    adopt: bool

    @classmethod
    def of(cls, access: Access, account: str, nexus: NexusAccess) -> Self:
        """Take an account's arguments from access.yaml; its roles wait for those that `nexus` makes."""
        declared = identities.account(access, account)
        user = nexus_user(access, account)
        return cls(
            user=user,
            roles=[nexus.role(role) for role in user.roles],
            password_version=declared.rotation,
            secret_path=secret_path(access, account),
            adopt=access.adopts(declared),
        )


class ServiceAccount(pulumi.ComponentResource):
    """The account as one thing; its secret holds `username` and `password`, as the pipelines expect."""

    def __init__(
        self, name: str, args: ServiceAccountArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("ciaccess:index:ServiceAccount", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        password = Password(f"{name}-password", version=args.password_version, opts=child)
        user = User(
            f"{name}-user",
            user_id=args.user.user_id,
            first_name=args.user.first_name,
            last_name=args.user.last_name,
            email_address=args.user.email_address,
            roles=args.roles,
            password=password.result,
            adopt=args.adopt,
            opts=child,
        )
        # generic.Secret, not kv.SecretV2, which is blind to a value changed by somebody else (docs/adr/0002).
        vault.generic.Secret(
            f"{name}-secret",
            path=args.secret_path,
            data_json=pulumi.Output.json_dumps({"username": user.user_id, "password": user.password}),
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        self.register_outputs({"secret_path": args.secret_path})
