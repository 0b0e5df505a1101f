"""`./ciaccess lint-ci`: what breaks or leaks at Vault and Nexus in pipelines, with the reason and the remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ciaccess.cli.options import FileOption, StackOption, load_access
from ciaccess.cli.terminal import finish, print_json
from ciaccess.consumers.lint import Finding, SourceError, check, mend
from ciaccess.errors import CommandError, Exit

application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@application.command(
    epilog="Examples:  ./ciaccess lint-ci ../executor/.gitlab-ci.yml  ·  ./ciaccess lint-ci --fix ci/*.yml"
)
def lint_ci(
    files: Annotated[list[Path], typer.Argument(help="Pipelines' files.", show_default=False)],
    *,
    fix: Annotated[
        bool,
        typer.Option(
            "--fix", help="Correct YAML values where a second check proves it; no script is edited."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    file: FileOption = None,
    stack: StackOption = None,
) -> None:
    """Find what breaks or leaks at Vault and Nexus, as GitLab would run it, with the reason and the remedy.

    Exit code 0 clean, 2 findings are left, 1 an error.
    """
    access = load_access(file, stack)
    found: dict[tuple[str, int, str, str], Finding] = {}
    fixed: list[Finding] = []
    unread: dict[str, None] = {}
    for path in files:
        text = _read(path)
        try:
            if fix:
                text, done = mend(text, access, path)
                fixed += done
                if done:
                    _write(path, text)
            checked = check(text, access, path)
        except SourceError as error:
            raise CommandError(f"read {path}: {error}") from None
        found |= {each.place: each for each in checked.findings}
        unread |= dict.fromkeys(f"{path}: {each}" for each in checked.unread)
    left = list(found.values())
    if as_json:
        print_json({"findings": _json(left), "fixed": _json(fixed), "unread": list(unread)})
    else:
        _show(left, fixed, list(unread))
    finish(Exit.DIFFERENCES if left else Exit.CLEAN)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise CommandError(f"read {path}: {reason}") from None


def _write(path: Path, text: str) -> None:
    try:
        path.write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise CommandError(f"write {path}: {error.strerror}") from None


def _json(found: list[Finding]) -> list[dict[str, Any]]:
    return [finding.to_json() for finding in found]


def _show(left: list[Finding], fixed: list[Finding], unread: list[str]) -> None:
    for finding in fixed:
        typer.echo(f"{finding.source.name}:{finding.line}: {finding.rule}: fixed: {finding.remedy}")
    for finding in left:
        typer.echo(
            f"{finding.source.name}:{finding.line}: {finding.rule}: {finding.why}\n    fix: {finding.remedy}"
        )
        if finding.suggestion:
            typer.echo(f"    new line: {finding.suggestion}")
    for each in unread:
        typer.echo(f"not read: {each}")
    fixable = sum(each.edit is not None for each in left)
    if left:
        hint = f"; --fix can correct {fixable}" if fixable else ""
        typer.echo(f"{len(left)} found{hint}")
    elif not fixed:
        typer.echo("nothing found in what was read" if unread else "clean")
