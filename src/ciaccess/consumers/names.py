"""The names of access.yaml for pipelines: roles that read an account, rights of accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ciaccess.access.desired.vault import policy_name

if TYPE_CHECKING:
    from ciaccess.access import Access
    from ciaccess.access.model.models import Account

VAULT_VARIABLE = "VAULT_ADDR"
SECRET_FIELDS = ("username", "password")


def role_of(access: Access, account: str) -> str | None:
    """Return the JWT role of the templates: the named one, else the first that may read the secret."""
    return access.accounts[account].jwt_role or next(
        (name for name, role in access.vault.roles.items() if account in role.accounts), None
    )


def readable_accounts(access: Access) -> list[str]:
    """Return the accounts whose secrets some job may read."""
    return [name for name in access.accounts if role_of(access, name)]


def audiences(access: Access, accounts: list[str]) -> list[str]:
    """Return the audiences that a job needs in its id_token for any of these accounts."""
    roles = [access.vault.roles[role] for name in accounts if (role := role_of(access, name))]
    return list(dict.fromkeys(role.bound_audiences[0] for role in roles))


def roles_by_policy(access: Access) -> dict[str, list[str]]:
    """Return the roles that give each policy: who names the policy as a role meant one of these."""
    found: dict[str, list[str]] = {}
    for name, role in access.vault.roles.items():
        found.setdefault(policy_name(name, role), []).append(name)
    return found


def accounts_that(access: Access, verb: str, format_: str) -> list[str]:
    """Return the readable accounts that push, pull or promote a format."""
    return [
        name
        for name in readable_accounts(access)
        if {format_, "*"} & set(_formats(access, access.accounts[name], verb))
    ]


def _formats(access: Access, account: Account, verb: str) -> list[str]:
    roles = [access.nexus.roles[name] for name in account.roles if name in access.nexus.roles]
    return [*getattr(account, verb), *(each for role in roles if verb == "pull" for each in role.pull)]


def vault_group(access: Access) -> str:
    """Return the group whose variable VAULT_ADDR is, in words: `group 9 (orchestrator)`."""
    named = [
        f"group {group.id} ({path})"
        for path, group in access.gitlab.groups.items()
        if VAULT_VARIABLE in group.variables
    ]
    return " or ".join(named) or "the GitLab group"


def environment_registries(access: Access) -> dict[str, str]:
    """Return the registry of each environment's images: dev's own, the others by path based routing.

    Then each repository is a folder, of the push registry's host where that is routed by path, else of Nexus's own.
    """
    push = access.nexus.push_registry
    host = push.partition("/")[0] if "/" in push else urlsplit(access.nexus.url).netloc
    docker = access.nexus.repositories.get("docker")
    return {
        environment: push if environment == "dev" else f"{host}/{name}"
        for environment, name in (docker.by_environment() if docker else {}).items()
    }
