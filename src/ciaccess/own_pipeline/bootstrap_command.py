"""`./ciaccess bootstrap`: the first provisioning of a stack, by an administrator."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ciaccess.access.desired import pipeline_identities
from ciaccess.cli.help import Command, examples
from ciaccess.cli.local_credentials import use_local_credentials
from ciaccess.cli.options import load_access
from ciaccess.cli.terminal import output
from ciaccess.engine.preconditions import check_transit_key
from ciaccess.errors import CommandError
from ciaccess.own_pipeline.gitlab_tokens import TOKENS

application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
_LEFT = """
Left to do by hand in GitLab, project {project}:
  1. Protect the branch {branch}: Settings > Repository > Protected branches. Allowed to push: no one.
  2. Give CI the state backend, PULUMI_BACKEND_URL and its credentials: Settings > CI/CD > Variables.
  3. Schedule the drift check on {branch}: Build > Pipeline schedules, such as 0 * * * *.
The tokens expire on the date in GitLab; run this again with new ones before. docs/own-pipeline.md has the rest."""


def _option(name: str) -> Any:
    return typer.Option(help=f"File with a {TOKENS[name].purpose}.", show_default=False)


@application.command(
    cls=Command,
    epilog=examples(
        "./ciaccess bootstrap --stack prod --gitlab-reader r.txt --gitlab-notes n.txt --gitlab-writer w.txt"
    ),
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

    Exit code 0 done, 3 Vault, Nexus or GitLab could not be reached, 1 an error, or not confirmed.
    """
    from ciaccess.own_pipeline.bootstrap import bootstrap as run  # noqa: PLC0415 `--help` needs no clients

    access = load_access(stack=stack)
    use_local_credentials(stack)
    check_transit_key(stack, access)
    if access.pipeline is None:
        raise CommandError("access.yaml has no pipeline to make identities for. Add the section pipeline")
    files = {
        pipeline_identities.GITLAB_READER: gitlab_reader,
        pipeline_identities.GITLAB_NOTES: gitlab_notes,
        pipeline_identities.GITLAB_WRITER: gitlab_writer,
    }
    given = {name: path for name, path in files.items() if path}
    run(access, access.pipeline, stack, given, yes=yes)
    output().print(_LEFT.format(project=access.pipeline.project, branch=access.pipeline.branch), markup=False)
