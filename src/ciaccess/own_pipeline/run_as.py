"""A command run with the credentials of one of the pipeline's identities.

Credentials live in that command's environment alone: nothing is written to a file, and Vault's token is revoked as
soon as the command has ended.
"""

from __future__ import annotations

import os
import signal
import subprocess
from types import FrameType

from ciaccess.access import Access
from ciaccess.access.desired import pipeline_identities
from ciaccess.cli.revisions import git
from ciaccess.cli.terminal import notices
from ciaccess.clients.credentials import GITLAB_FROM, ID_TOKEN, STATE, check_vault_address
from ciaccess.clients.errors import ApiError, RefusedError
from ciaccess.clients.gitlab.project import tip_of
from ciaccess.clients.gitlab.variables import GitLab
from ciaccess.clients.vault.client import Vault
from ciaccess.clients.vault.id_token_times import is_untimely
from ciaccess.clients.vault.secret import SecretSnapshot, VaultSecret
from ciaccess.engine.trust_anchors import check_anchors
from ciaccess.environment import ROOT
from ciaccess.errors import CommandError, Exit

# A stack whose secrets another provider encrypts has none.
_OPTIONAL = (pipeline_identities.PASSPHRASE,)


def run(
    access: Access, identity: pipeline_identities.Identity, command: list[str], *, branch_tip: bool
) -> int:
    """Run a command with the credentials of an identity, and return its exit code."""
    vault = _log_in(access, identity)
    try:
        check_anchors(access, vault)
        credentials = _credentials(access, identity, vault)
        if branch_tip:
            _check_branch_tip(access, credentials["GITLAB_TOKEN"])
        # A group's variable NEXUS_URL is for the jobs that promote: it may be another address of the same Nexus.
        addresses = {"NEXUS_URL": access.nexus.url, "GITLAB_URL": access.gitlab.url}
        return _run(command, {**credentials, **addresses, "VAULT_TOKEN": vault.token})
    finally:
        _log_out(vault)


def _log_in(access: Access, identity: pipeline_identities.Identity) -> Vault:
    id_token = os.environ.get(ID_TOKEN)
    if not id_token:
        audience = access.pipeline.audience if access.pipeline else ""
        raise CommandError(
            f"{ID_TOKEN} is empty. Give the job an id_token of that name with aud: {audience}", Exit.ERROR
        )
    check_vault_address(access)
    anonymous = Vault(access.vault.address, "")
    try:
        vault = anonymous.log_in(access.vault.jwt.mount, identity.role, id_token)
    except RefusedError as error:
        if is_untimely(error):
            raise
        raise CommandError(
            f"{error.doing}: {error.reason}. The role admits {_admitted_jobs(access, identity)}",
            Exit.COULD_NOT_LOOK,
        ) from None
    notices().print(f"logged in at {vault.url} as {identity.role}", markup=False)
    return vault


def _log_out(vault: Vault) -> None:
    """Revoke the token; a failure does not change the exit code, since the token expires anyway."""
    try:
        vault.log_out()
    except ApiError as error:
        notices().print(f"the token stays valid until it ends by itself: {error}", markup=False)


def _admitted_jobs(access: Access, identity: pipeline_identities.Identity) -> str:
    """Return in words which jobs a role admits."""
    role = pipeline_identities.own_jwt_roles(access)[identity.role]
    claims = {claim: values[0] for claim, values in role.bound_claims.items()}
    words = [f"jobs of {claims['project_path']}"]
    words += [f"the protected branch {claims['ref']}"] if "ref" in claims else []
    words += [f"pipelines of the source {claims['pipeline_source']}"] if "pipeline_source" in claims else []
    return f"{', '.join(words)}, with aud: {role.bound_audiences[0]}"


def _credentials(access: Access, identity: pipeline_identities.Identity, vault: Vault) -> dict[str, str]:
    """Return the identity's credentials by the variables that the clients take them from.

    The error lists all that are not in Vault.
    """

    def read(name: str) -> SecretSnapshot:
        return VaultSecret(vault, pipeline_identities.own_secret_path(access, name)).read()

    account = read(identity.account).credentials
    found = {
        "NEXUS_USERNAME": account.username if account else None,
        "NEXUS_PASSWORD": account.password if account else None,
    }
    for variable, name in identity.secrets.items():
        found[variable] = read(name).value_of("value")
    names = {**identity.secrets, "NEXUS_USERNAME": identity.account, "NEXUS_PASSWORD": identity.account}
    missing = {names[each] for each, value in found.items() if not value and names[each] not in _OPTIONAL}
    if missing:
        mount, folder = access.vault.kv.mount, pipeline_identities.own_folder(access)
        raise CommandError(
            f"Vault has no {', '.join(f'{mount}/{folder}/{name}' for name in sorted(missing))}. "
            "An administrator runs ./ciaccess bootstrap, see docs/own-pipeline.md"
        )
    given = {variable: value for variable, value in found.items() if value}
    if "GITLAB_TOKEN" not in identity.secrets:
        given[GITLAB_FROM] = STATE
    return given | {"VAULT_ADDR": access.vault.address}


def _check_branch_tip(access: Access, token: str) -> None:
    """Refuse a checkout that is not at the tip of the pipeline's branch, or has changes.

    An older job can be restarted.
    """
    pipeline = access.pipeline
    assert pipeline  # noqa: S101 an identity was found in it
    commit = _git("rev-parse", "HEAD")
    tip = tip_of(GitLab(access.gitlab.url, token), pipeline.project, pipeline.branch)
    if commit != tip:
        raise CommandError(
            f"the checkout is at {commit}, and {pipeline.branch} of {pipeline.project} at {tip}: nothing was run. "
            "Start the job of the newest pipeline"
        )
    if changed := _git("status", "--porcelain", "--untracked-files=no"):
        raise CommandError(f"the checkout differs from {commit}, and nothing was run:\n{changed}")


def _git(*words: str) -> str:
    done = git(ROOT, *words)
    if done.returncode:
        raise CommandError(f"git {words[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode(errors="replace").strip()


def _run(command: list[str], credentials: dict[str, str]) -> int:
    shadowing = {ID_TOKEN, *(f"{name}_FILE" for name in credentials)}
    own = {name: value for name, value in os.environ.items() if name not in shadowing}
    # A Ctrl-C reaches the command too, which may need its credentials to end cleanly, and reports its own end.
    signal.signal(signal.SIGINT, lambda *_: None)
    children: list[subprocess.Popen[bytes]] = []
    is_ended = False

    def end(number: int, frame: FrameType | None) -> None:
        nonlocal is_ended
        del number, frame
        is_ended = True
        for child in children:
            child.terminate()  # the engine then leaves its state in order

    # Before the command starts: else a job that ends at once leaves it behind, and its token valid.
    signal.signal(signal.SIGTERM, end)
    try:
        child = subprocess.Popen(command, env={**own, **credentials})  # noqa: S603 the job's own words
    except OSError as error:
        raise CommandError(f"run {command[0]}: {error.strerror}") from None
    children.append(child)
    if is_ended:
        child.terminate()
    code = child.wait()
    return code if code >= 0 else 128 - code
