"""How jobs log in: Vault's JWT backend, the roles that they name, and one policy for each role.

Owns the JWT backend, its roles and their policies, and the KV mount if access.yaml manages it. Leaves alone
the secrets (ServiceAccount), every other auth backend, and what the mount is tuned to.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import pulumi
import pulumi_vault as vault

from ciaccess.access.desired.objects import LEFT_BY_ENGINE, JwtBackend, JwtRole, Policy
from ciaccess.access.desired.state import Desired
from components.resources import VaultPreconditions, with_lists


@dataclass(frozen=True)
class VaultJwtAuthArgs:
    """What VaultJwtAuth needs.

    `protect` keeps the engine from deleting the mount and the backend, which would take everything in them along.
    `existing` are those of `paths_to_adopt` that are there: what they belong to is imported, the rest is made.
    """

    desired: Desired
    protect: bool
    existing: frozenset[str] = frozenset()

    @property
    def vacant(self) -> tuple[str, ...]:
        """The API paths where nothing may exist before `up`."""
        if self.desired.adopts_vault:
            return ()
        paths = [f"sys/policies/acl/{policy.name}" for policy in self.desired.policies.values()]
        paths += [f"auth/{self.desired.jwt_mount}/role/{role}" for role in self.desired.jwt_roles]
        return tuple(sorted(paths))


def paths_to_adopt(desired: Desired) -> tuple[str, ...]:
    """Return the API paths to check before the program runs, of mounts that may be taken over.

    A policy, role or secret is written over where it is adopted; a mount and a backend must be imported, which
    fails where there is nothing to import (facts on Vault's provider).
    """
    if not desired.adopts_vault:
        return ()
    managed = [_kv_config(desired.kv_mount)] if desired.manages_kv else []
    return (*managed, _backend_config(desired.jwt_mount))


def _kv_config(mount: str) -> str:
    return f"{mount}/config"


def _backend_config(mount: str) -> str:
    return f"auth/{mount}/config"


def _inputs(value: JwtBackend | JwtRole) -> dict[str, Any]:
    """Return the fields of an object that are inputs of its resource."""
    return with_lists(
        {name: field for name, field in asdict(value).items() if field or name not in LEFT_BY_ENGINE}
    )


class VaultJwtAuth(pulumi.ComponentResource):
    """The JWT backend, its roles and policies; resources under the KV mount depend on `ready`."""

    ready: tuple[pulumi.Resource, ...]
    login_path: str

    def __init__(self, name: str, args: VaultJwtAuthArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ciaccess:index:VaultJwtAuth", name, None, opts)
        self._name = name
        self._args = args
        desired = args.desired
        preconditions = VaultPreconditions(
            f"{name}-preconditions",
            vacant=args.vacant,
            kv_mount="" if desired.manages_kv else desired.kv_mount,
            reachable_url=desired.backend.oidc_discovery_url or desired.backend.jwks_url,
            authority=desired.backend.oidc_discovery_ca_pem or desired.backend.jwks_ca_pem,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._after = pulumi.ResourceOptions(
            parent=self, depends_on=[preconditions], delete_before_replace=True
        )
        mount = self._kv_mount() if desired.manages_kv else None
        backend = self._backend()
        policies = {role: self._policy(policy) for role, policy in desired.policies.items()}
        for role_name, role in desired.jwt_roles.items():
            self._role(role, backend, policies[role_name])
        self.ready = (mount,) if mount else (preconditions,)
        self.login_path = f"auth/{desired.jwt_mount}/login"
        self.register_outputs({"login_path": self.login_path})

    def _permanent(self, path: str, mount: str) -> pulumi.ResourceOptions:
        """Return options for what must not be lost by accident; what exists at the API path is imported."""
        existing = mount if path in self._args.existing else None
        return pulumi.ResourceOptions.merge(
            self._after, pulumi.ResourceOptions(import_=existing, protect=self._args.protect)
        )

    def _kv_mount(self) -> vault.Mount:
        mount = self._args.desired.kv_mount
        return vault.Mount(
            f"{self._name}-kv",
            path=mount,
            type="kv",
            options={"version": "2"},
            opts=self._permanent(_kv_config(mount), mount),
        )

    def _backend(self) -> vault.jwt.AuthBackend:
        mount = self._args.desired.jwt_mount
        fields = {name: value or None for name, value in _inputs(self._args.desired.backend).items()}
        return vault.jwt.AuthBackend(
            f"{self._name}-backend",
            path=mount,
            type="jwt",
            **fields,
            opts=self._permanent(_backend_config(mount), mount),
        )

    def _policy(self, policy: Policy) -> vault.Policy:
        return vault.Policy(
            f"{self._name}-policy-{policy.name}", name=policy.name, policy=policy.text, opts=self._after
        )

    def _role(self, role: JwtRole, backend: vault.jwt.AuthBackend, policy: vault.Policy) -> None:
        fields = _inputs(role)
        # The provider takes text: Vault splits it at the commas.
        claims = {claim: ",".join(sorted(values)) for claim, values in role.bound_claims.items()}
        vault.jwt.AuthBackendRole(
            f"{self._name}-role-{fields.pop('name')}",
            backend=backend.path,
            role_name=role.name,
            **{**fields, "bound_claims": claims, "token_policies": [policy.name]},
            opts=self._after,
        )
