"""The way in: Vault's JWT backend, the roles that jobs log in with, and one policy for each role.

Owns the JWT backend, its roles and their policies, and the KV mount where access.yaml says so. Leaves alone
the secrets (ServiceAccount), every other auth backend, and what the mount is tuned to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import pulumi
import pulumi_vault as vault

from ciaccess.access.desired.nexus import VaultPolicy, vault_policies
from ciaccess.access.desired.pipeline_identities import jwt_roles
from ciaccess.access.desired.vault import jwt_backend_fields, jwt_role_fields
from components.resources import VaultPreconditions

if TYPE_CHECKING:
    from ciaccess.access import Access
    from ciaccess.access.model.models import JwtBackend, JwtRole


@dataclass(frozen=True)
class VaultJwtAuthArgs:
    """What VaultJwtAuth needs: the backend's settings, and each role with the policy that belongs to it."""

    backend: JwtBackend
    roles: dict[str, JwtRole]
    policies: tuple[VaultPolicy, ...]
    kv_mount: str
    kv_mount_managed: bool
    existing: frozenset[str]
    vacant: tuple[str, ...]
    protect: bool

    @classmethod
    def of(cls, access: Access, *, protect: bool, existing: frozenset[str] = frozenset()) -> Self:
        """Take the arguments from access.yaml; `vacant` are the API paths where nothing may exist before `up`.

        `protect` keeps the engine from deleting the mount and the backend, which would take everything in them along.
        `existing` are those of `paths_to_adopt` that are there: what they belong to is imported, the rest is made.
        """
        jwt = access.vault.jwt
        adopt = access.adopts(access.vault)
        policies = vault_policies(access)
        roles = jwt_roles(access)
        ours: list[str] = []
        if not adopt:
            ours += [f"sys/policies/acl/{policy.name}" for policy in policies]
            ours += [f"auth/{jwt.mount}/role/{role}" for role in roles]
        return cls(
            backend=jwt,
            roles=roles,
            policies=policies,
            kv_mount=access.vault.kv.mount,
            kv_mount_managed=access.vault.kv.manage,
            existing=existing,
            vacant=tuple(sorted(ours)),
            protect=protect,
        )


def paths_to_adopt(access: Access) -> tuple[str, ...]:
    """Return the API paths to look at before the program runs: those of the mounts that may be taken over.

    A policy, role or secret is written over where it is adopted; a mount and a backend must be imported, which
    fails where there is nothing to import (facts on Vault's provider).
    """
    if not access.adopts(access.vault):
        return ()
    kv = access.vault.kv
    return (*([_kv_config(kv.mount)] if kv.manage else []), _backend_config(access.vault.jwt.mount))


def _kv_config(mount: str) -> str:
    return f"{mount}/config"


def _backend_config(mount: str) -> str:
    return f"auth/{mount}/config"


class VaultJwtAuth(pulumi.ComponentResource):
    """The JWT backend with its roles and policies. `ready` is what anything under the KV mount depends on."""

    ready: tuple[pulumi.Resource, ...]
    login_path: str

    def __init__(self, name: str, args: VaultJwtAuthArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ciaccess:index:VaultJwtAuth", name, None, opts)
        self._name = name
        self._args = args
        preconditions = VaultPreconditions(
            f"{name}-preconditions",
            vacant=args.vacant,
            kv_mount="" if args.kv_mount_managed else args.kv_mount,
            reachable_url=args.backend.discovery_url or args.backend.jwks_url or "",
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._after = pulumi.ResourceOptions(
            parent=self, depends_on=[preconditions], delete_before_replace=True
        )
        mount = self._kv_mount() if args.kv_mount_managed else None
        backend = self._backend()
        policies = {policy.role: self._policy(policy) for policy in args.policies}
        for role_name, role in args.roles.items():
            self._role(role_name, role, backend, policies[role_name])
        self.ready = (mount,) if mount else (preconditions,)
        self.login_path = f"auth/{args.backend.mount}/login"
        self.register_outputs({"login_path": self.login_path})

    def _for_good(self, path: str, mount: str) -> pulumi.ResourceOptions:
        """Return options for what must not be lost by accident; what exists at the API path is imported."""
        existing = mount if path in self._args.existing else None
        return pulumi.ResourceOptions.merge(
            self._after, pulumi.ResourceOptions(import_=existing, protect=self._args.protect)
        )

    def _kv_mount(self) -> vault.Mount:
        return vault.Mount(
            f"{self._name}-kv",
            path=self._args.kv_mount,
            type="kv",
            options={"version": "2"},
            opts=self._for_good(_kv_config(self._args.kv_mount), self._args.kv_mount),
        )

    def _backend(self) -> vault.jwt.AuthBackend:
        fields = {name: value or None for name, value in jwt_backend_fields(self._args.backend).items()}
        return vault.jwt.AuthBackend(
            f"{self._name}-backend",
            path=self._args.backend.mount,
            type="jwt",
            **fields,
            opts=self._for_good(_backend_config(self._args.backend.mount), self._args.backend.mount),
        )

    def _policy(self, policy: VaultPolicy) -> vault.Policy:
        return vault.Policy(
            f"{self._name}-policy-{policy.name}", name=policy.name, policy=policy.text, opts=self._after
        )

    def _role(self, name: str, role: JwtRole, backend: vault.jwt.AuthBackend, policy: vault.Policy) -> None:
        declared = jwt_role_fields(name, role)
        # The provider takes text: Vault splits it at the commas.
        claims = {claim: ",".join(values) for claim, values in declared["bound_claims"].items()}
        vault.jwt.AuthBackendRole(
            f"{self._name}-role-{name}",
            backend=backend.path,
            role_name=name,
            **{**declared, "bound_claims": claims, "token_policies": [policy.name]},
            opts=self._after,
        )
