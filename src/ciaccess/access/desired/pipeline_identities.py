"""The identities of ciaccess's own pipeline: JWT roles, accounts and Nexus roles.

Owns the three identities' names and what each is bound to (docs/adr/0018). What serves the accounts' pipelines
(templates, `explain`, the stack's outputs) reads `access.accounts` and `access.vault.roles`; what makes or compares
objects takes everything there is from here.
"""

from __future__ import annotations

from dataclasses import dataclass

from ciaccess.access.model.models import Access, Account, JwtRole, NamedRole, Pipeline

PREVIEW, APPLY, DRIFT = "ciaccess-preview", "ciaccess-apply", "ciaccess-drift"
READER, WRITER = "svc-ciaccess-reader", "svc-ciaccess-writer"
NEXUS_READER, NEXUS_WRITER = "ciaccess-reader", "ciaccess-writer"
# What people put into Vault for the pipeline (`./ciaccess bootstrap`), by its name in the folder of its credentials.
GITLAB_READER, GITLAB_NOTES, GITLAB_WRITER = "gitlab-reader", "gitlab-notes", "gitlab-writer"
PASSPHRASE = "passphrase"  # noqa: S105 a name
# What `./ciaccess bootstrap` confirms there: each identity reads it, and only an administrator writes it.
TRUST_ANCHORS = "trust-anchors"
# A pipeline of some hundred accounts ends within it.
_TOKEN_TTL_SECONDS = 1800


@dataclass(frozen=True)
class Identity:
    """An identity of ciaccess's own pipeline: its JWT role, its Nexus account, its other secrets.

    `secrets` are names in the folder of the pipeline's credentials, by the environment variable that each becomes.
    """

    role: str
    account: str
    secrets: dict[str, str]


IDENTITIES = {
    PREVIEW: Identity(
        PREVIEW,
        READER,
        # Who reads a group's variables reads all of them, so a preview has no token that could.
        {"GITLAB_NOTES_TOKEN": GITLAB_NOTES, "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE},
    ),
    APPLY: Identity(APPLY, WRITER, {"GITLAB_TOKEN": GITLAB_WRITER, "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE}),
    DRIFT: Identity(
        DRIFT,
        READER,
        {
            "GITLAB_TOKEN": GITLAB_READER,
            "GITLAB_NOTES_TOKEN": GITLAB_NOTES,
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        },
    ),
}


def own_jwt_roles(access: Access) -> dict[str, JwtRole]:
    """Return the JWT roles of ciaccess's own jobs."""
    pipeline = access.pipeline
    if pipeline is None:
        return {}
    here = {"project_path": [pipeline.project]}
    # A path can be registered again by another user; an id cannot.
    here |= {"project_id": [str(pipeline.project_id)]} if pipeline.project_id else {}
    here |= {"ci_config_ref_uri": [pipeline.ci_config_ref_uri]} if pipeline.ci_config_ref_uri else {}
    branch = {**here, "ref": [pipeline.branch], "ref_type": ["branch"], "ref_protected": ["true"]}
    apply = {**branch, "pipeline_source": ["push"]}
    apply |= {"environment": [pipeline.environment]} if pipeline.environment else {}
    apply |= {"environment_protected": ["true"]} if pipeline.environment_protected else {}
    bound = {PREVIEW: here, APPLY: apply, DRIFT: {**branch, "pipeline_source": ["schedule"]}}
    return {name: _jwt_role(pipeline, claims) for name, claims in bound.items()}


def _jwt_role(pipeline: Pipeline, claims: dict[str, list[str]]) -> JwtRole:
    return JwtRole(
        policy=None,
        bound_audiences=[pipeline.audience],
        bound_claims=claims,
        token_ttl=_TOKEN_TTL_SECONDS,
        token_max_ttl=None,
        accounts=[],
    )


def own_accounts(access: Access) -> dict[str, Account]:
    """Return the accounts of ciaccess's own jobs."""
    if access.pipeline is None:
        return {}
    what = {
        READER: ("Previews and drift checks of ciaccess", NEXUS_READER),
        WRITER: ("Applies access.yaml", NEXUS_WRITER),
    }
    return {
        name: Account(purpose=purpose, path=None, roles=[role], rotation=access.pipeline.rotation)
        for name, (purpose, role) in what.items()
    }


def own_nexus_roles(access: Access) -> dict[str, NamedRole]:
    """Return the roles of Nexus that those accounts have."""
    if access.pipeline is None:
        return {}
    looked_at = ("users", "roles", "privileges", "selectors", "settings")
    return {
        NEXUS_READER: NamedRole(
            description="Read what ciaccess manages: users, roles, privileges, content selectors",
            privileges=[f"nx-{what}-read" for what in looked_at],
        ),
        # Only a user with every privilege may change a password in Nexus (facts on Nexus).
        NEXUS_WRITER: NamedRole(
            description="Write what ciaccess manages; a change of passwords needs nx-all",
            privileges=["nx-all"],
        ),
    }


def jwt_roles(access: Access) -> dict[str, JwtRole]:
    """Return every JWT role: those that the YAML names, and those of ciaccess's own jobs."""
    return {**access.vault.roles, **own_jwt_roles(access)}


def service_accounts(access: Access) -> dict[str, Account]:
    """Return every account: those that the YAML names, and those of ciaccess's own jobs."""
    return {**access.accounts, **own_accounts(access)}


def account(access: Access, name: str) -> Account:
    """Return an account by name, one of the YAML's or of ciaccess's own."""
    return access.accounts.get(name) or own_accounts(access)[name]


def own_folder(access: Access) -> str:
    """Return the folder of the pipeline's credentials inside the KV mount, "" without a pipeline."""
    return access.pipeline.secrets if access.pipeline else ""


def own_secret_path(access: Access, name: str) -> str:
    """Return the API path of one of the pipeline's own secrets."""
    return f"{access.vault.kv.mount}/data/{own_folder(access)}/{name}"


def secret_folder(access: Access, name: str) -> str:
    """Return the folder of an account's secret inside the KV mount."""
    return access.vault.kv.prefix if name in access.accounts else own_folder(access)
