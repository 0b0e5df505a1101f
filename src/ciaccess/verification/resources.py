"""What a verification uses: id_tokens and administrators' credentials, of a job or local."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ciaccess.access import Access
from ciaccess.clients.connect import GITLAB_TOKEN, gitlab_client
from ciaccess.clients.credentials import ID_TOKEN, check_address, is_given, require
from ciaccess.clients.gitlab.variables import GitLab
from ciaccess.clients.http.session import HttpOptions
from ciaccess.clients.vault.client import Vault
from ciaccess.clients.vault.secret import Credentials
from ciaccess.errors import CommandError
from ciaccess.local_stack import stack
from ciaccess.local_stack.id_tokens import LocalIssuer
from ciaccess.local_stack.places import read_credential
from ciaccess.verification.id_tokens import IdToken, TokenError
from ciaccess.verification.run import Resources
from ciaccess.verification.token_sources import GivenToken, MintedTokens

_SECONDS: dict[str, Any] = {"down_seconds": 2.0, "total_seconds": 20.0}


def local_resources(access: Access, *, writes: bool = True, given: IdToken | None = None) -> Resources:
    """Return all that the local stack gives: any id_token, and every administrator's credentials.

    Raises:
        StackError: there is no local stack, or it did not finish starting.
    """
    stack.environment()
    options = HttpOptions(**_SECONDS)
    vault_token, nexus_password, gitlab_token = (
        read_credential(name) for name in ("vault-token", "nexus-password", "gitlab-token")
    )
    return Resources(
        options=options,
        tokens=GivenToken(access, given) if given else MintedTokens(access, LocalIssuer()),
        writes=writes,
        nexus_administrator=Credentials("admin", nexus_password),
        vault_administrator=Vault(access.vault.address, vault_token, options=options),
        gitlab=GitLab(access.gitlab.url, gitlab_token, options=options),
    )


def resources_of(access: Access, id_token_file: Path | None, *, local: bool, writes: bool) -> Resources:
    """Return the id_tokens of the job or the local stack, and the administrators' credentials.

    Raises:
        CommandError: there is no id_token.
        CredentialsError: a credential cannot be used.
    """
    given = _given(id_token_file)
    if local:
        return local_resources(access, writes=writes, given=given)
    if given is None:
        raise CommandError(
            f"no id_token given. Run this in a job whose id_tokens has {ID_TOKEN}, name a file by --id-token-file, "
            "or try the local stack: --stack local"
        )
    options = HttpOptions(**_SECONDS)
    administrator, gitlab = None, None
    if writes and is_given("NEXUS_USERNAME") and is_given("NEXUS_PASSWORD"):
        check_address("NEXUS_URL", access.nexus.url)
        found = require("NEXUS_USERNAME", "NEXUS_PASSWORD")
        administrator = Credentials(found["NEXUS_USERNAME"], found["NEXUS_PASSWORD"])
    if is_given(GITLAB_TOKEN):
        gitlab = gitlab_client(access.gitlab.url, GITLAB_TOKEN, **_SECONDS)
    return Resources(
        options=options,
        tokens=GivenToken(access, given),
        writes=writes,
        nexus_administrator=administrator,
        gitlab=gitlab,
        job_environment=os.environ if "CI_PROJECT_PATH" in os.environ else {},
    )


def _given(id_token_file: Path | None) -> IdToken | None:
    try:
        if id_token_file is not None:
            return IdToken.parse(id_token_file.read_text(encoding="ascii").strip())
        return IdToken.parse(require(ID_TOKEN)[ID_TOKEN]) if is_given(ID_TOKEN) else None
    except TokenError as error:
        raise CommandError(f"read the id_token: {error}") from None
    except OSError as error:
        raise CommandError(
            f"read {id_token_file}: {error.strerror}. Name a file that holds an id_token"
        ) from None
    except UnicodeDecodeError:
        raise CommandError(
            f"read {id_token_file}: not an id_token: it has characters outside ASCII"
        ) from None
