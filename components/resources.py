"""The resource types of our own provider plugin, as Pulumi classes with typed inputs and outputs.

Owns the tokens and the wire names, which are the snake_case names of docs/resources.md on both sides. What a
verb does, and what is allowed in a field, is the plugin's (provider/kinds).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

if TYPE_CHECKING:
    from collections.abc import Sequence

    Text = pulumi.Input[str]


class Provider(pulumi.ProviderResource):
    """The plugin, pointed at its systems. Credentials are never inputs: it takes them from its environment."""

    def __init__(
        self, name: str, *, nexus_url: str, gitlab_url: str, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("ciaccess", name, {"nexus_url": nexus_url, "gitlab_url": gitlab_url}, opts)


class Password(pulumi.CustomResource):
    """A random password, the same until its version changes; `result` is always a secret."""

    result: pulumi.Output[str]

    def __init__(self, name: str, *, version: int, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ciaccess:index:Password", name, {"version": version, "result": None}, opts)


class User(pulumi.CustomResource):
    """A Nexus user of the `default` source, whose password is proved by a login."""

    user_id: pulumi.Output[str]
    password: pulumi.Output[str]

    def __init__(  # noqa: PLR0913 the fields of a Nexus user, by name
        self,
        name: str,
        *,
        user_id: str,
        first_name: str,
        last_name: str,
        email_address: str,
        roles: Sequence[Text],
        password: Text,
        handed_out_by: str = "",
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "user_id": user_id,
            "first_name": first_name,
            "last_name": last_name,
            "email_address": email_address,
            "status": "active",
            "roles": roles,
            "password": password,
            "handed_out_by": handed_out_by,
            "adopt": adopt,
        }
        super().__init__("ciaccess:nexus:User", name, inputs, opts)


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


class ContentSelector(pulumi.CustomResource):
    """A Nexus content selector: which paths of which format (CSEL)."""

    name: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        name: str,
        description: str,
        expression: str,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {"name": name, "description": description, "expression": expression, "adopt": adopt}
        super().__init__("ciaccess:nexus:ContentSelector", resource_name, inputs, opts)


class ContentSelectorPrivilege(pulumi.CustomResource):
    """A Nexus privilege of type repository-content-selector: some actions on a selector's paths of one repository."""

    name: pulumi.Output[str]

    def __init__(  # noqa: PLR0913 the fields of the privilege, by name
        self,
        resource_name: str,
        *,
        name: str,
        description: str,
        format: str,  # noqa: A002 Nexus's own word
        repository: str,
        content_selector: Text,
        actions: Sequence[str],
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "type": "repository-content-selector",
            "name": name,
            "description": description,
            "format": format,
            "repository": repository,
            "content_selector": content_selector,
            "actions": actions,
            "adopt": adopt,
        }
        super().__init__("ciaccess:nexus:Privilege", resource_name, inputs, opts)


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
    """What must hold in Vault before anything is written: the paths are vacant, the engine is there, the URL answers.

    pulumi-vault overwrites policies, roles and secrets that exist already, without a word, and leaves a
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


class SecretMetadata(pulumi.CustomResource):
    """What a secret's custom metadata says of its rotation; to change it makes no new version of the secret."""

    def __init__(  # noqa: PLR0913 the keys of the metadata, by name
        self,
        name: str,
        *,
        path: str,
        rotated_at: str,
        rotation: str,
        nexus_user: str,
        owner: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {
            "path": path,
            "rotated_at": rotated_at,
            "rotation": rotation,
            "nexus_user": nexus_user,
            "owner": owner,
        }
        super().__init__("ciaccess:vault:SecretMetadata", name, inputs, opts)
