"""Clients for access.yaml's addresses, and a check whether each system can be queried.

Nothing is sent to another address than the environment's: where that is another one, or credentials are missing, each function
raises a CredentialsError. Each client is imported when it is asked for: `--help` does without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ciaccess.clients.could_not_look import CouldNotLookError
from ciaccess.clients.credentials import CredentialsError, check_address, check_vault_address, require
from ciaccess.clients.errors import ForbiddenError
from ciaccess.clients.http.session import HttpOptions

if TYPE_CHECKING:
    from ciaccess.access import Access
    from ciaccess.clients.gitlab.variables import GitLab
    from ciaccess.clients.nexus import Nexus
    from ciaccess.clients.vault.client import Vault

GITLAB_TOKEN = "GITLAB_TOKEN"  # noqa: S105 a variable's name
# What a fine-grained token may do, each request tells.
_READING = {"api", "read_api", "granular"}
_STANDBY = (
    "it is a standby, whose data may be stale",
    "Set vault.address to the active node's or the load balancer's.",
)
# The state of a server, why its responses cannot be relied on, and what to do.
_STATES = (
    ("initialized", False, "it is not initialised", "Check its address: this is a new, empty Vault."),
    ("sealed", True, "it is sealed", "Unseal it, and run again."),
    ("standby", True, *_STANDBY),
    ("performance_standby", True, *_STANDBY),
)


def vault_client(access: Access, **bounds: Any) -> Vault:
    """Return Vault with VAULT_TOKEN; `bounds` are HttpOptions' seconds. Sends nothing."""
    from ciaccess.clients.vault.client import Vault  # noqa: PLC0415 see above

    check_vault_address(access)
    token = require("VAULT_TOKEN")["VAULT_TOKEN"]
    return Vault(access.vault.address, token, options=HttpOptions(**bounds))


def accepted_vault(access: Access) -> Vault:
    """Return Vault once it accepts the token.

    The engine asks no system about what has not changed: a run without Vault would end as "unchanged".
    """
    vault = vault_client(access)
    vault.token_lives()
    return vault


def nexus_client(url: str, **bounds: Any) -> Nexus:
    """Return Nexus with NEXUS_USERNAME and NEXUS_PASSWORD. Sends nothing."""
    from ciaccess.clients.nexus import Nexus  # noqa: PLC0415 see above

    check_address("NEXUS_URL", url)
    found = require("NEXUS_USERNAME", "NEXUS_PASSWORD")
    try:
        return Nexus(url, found["NEXUS_USERNAME"], found["NEXUS_PASSWORD"], options=HttpOptions(**bounds))
    except ValueError as error:
        remedy = "Correct nexus.url in access.yaml, or NEXUS_URL."
        raise CredentialsError(f"connect to Nexus: {error}", remedy) from None


def gitlab_client(url: str, credential: str = GITLAB_TOKEN, **bounds: Any) -> GitLab:
    """Return GitLab with a token, by the name of its variable. Sends nothing."""
    from ciaccess.clients.gitlab.variables import GitLab  # noqa: PLC0415 see above

    check_address("GITLAB_URL", url)
    return GitLab(url, require(credential)[credential], options=HttpOptions(**bounds))


def checked_vault(access: Access, timeout_seconds: float) -> Vault:
    """Return Vault once it is known to answer, unsealed and active, and to accept the token.

    Raises:
        CouldNotLookError: it answers, but not for this.
    """
    vault = vault_client(access, read_seconds=timeout_seconds)
    health = vault.health()
    for field, bad, because, remedy in _STATES:
        if health.get(field) is bad:
            raise CouldNotLookError(because, remedy)
    if "initialized" not in health or "sealed" not in health:
        remedy = f"Check that {vault.url} is Vault's address."
        raise CouldNotLookError("its health response is incomplete", remedy)
    try:
        vault.token_lives()
    except ForbiddenError as error:
        remedy = "Set VAULT_TOKEN to a token that has not expired."
        raise CouldNotLookError(f"the token is not accepted: {error.reason}", remedy) from None
    return vault


def checked_nexus(access: Access, timeout_seconds: float) -> Nexus:
    """Return Nexus with its list of users: without the right to read that nothing can be checked."""
    nexus = nexus_client(access.nexus.url, read_seconds=timeout_seconds)
    nexus.users.all()
    return nexus


def checked_gitlab(access: Access, timeout_seconds: float, credential: str = GITLAB_TOKEN) -> GitLab:
    """Return GitLab once its token can read it; `credential` is the token's variable.

    Raises:
        CouldNotLookError: the token has another scope.
    """
    from ciaccess.clients.gitlab.groups import token_scopes  # noqa: PLC0415 see above

    gitlab = gitlab_client(access.gitlab.url, credential, read_seconds=timeout_seconds)
    scopes = token_scopes(gitlab)
    if not scopes & _READING:
        because = f"the token has the scopes {', '.join(sorted(scopes)) or 'none'}"
        raise CouldNotLookError(because, "Give it the scope read_api (api, to keep the issue).")
    return gitlab
