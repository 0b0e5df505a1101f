"""access.yaml as typed objects, one class per section.

A class defines the keys of a section and their meaning; the editor's completion uses these descriptions
(access/reading/schema). Rules across sections are in access/rules.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from ciaccess.access.model.fields import (
    FORMATS_WITHOUT_LIMITS,
    AccountName,
    Age,
    Audience,
    AuthMount,
    BranchName,
    Certificates,
    Cidr,
    Claim,
    ClaimValues,
    ConfigUri,
    Day,
    Domain,
    Duration,
    EnvironmentScope,
    Format,
    GroupPath,
    Image,
    KvMount,
    KvPrefix,
    LastDay,
    OwnerName,
    PipelineEnvironment,
    PolicyName,
    PrivilegeName,
    ProjectPath,
    PublicKey,
    PulledFormats,
    Registry,
    RepositoryName,
    RoleId,
    ScopePath,
    SingleLine,
    Text,
    TransitKeyName,
    TransitMount,
    Url,
    VariableKey,
    VaultNamespace,
    VaultRoleName,
    short_form,
)


class Section(BaseModel):
    """A mapping of access.yaml: unknown keys are refused, and nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


Adopt = Annotated[
    bool | None,
    Field(
        description="Take over what exists already under this name, instead of refusing. Default: the top level's."
    ),
]


class Kv(Section):
    """Where the secrets are: a KV version 2 mount, and the folder in it."""

    mount: KvMount = Field("secret", description="Mount of the KV engine, version 2.")
    prefix: KvPrefix = Field("nexus", description="Folder of the secrets inside the mount, without data/.")
    manage: bool = Field(default=False, description="Make the mount too. Default: it must exist already.")


class JwtBackend(Section):
    """The auth backend at which jobs log in, and how it verifies their id_tokens."""

    mount: AuthMount = Field(
        "jwt", description="Mount of the JWT auth backend: jobs log in at auth/<mount>/login."
    )
    issuer: Url = Field(description="The iss of the tokens: GitLab's external URL.")
    discovery_url: Url | None = Field(
        None, description="Where Vault finds the issuer's keys (OIDC discovery)."
    )
    jwks_url: Url | None = Field(
        None, description="Where Vault finds the issuer's keys, if not by discovery."
    )
    public_keys: list[PublicKey] = Field(default_factory=list, description="The issuer's keys in PEM.")
    oidc_discovery_ca_pem: Certificates = Field(
        "",
        description="Authority that signed the certificate at discovery_url, in PEM. Default: those of Vault's host.",
    )
    jwks_ca_pem: Certificates = Field(
        "",
        description="Authority that signed the certificate at jwks_url, in PEM. Default: those of Vault's host.",
    )


class JwtRole(Section):
    """A role that a job names in its login: which jobs are admitted, and which secrets they may read."""

    policy: PolicyName | None = Field(None, description="Name of its policy. Default: <role>-policy.")
    bound_audiences: list[Audience] = Field(description="A token's aud must be one of these.")
    bound_claims: dict[Claim, ClaimValues] = Field(
        description="Every claim named here must have one of its values. project_path and namespace_path may end in /*."
    )
    # None that changes from job to job: Vault keeps one entity for each value (facts on GitLab).
    user_claim: Literal[
        "namespace_id", "namespace_path", "project_id", "project_path", "user_id", "user_login"
    ] = Field("project_id", description="One Vault entity for each value of this claim.")
    token_ttl: Duration = Field(600, description="How long a Vault token of this role lives: 60s to 1h.")
    token_max_ttl: Duration | None = Field(
        None, description="How long it can be renewed to live. Default: token_ttl."
    )
    token_type: Literal["service", "batch"] = Field(
        "service", description="batch costs no storage, and cannot be revoked."
    )
    token_explicit_max_ttl: Duration | None = Field(
        None, description="When a token of this role ends, however it is renewed. Default: no such end."
    )
    token_num_uses: int = Field(
        0, ge=0, le=1_000_000, description="How often a token may be used. Default: no limit."
    )
    token_no_default_policy: bool = Field(
        default=False, description="A token does not get Vault's policy default beside the role's own."
    )
    token_bound_cidrs: list[Cidr] = Field(
        default_factory=list,
        description="Networks from which a job logs in and uses its token, such as 10.0.0.0/8.",
    )
    bound_subject: SingleLine = Field("", description="A token's sub must be exactly this.")
    accounts: list[AccountName] = Field(description="Accounts whose secrets a job with this role may read.")

    @property
    def longest_ttl(self) -> int:
        """How long a token can be renewed to live, in seconds."""
        return self.token_max_ttl or self.token_ttl


class Vault(Section):
    """Vault: its address, where the secrets are, and who may read which."""

    address: Url = Field(description="Vault's address; other places refer to it as ${vault.address}.")
    namespace: VaultNamespace | None = Field(
        None,
        description="Namespace of everything in Vault (Enterprise, HCP: admin). VAULT_NAMESPACE must name it too.",
    )
    kv: Kv = Field(default_factory=Kv, description="Where the secrets are.")
    jwt: JwtBackend = Field(description="How jobs prove who they are.")
    roles: dict[VaultRoleName, JwtRole] = Field(description="What jobs name in their login, by name.")
    adopt: Adopt = None


class Repositories(Section):
    """The repositories of one format, by environment."""

    dev: RepositoryName | None = Field(None, description="Where applications push to.")
    uat: RepositoryName | None = Field(None, description="Where what is being tested is promoted to.")
    prod: RepositoryName | None = Field(None, description="Where what is released is promoted to.")
    group: RepositoryName | None = Field(None, description="Group repository that pulls read from.")

    def by_environment(self) -> dict[str, str]:
        """Return the hosted repositories by environment, in the order dev, uat, prod."""
        found = {"dev": self.dev, "uat": self.uat, "prod": self.prod}
        return {environment: name for environment, name in found.items() if name is not None}


class NamedRole(Section):
    """A role of Nexus under a name of its own, to be given to several accounts."""

    description: Text = Field(description="What the role is for; Nexus shows it.")
    pull: PulledFormats = Field(
        default_factory=list, description="Formats it may read in every repository, or all."
    )
    privileges: list[PrivilegeName] = Field(default_factory=list, description="Further privileges by name.")
    roles: list[RoleId] = Field(default_factory=list, description="Roles it contains.")


class Nexus(Section):
    """Nexus: its addresses, its repositories, and roles with names of their own."""

    url: Url = Field(description="Nexus's address, with its context path if it has one.")
    push_registry: Registry = Field(description="host:port of the docker registry that is pushed to.")
    pull_registry: Registry = Field(description="host:port of the docker registry that is pulled from.")
    email_domain: Domain = Field("ci.invalid", description="Domain of the users' e-mail addresses.")
    repositories: dict[Format, Repositories] = Field(description="Existing repositories by format.")
    roles: dict[RoleId, NamedRole] = Field(
        default_factory=dict, description="Roles by id, to be given to accounts."
    )
    repository_privileges: list[PrivilegeName] = Field(
        default_factory=list,
        description="Existing privileges on repositories or content selectors, made in Nexus, that roles here may hold.",
    )
    read_privileges: list[PrivilegeName] = Field(
        default_factory=list, description="The same, where they only browse and read: drift compares them."
    )
    adopt: Adopt = None


class Variable(Section):
    """A CI/CD variable of a group; its short form is the value alone."""

    value: str = Field(max_length=10_000, description="Its value; never a credential.")
    environment_scope: EnvironmentScope = Field("*", description="Premium: other than *.")
    protected: bool = Field(
        default=False, description="Only for jobs of protected refs; silently absent in all others."
    )
    masked: bool = Field(default=False, description="Replaced by [MASKED] in job logs.")
    raw: bool = Field(default=True, description="$ in the value is not expanded.")
    variable_type: Literal["env_var", "file"] = Field("env_var", description="file: jobs get a file's path.")
    description: str | None = Field(
        None, max_length=255, description="GitLab shows it. Default: Managed by <owner>."
    )
    adopt: Adopt = None


class Group(Section):
    """A GitLab group: its id, which survives renames, and its variables."""

    id: int = Field(ge=1, description="The group's id, from its page in GitLab.")
    variables: dict[VariableKey, Annotated[Variable, *short_form("value", {"type": "string"})]] = Field(
        default_factory=dict, description="Variables by key; the value alone, or a mapping with its flags."
    )


class GitLab(Section):
    """GitLab: its address, and the groups whose variables are managed."""

    url: Url = Field(description="GitLab's external URL; other places refer to it as ${gitlab.url}.")
    groups: dict[GroupPath, Group] = Field(default_factory=dict, description="Groups by full path.")


class Rotation(Section):
    """The rotation of a password; its short form is the count. `./ciaccess rotate` edits it."""

    count: int = Field(1, ge=1, le=1_000_000, description="Count it up, and the password changes.")
    date: Day | None = Field(None, description="Day of the last rotation.")
    strategy: Literal["alternate", "in-place"] | None = Field(
        None,
        description="alternate: two users take turns, and no job notices. in-place: one user. Default: alternate "
        "where a JWT role reads the secret.",
    )
    max_age: Age | None = Field(
        None, description="Age at which it is due, such as 90d: drift tells, rotate --due does it."
    )


RotationEntry = Annotated[Rotation, *short_form("count", {"type": "integer", "minimum": 1})]
_PURGE = (
    "When the account is removed, its secret goes with every version. Apply it before you remove the account."
)


class Former(Section):
    """A name that an account had before: it stays, with all that the account may do, until a day."""

    until: LastDay = Field(
        description="Last day on which the former account stays; it goes with the next up."
    )
    rotation: RotationEntry = Field(
        description="Its rotation as it stood before the account was renamed, 1 where none did."
    )
    purge: bool = Field(default=False, description=_PURGE)


class Promotion(Section):
    """A format's promotion; its short form is the format alone."""

    to: list[Literal["uat", "prod"]] | None = Field(
        None, description="Environments that it may copy to, each from the one before. Default: all."
    )


class Account(Section):
    """A service account: a Nexus user with its secret in Vault; grants are lists of formats."""

    purpose: Text = Field(description="What it is for; reviewers and Nexus's user list show it.")
    push: list[Format] = Field(default_factory=list, description="Formats it may upload, to dev only.")
    pull: list[Format] = Field(
        default_factory=list, description="Formats it may download, from the group or every environment."
    )
    promote: Annotated[dict[Format, Promotion], *FORMATS_WITHOUT_LIMITS] = Field(
        default_factory=dict,
        description="Formats it may copy on: reads dev and uat, writes uat and prod. A list, or a mapping with limits.",
    )
    path: ScopePath | None = Field(
        None, description="Folder inside the repositories that push is limited to."
    )
    roles: list[RoleId] = Field(default_factory=list, description="Further roles of Nexus.")
    jwt_role: VaultRoleName | None = Field(
        None,
        description="JWT role by which the templates log in, where several may read its secret. Default: the first of them.",
    )
    rotation: RotationEntry = Field(
        default_factory=Rotation,
        description="Count it up, and the password changes; or a mapping with its date.",
    )
    purge: bool = Field(default=False, description=_PURGE)
    formerly: dict[AccountName, Former] = Field(
        default_factory=dict, description="Names that it had before, and until when each stays."
    )
    adopt: Adopt = None


class Pipeline(Section):
    """ciaccess's own pipeline: which jobs get its three identities, and where what they need is kept."""

    project: ProjectPath = Field(description="Full path of ciaccess's own project.")
    branch: BranchName = Field("main", description="Its protected branch: what is merged there is applied.")
    audience: Audience = Field(description="The aud of its jobs' id_tokens, alike in every stack.")
    project_id: int | None = Field(
        None, ge=1, description="Its id: a path that was renamed can be registered again by another user."
    )
    environment: PipelineEnvironment | None = Field(
        None, description="Environment of the job that applies; its identity admits no other job."
    )
    environment_protected: bool = Field(
        default=False, description="That environment is protected in GitLab (Premium), and has to be."
    )
    ci_config_ref_uri: ConfigUri | None = Field(
        None, description="The file that defines its jobs, where that is in a protected project of its own."
    )
    secrets: KvPrefix = Field("ciaccess", description="Folder of its credentials inside the KV mount.")
    transit_key: TransitKeyName | None = Field(
        None,
        description="The key that encrypts the state, where that is hashivault://<key>: its jobs may decrypt.",
    )
    transit_mount: TransitMount = Field("transit", description="Mount of that key's engine.")
    rotation: RotationEntry = Field(
        default_factory=Rotation,
        description="Count it up, and its passwords change; or a mapping with its date.",
    )


class Images(Section):
    """Images of the jobs in ci/templates and of ciaccess's own pipeline."""

    ciaccess: Image | None = Field(None, description="ciaccess's own jobs: Python 3.11 or newer, make, git.")
    curl: Image | None = Field(None, description="Uploads, and promotion of files.")
    docker: Image | None = Field(None, description="docker's client.")
    glab: Image | None = Field(None, description="GitLab's client: releases of the component project.")
    kaniko: Image | None = Field(None, description="Kaniko's executor, a debug image.")
    maven: Image | None = Field(None, description="Maven, with a JDK.")
    node: Image | None = Field(None, description="npm.")
    python: Image | None = Field(None, description="twine.")
    skopeo: Image | None = Field(None, description="Promotion of images.")


class Access(Section):
    """The whole of access.yaml, checked."""

    version: Literal[1] = Field(description="Version of this format: 1.")
    owner: OwnerName = Field(
        "ciaccess",
        description="Who manages these objects: written into them, and another owner's are not adopted.",
    )
    adopt: bool = Field(default=False, description="Take over what exists already, everywhere.")
    strict: bool = Field(
        default=False,
        description="An account that writes uat or prod, and that jobs of unprotected refs may read, is an error.",
    )
    vault: Vault = Field(description="Vault: where the secrets are, and who may read which.")
    nexus: Nexus = Field(description="Nexus: addresses, repositories, and roles with names of their own.")
    gitlab: GitLab = Field(description="GitLab: its address, and groups with their variables.")
    accounts: dict[AccountName, Account] = Field(description="Service accounts by name: what each may do.")
    pipeline: Pipeline | None = Field(None, description="ciaccess's own jobs. Default: it has no pipeline.")
    images: Images = Field(
        default_factory=Images, description="Images of jobs. Default: the usual ones, by digest."
    )

    def adopts(self, declared: Vault | Nexus | Variable | Account) -> bool:
        """Return whether something that exists already under a declared thing's name is taken over."""
        return self.adopt if declared.adopt is None else declared.adopt
