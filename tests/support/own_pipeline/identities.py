"""ciaccess's own pipeline in tests: bootstrapped once, and commands run as one of its identities, as its jobs do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import requests

from tests.support.project.project import STACK
from tests.support.servers.jobs import id_token

if TYPE_CHECKING:
    from tests.support.project.project import Done, Project

PROJECT = "orchestrator/ciaccess"
AUDIENCE = "https://vault.shared.cwiq.io"
SCHEDULED = {"pipeline_source": "schedule"}
# What an administrator's shell has, and a job has not.
_ADMINISTRATORS = ("VAULT_TOKEN", "VAULT_ADDR", "NEXUS_USERNAME", "NEXUS_PASSWORD_FILE", "GITLAB_TOKEN_FILE")
_TOKENS: dict[str, dict[str, Any]] = {
    "gitlab-reader": {"kind": "group", "group": "orchestrator", "role": "owner", "scopes": ["read_api"]},
    "gitlab-notes": {"kind": "project", "project": PROJECT, "role": "reporter", "scopes": ["api"]},
    "gitlab-writer": {"kind": "group", "group": "orchestrator", "role": "owner", "scopes": ["api"]},
}


def make_tokens(project: Project) -> list[str]:
    """Make the pipeline's tokens in GitLab, each in a file; return them as options of `bootstrap`."""
    asked = [{"name": name, **fields} for name, fields in _TOKENS.items()]
    made = project.gitlab("POST", "simulator/seed", json={"tokens": asked}).json()["tokens"]
    options = []
    for name, token in made.items():
        file = project.folder / f"{name}.txt"
        file.write_text(f"{token}\n", encoding="ascii")
        options += [f"--{name}", str(file)]
    return options


def bootstrap(project: Project) -> Done:
    """Run `./ciaccess bootstrap` with all that it wants."""
    return project.ciaccess("bootstrap", "--stack", STACK, "--yes", *make_tokens(project))


def own_token(project: Project, **claims: Any) -> str:
    """Return the id_token of a job of ciaccess's own project, of `main` unless `claims` say otherwise."""
    asked = {"path": PROJECT, "audience": AUDIENCE, **claims}
    return id_token(project, **asked)


def run_as(project: Project, identity: str, *command: str, **claims: Any) -> Done:
    """Run a command as an identity, without any of the administrator's credentials."""
    job = replace(project, extra={**project.extra, "VAULT_ID_TOKEN": own_token(project, **claims)})
    words = ("--stack", STACK, "--file", str(project.access), identity, "--", *command)
    return job.run("./ciaccess", "run-as", *words, without=_ADMINISTRATORS)


def engine_as(project: Project, identity: str, *words: str, **claims: Any) -> Done:
    """Run `pulumi` on the stack as an identity."""
    settings = ["--config-file", str(project.folder / f"Pulumi.{STACK}.yaml"), "--stack", STACK]
    return run_as(project, identity, "pulumi", *words, *settings, "--non-interactive", **claims)


def own_secret(project: Project, name: str) -> dict[str, str] | None:
    """Return one of the pipeline's secrets as Vault has it."""
    answer = _as_root(project, "GET", f"secret/data/ciaccess/{name}")
    return dict(answer.json()["data"]["data"]) if answer.ok else None


def is_alive(project: Project, token: str) -> bool:
    """Tell whether Vault knows a token."""
    return _as_root(project, "POST", "auth/token/lookup", {"token": token}).ok


def _as_root(project: Project, verb: str, path: str, body: Any = None) -> requests.Response:
    headers = {"X-Vault-Token": project.credential("vault-token")}
    url = f"{project.address('vault')}/v1/{path}"
    return requests.request(verb, url, json=body, headers=headers, timeout=10)
