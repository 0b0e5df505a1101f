"""What a CI job does: it holds an id_token of GitLab's, and logs in at Vault with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hvac

if TYPE_CHECKING:
    from tests.support.project.project import Project

AUDIENCE = "https://gitlab.shared.cwiq.io"
ROLE = "nexus-ci"


def id_token(project: Project, path: str, ref: str = "main", audience: str = AUDIENCE, **options: Any) -> str:
    """Return the id_token of a job of the GitLab project `path`; `options` as /simulator/id_token takes them."""
    asked = {"project": path, "ref": ref, "audience": audience, **options}
    answer = project.gitlab("POST", "simulator/id_token", json=asked)
    assert answer.ok, answer.text
    return str(answer.json()["id_token"])


def login(project: Project, token: str, role: str = ROLE) -> hvac.Client:
    """Return Vault's client with what the login gave.

    Raises:
        hvac.exceptions.VaultError: Vault refused.
    """
    vault = hvac.Client(url=project.address("vault"))
    vault.auth.jwt.jwt_login(role, token)
    return vault
