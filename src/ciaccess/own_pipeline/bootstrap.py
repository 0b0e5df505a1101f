"""The first provisioning of a stack: identities, GitLab tokens, confirmed trust anchors.

Runs `pulumi up` as the calling user, which makes the pipeline's identities too. Safe to repeat; what changes the identities
themselves needs it again, since they may not write each other (docs/adr/0018).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ciaccess.access import Access
from ciaccess.access.desired import pipeline_identities
from ciaccess.access.desired.trust_anchors import changed_anchors, trust_anchors
from ciaccess.access.model.models import Pipeline
from ciaccess.cli.terminal import confirm, notices, output
from ciaccess.clients.connect import accepted_vault, gitlab_client, nexus_client
from ciaccess.clients.credentials import KNOWN, require
from ciaccess.clients.errors import ApiError, ForbiddenError, NotFoundError, UnauthorizedError
from ciaccess.clients.gitlab.groups import token_scopes
from ciaccess.clients.gitlab.variables import GitLab
from ciaccess.clients.vault.client import Vault
from ciaccess.clients.vault.secret import SecretSnapshot, VaultSecret
from ciaccess.drift.gitlab_project import project_findings
from ciaccess.engine import pulumi_cli
from ciaccess.engine.preconditions import check_vault, own_passphrase
from ciaccess.engine.trust_anchors import (
    DEFAULT_PATH,
    anchors_path,
    confirmed_anchors,
    confirmed_text,
    list_anchors,
)
from ciaccess.errors import CommandError
from ciaccess.own_pipeline.gitlab_tokens import TOKENS, Token

_MOST_TOKEN_BYTES = 4096


def bootstrap(
    access: Access, pipeline: Pipeline, stack: str, files: Mapping[str, Path], *, yes: bool
) -> None:
    """Provision a stack, store the pipeline's tokens and trust anchors, and report the settings.

    `pipeline` is the section of access.yaml, `files` are those of GitLab tokens by the names of `TOKENS`; `yes`: do not ask.
    """
    vault, gitlab = _administrator(access)
    tokens = _tokens(access, vault, files)
    _confirm_anchors(access, vault, yes=yes)
    _provision(stack, yes=yes)
    passphrase = own_passphrase(stack)
    _write(access, vault, tokens | ({pipeline_identities.PASSPHRASE: passphrase} if passphrase else {}))
    # The administrator who runs this confirms them.
    _write_anchors(access, vault)
    _report_project(pipeline, gitlab)


def _report_project(pipeline: Pipeline, gitlab: GitLab) -> None:
    """Print settings of the project that give the identities to more code."""
    try:
        found = list(project_findings(pipeline, gitlab))
    except ApiError as error:
        output().print(f"could not check the settings of {pipeline.project}: {error}", markup=False)
        return
    for each in found:
        output().print(f"{each.severity}: {each.title} ({each.object})", markup=False)
        output().print(
            f"  expected: {each.expected}; found: {each.found}\n  {each.manual_command}", markup=False
        )
    if not found:
        output().print(f"the settings of {pipeline.project} in GitLab are as expected", markup=False)


def _administrator(access: Access) -> tuple[Vault, GitLab]:
    """Return Vault and GitLab, once all three systems have accepted the credentials."""
    require(*KNOWN)
    check_vault(access)
    vault = accepted_vault(access)
    nexus_client(access.nexus.url).users.all()
    gitlab = gitlab_client(access.gitlab.url)
    if "api" not in token_scopes(gitlab):
        raise CommandError("GITLAB_TOKEN lacks the scope api. Use a token of an owner of the group")
    return vault, gitlab


def _tokens(access: Access, vault: Vault, files: Mapping[str, Path]) -> dict[str, str]:
    """Return the tokens of the files, each with the right scopes; the error lists all faults."""
    found, faults = {}, []
    for name, wanted in TOKENS.items():
        if name not in files:
            if not _own_secret(access, vault, name).exists:
                faults.append(f"--{name} is missing, and Vault has none yet: a {wanted.purpose}")
            continue
        try:
            found[name] = files[name].read_bytes()[:_MOST_TOKEN_BYTES].decode().strip()
        except (OSError, UnicodeDecodeError) as error:
            because = getattr(error, "strerror", None) or "it is not text in UTF-8"
            faults.append(f"--{name} names {files[name]}, which cannot be read: {because}")
            continue
        if fault := _fault(access, found[name], wanted):
            faults.append(f"--{name}: {fault}. Make a {wanted.purpose}")
    if faults:
        raise CommandError("the pipeline lacks tokens of GitLab:\n  " + "\n  ".join(faults))
    return found


def _fault(access: Access, token: str, wanted: Token) -> str:
    gitlab = GitLab(access.gitlab.url, token)
    try:
        scopes = token_scopes(gitlab)
    except UnauthorizedError:
        return "GitLab does not know this token"
    if scopes & wanted.lacks:
        return f"it may do more than it should, by its scope {', '.join(sorted(scopes & wanted.lacks))}"
    if not wanted.needs <= scopes:
        return f"it lacks the scope {', '.join(sorted(wanted.needs - scopes))}"
    if wanted.reads_variables:
        return ""
    groups = [path for path, group in access.gitlab.groups.items() if _reads(gitlab, str(group.id))]
    return f"it reads the variables of {', '.join(groups)}" if groups else ""


def _reads(gitlab: GitLab, group: str) -> bool:
    """Tell whether a token reads a group's variables."""
    try:
        gitlab.variables(group).all()
    except (ForbiddenError, NotFoundError):
        return False
    return True


def _confirm_anchors(access: Access, vault: Vault, *, yes: bool) -> None:
    """Show which trust anchors changed, and confirm them: the engine refuses any others."""
    before = confirmed_anchors(vault, DEFAULT_PATH, anchors_path(access))
    if before is None:
        return  # the first time: there may be no KV engine yet
    lines = list_anchors(changed_anchors(before, trust_anchors(access)))
    if lines:
        output().print(f"Trust anchors that change:{lines}", markup=False)
        if not yes:
            confirm("Confirm these?")
        _write_anchors(access, vault)


def _provision(stack: str, *, yes: bool) -> None:
    pulumi_cli.ensure_stack(stack)
    words = ("--stack", stack, "--refresh")
    if not yes:
        if pulumi_cli.run("preview", *words):
            raise CommandError("pulumi preview failed; its output is above. Nothing was changed")
        confirm("Apply this?")
    if pulumi_cli.run("up", "--yes", "--skip-preview", *words):
        raise CommandError("pulumi up failed; its output is above. Fix the cause, and run this again")


def _write_anchors(access: Access, vault: Vault) -> None:
    """Write the trust anchors to their place, and over others in the default one."""
    _write(access, vault, {pipeline_identities.TRUST_ANCHORS: confirmed_text(access)})
    if confirmed_anchors(vault, DEFAULT_PATH) not in (None, trust_anchors(access)):
        mount, _, path = DEFAULT_PATH.partition("/data/")
        vault.write_secret(mount, path, {"value": confirmed_text(access)})


def _write(access: Access, vault: Vault, values: dict[str, str]) -> None:
    mount, folder = access.vault.kv.mount, pipeline_identities.own_folder(access)
    for name, value in values.items():
        if _own_secret(access, vault, name).value_of("value") != value:
            vault.write_secret(mount, f"{folder}/{name}", {"value": value})
            notices().print(f"wrote {mount}/{folder}/{name}", markup=False)


def _own_secret(access: Access, vault: Vault, name: str) -> SecretSnapshot:
    return VaultSecret(vault, pipeline_identities.own_secret_path(access, name)).read()
