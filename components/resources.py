"""The resource types of our own provider plugin, as Pulumi classes with typed inputs and outputs.

Owns the tokens and the wire names, which are the snake_case names of docs/resources.md on both sides. What a
verb does, and what is allowed in a field, is the plugin's (provider/kinds).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Text = pulumi.Input[str]
    # The parts of one sort, each by its id.
    Parts = Mapping[str, Mapping[str, Any]]


def with_lists(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields with sets as sorted lists, the same in each run."""
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in fields.items()}


class Provider(pulumi.ProviderResource):
    """The plugin with its addresses; it reads credentials from its environment, never from inputs."""

    def __init__(
        self, name: str, *, nexus_url: str, gitlab_url: str, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("ciaccess", name, {"nexus_url": nexus_url, "gitlab_url": gitlab_url}, opts)


class Role(pulumi.CustomResource):
    """A Nexus role: a set of privileges, and of roles it contains."""

    role_id: pulumi.Output[str]

    def __init__(  # noqa: PLR0913 the fields of a Nexus role, by name
        self,
        name: str,
        *,
        role_id: str,
        role_name: str,
        description: str,
        privileges: Sequence[Text],
        roles: Sequence[Text],
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "role_id": role_id,
            "name": role_name,
            "description": description,
            "privileges": privileges,
            "roles": roles,
            "adopt": adopt,
        }
        super().__init__("ciaccess:nexus:Role", name, inputs, opts)


class GroupVariable(pulumi.CustomResource):
    """A CI/CD variable of a GitLab group, in one environment scope."""

    def __init__(  # noqa: PLR0913 the fields of a variable, by name
        self,
        resource_name: str,
        *,
        group: str,
        key: str,
        value: str,
        environment_scope: str,
        protected: bool,
        masked: bool,
        raw: bool,
        variable_type: str,
        description: str,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "group": group,
            "key": key,
            "value": value,
            "environment_scope": environment_scope,
            "protected": protected,
            "masked": masked,
            "raw": raw,
            "variable_type": variable_type,
            "description": description,
            "adopt": adopt,
        }
        super().__init__("ciaccess:gitlab:GroupVariable", resource_name, inputs, opts)


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
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {"vacant": vacant, "kv_mount": kv_mount, "reachable_url": reachable_url}
        super().__init__("ciaccess:vault:Preconditions", name, inputs, opts)


class ServiceAccount(pulumi.CustomResource):
    """An account as a whole: its users, role, selectors and privileges by id, and its secret."""

    def __init__(  # noqa: PLR0913 the parts of an account, by name
        self,
        name: str,
        *,
        account: str,
        users: Parts,
        role: Mapping[str, Any],
        selectors: Parts,
        privileges: Parts,
        secret: Mapping[str, str],
        metadata: Mapping[str, str],
        purge: bool,
        adopt: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "account": account,
            "users": users,
            "role": role,
            "selectors": selectors,
            "privileges": privileges,
            "secret": secret,
            "metadata": metadata,
            "purge": purge,
            "adopt": adopt,
            "applies": not pulumi.runtime.is_dry_run(),
        }
        super().__init__("ciaccess:index:ServiceAccount", name, inputs, opts)
