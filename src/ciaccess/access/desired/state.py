"""The desired state of access.yaml, built once, as values of the types that the clients read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from ciaccess.access.desired import pipeline_identities, rotation, vault
from ciaccess.access.desired.nexus import account_objects, named_roles, nexus_user
from ciaccess.access.desired.objects import (
    ContentSelector,
    JwtBackend,
    JwtRole,
    Policy,
    Privilege,
    Role,
    Secret,
    User,
    Variable,
)
from ciaccess.access.desired.ownership import add_marker
from ciaccess.access.desired.rotation import Turn
from ciaccess.access.model.models import Access


@dataclass(frozen=True)
class DesiredAccount:
    """An account: its objects in Nexus and its secret in Vault.

    `users` are by id, the first one first; `turns` say which of them the secret names; `role` is None without grants; `metadata`
    are custom ones of the secret: its rotation, current user and owner. `adopt` allows to take over what
    exists, `purge` to destroy the secret with the account.
    """

    name: str
    users: Mapping[str, User]
    turns: tuple[Turn, ...]
    role: Role | None
    selectors: tuple[ContentSelector, ...]
    privileges: tuple[Privilege, ...]
    secret: Secret
    metadata: Mapping[str, str]
    purge: bool
    adopt: bool

    @cached_property
    def objects(self) -> Mapping[str, Mapping[str, Any]]:
        """The objects in Nexus by kind and id."""
        return {
            "user": self.users,
            "role": {self.role.role_id: self.role} if self.role else {},
            "content selector": {each.name: each for each in self.selectors},
            "privilege": {each.name: each for each in self.privileges},
        }

    @property
    def active_user(self) -> str:
        """Return the user that the secret names."""
        return next(turn.user_id for turn in self.turns if turn.is_active)

    @property
    def idle_user(self) -> str | None:
        """Return the user whose password was in the secret before, None where there is one user only."""
        return next((turn.user_id for turn in self.turns if not turn.is_active), None)

    @classmethod
    def of(cls, access: Access, name: str) -> Self:
        """Derive it from access.yaml."""
        declared = pipeline_identities.account(access, name)
        role, selectors, privileges = account_objects(access, name)
        turns, rotated = rotation.turns(access, name), declared.rotation
        return cls(
            name=name,
            users={each.user_id: nexus_user(access, name, each.user_id) for each in turns},
            turns=turns,
            role=role,
            selectors=selectors,
            privileges=privileges,
            secret=vault.secret_of(access, name),
            metadata={
                "rotated_at": rotated.date.isoformat() if rotated.date else "",
                "rotation": str(rotated.count),
                "nexus_user": next(each.user_id for each in turns if each.is_active),
                "owner": access.owner,
            },
            purge=declared.purge,
            adopt=access.adopts(declared),
        )


@dataclass(frozen=True)
class DesiredGroup:
    """A GitLab group with its variables by key; `adopted` are the keys that may exist already."""

    path: str
    identity: int
    variables: Mapping[str, Variable]
    adopted: frozenset[str]

    @classmethod
    def of(cls, access: Access, path: str) -> Self:
        """Derive it from access.yaml."""
        group, usual = access.gitlab.groups[path], f"Managed by {access.owner}"
        variables = {}
        for key, each in group.variables.items():
            description = usual if each.description is None else add_marker(each.description, access.owner)
            fields = each.model_dump(exclude={"adopt", "description"})
            variables[key] = Variable(group=str(group.id), key=key, description=description, **fields)
        adopted = frozenset(key for key, each in group.variables.items() if access.adopts(each))
        return cls(path, group.id, variables, adopted)


@dataclass(frozen=True)
class Desired:
    """All of it, ciaccess's own identities included (docs/adr/0018).

    `policies` are by JWT role, `named_roles` by id, each after those that it contains. `adopts_vault` and `adopts_nexus` allow to take over what exists there.
    """

    accounts: Mapping[str, DesiredAccount]
    named_roles: Mapping[str, Role]
    jwt_mount: str
    backend: JwtBackend
    jwt_roles: Mapping[str, JwtRole]
    policies: Mapping[str, Policy]
    kv_mount: str
    manages_kv: bool
    groups: Mapping[str, DesiredGroup]
    adopts_vault: bool
    adopts_nexus: bool

    @classmethod
    def of(cls, access: Access) -> Self:
        """Derive the desired state from access.yaml."""
        accounts = pipeline_identities.service_accounts(access)
        jwt_roles = pipeline_identities.jwt_roles(access)
        return cls(
            accounts={name: DesiredAccount.of(access, name) for name in accounts},
            named_roles={role.role_id: role for role in named_roles(access)},
            jwt_mount=access.vault.jwt.mount,
            backend=vault.jwt_backend(access.vault.jwt),
            jwt_roles={name: vault.jwt_role(name, role) for name, role in jwt_roles.items()},
            policies=vault.vault_policies(access),
            kv_mount=access.vault.kv.mount,
            manages_kv=access.vault.kv.manage,
            groups={path: DesiredGroup.of(access, path) for path in access.gitlab.groups},
            adopts_vault=access.adopts(access.vault),
            adopts_nexus=access.adopts(access.nexus),
        )

    def objects(self, kind: str) -> Mapping[str, Any]:
        """Return the objects in Nexus of one kind by id: those of all accounts, and the named roles."""
        found: dict[str, Any] = dict(self.named_roles) if kind == "role" else {}
        for account in self.accounts.values():
            found |= account.objects[kind]
        return found
