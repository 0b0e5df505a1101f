"""A service account: its passwords, its Nexus users, and the secret in Vault that its pipelines read.

Owns the order of a credential change: Nexus accepts the new password, a login proves it, and only then does the secret
change, so that a reader never meets a password that does not work yet. Whose turn it is, and which password that changes,
is config/rotation's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import pulumi
import pulumi_vault as vault

from components.resources import Password, SecretMetadata, User
from config import rotation
from config.identities import account as declared_account
from config.permissions import (
    NexusUser,
    nexus_users,
    secret_api_path,
    secret_metadata,
    secret_metadata_path,
    secret_path,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from components.nexus_access import NexusAccess
    from config import Access
    from config.rotation import Turn


@dataclass(frozen=True)
class ServiceAccountArgs:
    """What a ServiceAccount needs. `turns` are its users' with their passwords' versions: another number, another password.

    `handed_out_by` is the secret's API path where users take turns, else empty; `metadata` is empty before a rotation.
    """

    users: Sequence[NexusUser]
    turns: Sequence[Turn]
    roles: Sequence[pulumi.Input[str]]
    secret_path: str
    handed_out_by: str
    metadata_path: str
    metadata: Mapping[str, str]
    adopt: bool

    @classmethod
    def of(cls, access: Access, account: str, nexus: NexusAccess) -> Self:
        """Take an account's arguments from access.yaml; its roles wait for those that `nexus` makes."""
        users = nexus_users(access, account)
        takes_turns = rotation.strategy(access, account) == rotation.ALTERNATE
        return cls(
            users=users,
            turns=rotation.turns(access, account),
            roles=[nexus.role(role) for role in users[0].roles],
            secret_path=secret_path(access, account),
            handed_out_by=secret_api_path(access, account) if takes_turns else "",
            metadata_path=secret_metadata_path(access, account),
            metadata=secret_metadata(access, account),
            adopt=access.adopts(declared_account(access, account)),
        )


class ServiceAccount(pulumi.ComponentResource):
    """The account as one thing; its secret holds `username` and `password`, as the pipelines expect."""

    def __init__(
        self, name: str, args: ServiceAccountArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("ciaccess:index:ServiceAccount", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        users = [self._user(name, args, *each) for each in zip(args.turns, args.users, strict=True)]
        active = next(user for user, turn in zip(users, args.turns, strict=True) if turn.is_active)
        # generic.Secret, not kv.SecretV2, which is blind to a value changed by somebody else (docs/adr/0002).
        secret = vault.generic.Secret(
            f"{name}-secret",
            path=args.secret_path,
            data_json=pulumi.Output.json_dumps({"username": active.user_id, "password": active.password}),
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        if args.metadata:
            SecretMetadata(
                f"{name}-metadata",
                path=args.metadata_path,
                **args.metadata,
                opts=pulumi.ResourceOptions(parent=self, depends_on=secret),
            )
        self.register_outputs({"secret_path": args.secret_path})

    def _user(self, name: str, args: ServiceAccountArgs, turn: Turn, user: NexusUser) -> User:
        suffix = rotation.SECOND if turn.is_second_of(args.users[0].user_id) else ""
        password = Password(f"{name}-password{suffix}", version=turn.password_version, opts=self._child)
        return User(
            f"{name}-user{suffix}",
            user_id=user.user_id,
            first_name=user.first_name,
            last_name=user.last_name,
            email_address=user.email_address,
            roles=args.roles,
            password=password.result,
            handed_out_by=args.handed_out_by,
            adopt=args.adopt,
            opts=self._child,
        )
