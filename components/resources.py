"""The resource types of our own provider plugin, as Pulumi classes.

Owns the tokens and the wire names, which are the snake_case names of docs/resources.md on both sides. What a
verb does, and what is allowed in a field, is the plugin's (provider/kinds).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pulumi

from ciaccess.access.desired import objects

Options = pulumi.ResourceOptions | None


def with_lists(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields with sets as sorted lists, the same in each run."""
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in fields.items()}


class Provider(pulumi.ProviderResource):
    """The plugin with its addresses; it reads credentials from its environment, never from inputs."""

    def __init__(self, name: str, *, nexus_url: str, gitlab_url: str, opts: Options = None) -> None:
        super().__init__("ciaccess", name, {"nexus_url": nexus_url, "gitlab_url": gitlab_url}, opts)


class Role(pulumi.CustomResource):
    """A Nexus role; `contained` are the ids of its roles, those of ours to be known once they exist."""

    role_id: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        role: objects.Role,
        contained: Sequence[pulumi.Input[str]],
        *,
        adopt: bool,
        opts: Options = None,
    ) -> None:
        inputs = {
            "role_id": role.role_id,
            "name": role.name,
            "description": role.description,
            "privileges": sorted(role.privileges),
            "roles": contained,
            "adopt": adopt,
        }
        super().__init__("ciaccess:nexus:Role", name, inputs, opts)


class GroupVariable(pulumi.CustomResource):
    """A CI/CD variable of a GitLab group, in one environment scope."""

    def __init__(self, name: str, variable: objects.Variable, *, adopt: bool, opts: Options = None) -> None:
        inputs = asdict(variable) | {"adopt": adopt}
        del inputs["hidden"]  # never an input: it cannot be undone
        super().__init__("ciaccess:gitlab:GroupVariable", name, inputs, opts)


class VaultPreconditions(pulumi.CustomResource):
    """Checks of Vault before the first write: vacant paths, the KV engine, a reachable URL.

    pulumi-vault silently overwrites existing policies, roles and secrets, and leaves a
    half-made backend behind when a discovery URL does not answer (facts on Vault's provider, points 4 and 9).
    """

    def __init__(
        self,
        name: str,
        *,
        vacant: Sequence[str],
        kv_mount: str,
        reachable_url: str,
        authority: str,
        opts: Options = None,
    ) -> None:
        inputs = {
            "vacant": vacant,
            "kv_mount": kv_mount,
            "reachable_url": reachable_url,
            "authority": authority,
        }
        super().__init__("ciaccess:vault:Preconditions", name, inputs, opts)


class ServiceAccount(pulumi.CustomResource):
    """An account as a whole: its users, role, selectors and privileges by id, and its secret."""

    def __init__(self, name: str, inputs: Mapping[str, Any], opts: Options = None) -> None:
        applies = {"applies": not pulumi.runtime.is_dry_run()}
        super().__init__("ciaccess:index:ServiceAccount", name, {**inputs, **applies}, opts)
