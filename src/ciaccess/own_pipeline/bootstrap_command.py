"""`./ciaccess bootstrap`: the first time, by an administrator; afterwards the pipeline does it.

Runs `pulumi up` as the calling user, which makes the pipeline's identities too, and puts into Vault what only people can
bring: the tokens of GitLab, and a passphrase of the stack's own. Safe to repeat; what changes the identities themselves needs it
again, since they may not write each other (docs/adr/0018).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ciaccess.access.desired import pipeline_identities
from ciaccess.access.desired.trust_anchors import changed_anchors, trust_anchors
from ciaccess.cli.options import load_access
from ciaccess.cli.terminal import confirm, notices, output
from ciaccess.engine import pulumi_cli
from ciaccess.engine.preconditions import check_transit_key, own_passphrase
from ciaccess.engine.trust_anchors import (
    DEFAULT_PATH,
    anchors_path,
    confirmed_anchors,
    confirmed_text,
    listed,
)
from ciaccess.errors import CommandError

if TYPE_CHECKING:
    from ciaccess.access import Access
    from ciaccess.access.model.models import Pipeline
    from ciaccess.clients.gitlab.variables import GitLab
    from ciaccess.clients.vault.client import Vault

application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
_MOST_TOKEN_BYTES = 4096


@dataclass(frozen=True)
class _Token:
    """A token of GitLab: the scopes it must have, those it must not, and what it is made for."""

    needs: frozenset[str]
    lacks: frozenset[str]
    purpose: str


_TOKENS = {
    pipeline_identities.GITLAB_READER: _Token(
        frozenset({"read_api"}), frozenset({"api"}), "group access token, Owner, read_api"
    ),
    pipeline_identities.GITLAB_NOTES: _Token(
        frozenset({"api"}), frozenset(), "project access token of ciaccess, Reporter, api"
    ),
    pipeline_identities.GITLAB_WRITER: _Token(
        frozenset({"api"}), frozenset(), "group access token, Owner, api"
    ),
}
_LEFT = """
Left to do by hand in GitLab, project {project}:
  1. Protect the branch {branch}: Settings > Repository > Protected branches. Allowed to push: no one.
  2. Give CI the state backend, PULUMI_BACKEND_URL and its credentials: Settings > CI/CD > Variables.
  3. Schedule the drift check on {branch}: Build > Pipeline schedules, such as 0 * * * *.
The tokens expire on the date in GitLab; run this again with new ones before. docs/own-pipeline.md has the rest."""


def _option(name: str) -> Any:
    return typer.Option(help=f"File with a {_TOKENS[name].purpose}.", show_default=False)


@application.command(
    epilog="Example:  ./ciaccess bootstrap --stack prod --gitlab-reader r.txt --gitlab-notes n.txt --gitlab-writer w.txt"
)
def bootstrap(
    *,
    stack: Annotated[str, typer.Option("--stack", help="The stack.", show_default=False)],
    gitlab_reader: Annotated[Path | None, _option(pipeline_identities.GITLAB_READER)] = None,
    gitlab_notes: Annotated[Path | None, _option(pipeline_identities.GITLAB_NOTES)] = None,
    gitlab_writer: Annotated[Path | None, _option(pipeline_identities.GITLAB_WRITER)] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not show a preview and ask.")] = False,
) -> None:
    """Provision a stack as its administrator, and give its pipeline what it needs.

    Exit code 0 done, 3 Vault, Nexus or GitLab could not be asked, 1 an error, or not confirmed.
    """
    access = load_access(stack=stack)
    check_transit_key(stack, access)
    if access.pipeline is None:
        raise CommandError("access.yaml has no pipeline to make identities for. Add the section pipeline")
    files = {
        pipeline_identities.GITLAB_READER: gitlab_reader,
        pipeline_identities.GITLAB_NOTES: gitlab_notes,
        pipeline_identities.GITLAB_WRITER: gitlab_writer,
    }
    vault, gitlab = _administrator(access)
    brought = _brought(access, vault, {name: path for name, path in files.items() if path})
    _confirm_anchors(access, vault, yes=yes)
    _provision(stack, yes=yes)
    _put(access, vault, stack, brought)
    _report_project(access.pipeline, gitlab)
    output().print(_LEFT.format(project=access.pipeline.project, branch=access.pipeline.branch), markup=False)


def _report_project(pipeline: Pipeline, gitlab: GitLab) -> None:
    """Print settings of the project that give the identities to more code."""
    from ciaccess.clients.errors import ApiError  # noqa: PLC0415 loaded already
    from ciaccess.drift.gitlab_project import project_findings  # noqa: PLC0415 likewise

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
    from ciaccess.clients.connect import gitlab_client, nexus_client, vault_client  # noqa: PLC0415 slow to import
    from ciaccess.clients.credentials import KNOWN, require  # noqa: PLC0415 likewise
    from ciaccess.clients.gitlab.groups import token_scopes  # noqa: PLC0415 likewise
    from ciaccess.engine.preconditions import check_vault  # noqa: PLC0415 likewise

    require(*KNOWN)
    check_vault(access)
    vault = vault_client(access)
    vault.token_lives()
    nexus_client(access.nexus.url).users.all()
    gitlab = gitlab_client(access.gitlab.url)
    if "api" not in token_scopes(gitlab):
        raise CommandError("GITLAB_TOKEN lacks the scope api. Use a token of an owner of the group")
    return vault, gitlab


def _brought(access: Access, vault: Vault, files: dict[str, Path]) -> dict[str, str]:
    """Return the tokens of the files, each with the right scopes.

    Raises:
        CommandError: one is missing here and in Vault, or is of no use; it lists all of them.
    """
    mount, folder = access.vault.kv.mount, pipeline_identities.own_folder(access)
    from ciaccess.clients.vault.secret import VaultSecret  # noqa: PLC0415 likewise

    found, faults = {}, []
    for name, wanted in _TOKENS.items():
        if name not in files:
            if not VaultSecret(vault, f"{mount}/data/{folder}/{name}").read().exists:
                faults.append(f"--{name} is missing, and Vault has none yet: a {wanted.purpose}")
            continue
        try:
            found[name] = files[name].read_bytes()[:_MOST_TOKEN_BYTES].decode().strip()
        except (OSError, UnicodeDecodeError) as error:
            faults.append(f"--{name} names {files[name]}, which cannot be read ({type(error).__name__})")
            continue
        if fault := _fault(access, found[name], wanted):
            faults.append(f"--{name}: {fault}. Make a {wanted.purpose}")
    if faults:
        raise CommandError("the pipeline lacks tokens of GitLab:\n  " + "\n  ".join(faults))
    return found


def _fault(access: Access, token: str, wanted: _Token) -> str:
    from ciaccess.clients.errors import UnauthorizedError  # noqa: PLC0415 loaded already
    from ciaccess.clients.gitlab.groups import token_scopes  # noqa: PLC0415 likewise
    from ciaccess.clients.gitlab.variables import GitLab  # noqa: PLC0415 likewise
    from ciaccess.clients.http.session import trusting  # noqa: PLC0415 likewise

    try:
        scopes = token_scopes(GitLab(access.gitlab.url, token, options=trusting()))
    except UnauthorizedError:
        return "GitLab does not know this token"
    if scopes & wanted.lacks:
        return f"it may do more than it should, by its scope {', '.join(sorted(scopes & wanted.lacks))}"
    if not wanted.needs <= scopes:
        return f"it lacks the scope {', '.join(sorted(wanted.needs - scopes))}"
    return ""


def _confirm_anchors(access: Access, vault: Vault, *, yes: bool) -> None:
    """Show which trust anchors changed, and confirm them: the engine refuses any others."""
    before = confirmed_anchors(vault, anchors_path(access), DEFAULT_PATH)
    if before is None:
        return  # the first time: there may be no KV engine yet
    lines = listed(changed_anchors(before, trust_anchors(access)))
    if lines:
        output().print(f"Trust anchors that change:{lines}", markup=False)
        if not yes:
            confirm("Confirm these?")
        _write(access, vault, {pipeline_identities.TRUST_ANCHORS: confirmed_text(access)})


def _provision(stack: str, *, yes: bool) -> None:
    pulumi_cli.ensure_stack(stack)
    words = ("--stack", stack, "--refresh")
    if not yes:
        if pulumi_cli.run("preview", *words):
            raise CommandError("pulumi preview failed; its output is above. Nothing was changed")
        confirm("Apply this?")
    if pulumi_cli.run("up", "--yes", "--skip-preview", *words):
        raise CommandError("pulumi up failed; its output is above. Fix the cause, and run this again")


def _put(access: Access, vault: Vault, stack: str, brought: dict[str, str]) -> None:
    passphrase = own_passphrase(stack)
    values = brought | ({pipeline_identities.PASSPHRASE: passphrase} if passphrase else {})
    # Whoever runs this confirms them.
    values[pipeline_identities.TRUST_ANCHORS] = confirmed_text(access)
    _write(access, vault, values)


def _write(access: Access, vault: Vault, values: dict[str, str]) -> None:
    from ciaccess.clients.vault.secret import VaultSecret  # noqa: PLC0415 likewise

    mount, folder = access.vault.kv.mount, pipeline_identities.own_folder(access)
    for name, value in values.items():
        if (VaultSecret(vault, f"{mount}/data/{folder}/{name}").read().fields or {}).get("value") != value:
            vault.write_secret(mount, f"{folder}/{name}", {"value": value})
            notices().print(f"wrote {mount}/{folder}/{name}", markup=False)
