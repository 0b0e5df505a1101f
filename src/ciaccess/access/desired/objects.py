"""The objects of Vault, Nexus and GitLab as immutable values, with the systems' field names.

One type for what access.yaml amounts to and for what a client reads, so that the two can be compared (desired/difference).
Imports nothing: the plugin, which must start quickly, reads these types through clients/.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

# Nexus's source of local users.
LOCAL = "default"
ACTIVE = "active"
SCOPED = "repository-content-selector"
# The types of privileges that give work on repositories, and nothing else.
ON_REPOSITORIES = ("repository-view", SCOPED)


@dataclass(frozen=True)
class User:
    """A user of Nexus; `status` is active, disabled, locked or changepassword. It has no password."""

    user_id: str
    first_name: str
    last_name: str
    email_address: str
    status: str
    roles: frozenset[str]
    source: str = LOCAL


@dataclass(frozen=True)
class Role:
    """A role of Nexus; `read_only` ones are built in. Nexus sets a missing description to the id."""

    role_id: str
    name: str
    description: str
    privileges: frozenset[str]
    roles: frozenset[str]
    read_only: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class ContentSelector:
    """A content selector of Nexus; its type cannot be chosen, it is `csel` in every Nexus of today."""

    name: str
    description: str
    expression: str
    type: str = "csel"


@dataclass(frozen=True)
class Privilege:
    """A privilege of Nexus.

    `actions` are lower-case here, as in the names of Nexus's own privileges: browse, read, edit, add, delete, all.
    """

    name: str
    type: str
    description: str
    actions: frozenset[str]
    format: str = ""
    repository: str = ""
    content_selector: str = ""
    pattern: str = ""
    domain: str = ""
    read_only: bool = field(default=False, compare=False)


class VariableId(NamedTuple):
    """What distinguishes the variables of a group."""

    key: str
    environment_scope: str


@dataclass(frozen=True)
class Variable:
    """A CI/CD variable of a GitLab group; `value` is empty for a hidden one, which cannot be read."""

    group: str
    key: str
    value: str
    environment_scope: str = "*"
    protected: bool = False
    masked: bool = False
    raw: bool = False
    variable_type: str = "env_var"
    description: str = ""
    hidden: bool = False

    @property
    def identity(self) -> VariableId:
        """Return its key and scope."""
        return VariableId(self.key, self.environment_scope)


@dataclass(frozen=True)
class Secret:
    """Where a secret is in a KV engine of version 2; `folder` is "" at the top of the mount."""

    mount: str
    folder: str
    name: str

    @property
    def path_in_mount(self) -> str:
        """Return `nexus/svc-x`."""
        return "/".join(filter(None, (self.folder, self.name)))

    @property
    def path(self) -> str:
        """Return it as `vault kv` names it: `secret/nexus/svc-x`."""
        return f"{self.mount}/{self.path_in_mount}"

    @property
    def api_path(self) -> str:
        """Return it as the API and policies name it: `secret/data/nexus/svc-x`."""
        return f"{self.mount}/data/{self.path_in_mount}"

    @property
    def metadata_path(self) -> str:
        """Return the API path of its metadata: `secret/metadata/nexus/svc-x`."""
        return f"{self.mount}/metadata/{self.path_in_mount}"


@dataclass(frozen=True)
class Policy:
    """A policy of Vault.

    `undeclared_fields`, here and below, are those that OpenBao has beside Vault, where they are set.
    """

    name: str
    text: str
    undeclared_fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class JwtBackend:
    """The configuration of a JWT auth backend."""

    oidc_discovery_url: str = ""
    jwks_url: str = ""
    jwt_validation_pubkeys: frozenset[str] = frozenset()
    bound_issuer: str = ""
    default_role: str = ""
    jwks_ca_pem: str = ""
    jwks_pairs: frozenset[str] = frozenset()
    jwt_supported_algs: frozenset[str] = frozenset()
    oidc_client_id: str = ""
    oidc_discovery_ca_pem: str = ""
    provider_config: Mapping[str, object] = field(default_factory=dict)
    undeclared_fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class JwtRole:
    """A role of a JWT auth backend.

    Every token_* field is declared: one that was changed in Vault and is not declared can survive a repair.
    """

    name: str
    role_type: str = "jwt"
    bound_audiences: frozenset[str] = frozenset()
    bound_claims: Mapping[str, frozenset[str]] = field(default_factory=dict)
    bound_claims_type: str = "string"
    user_claim: str = ""
    token_policies: frozenset[str] = frozenset()
    token_ttl: int = 0
    token_max_ttl: int = 0
    token_type: str = "default"  # noqa: S105 a type of token
    bound_subject: str = ""
    groups_claim: str = ""
    token_explicit_max_ttl: int = 0
    token_period: int = 0
    token_num_uses: int = 0
    token_no_default_policy: bool = False
    token_bound_cidrs: frozenset[str] = frozenset()
    verbose_oidc_logging: bool = False
    allowed_redirect_uris: frozenset[str] = frozenset()
    claim_mappings: Mapping[str, str] = field(default_factory=dict)
    clock_skew_leeway: int = 0
    expiration_leeway: int = 0
    max_age: int = 0
    not_before_leeway: int = 0
    oidc_scopes: frozenset[str] = frozenset()
    user_claim_json_pointer: bool = False
    undeclared_fields: Mapping[str, object] = field(default_factory=dict)


# Fields of a role that no `up --refresh` puts back: pulumi-vault does not send them while they are empty, and Vault keeps
# them then (tried). A write of the backend replaces all of its fields, but for OpenBao's.
LEFT_BY_ENGINE = frozenset({
    "allowed_redirect_uris", "claim_mappings", "clock_skew_leeway", "expiration_leeway", "max_age", "not_before_leeway",
    "oidc_scopes", "undeclared_fields", "user_claim_json_pointer",
})  # fmt: skip
