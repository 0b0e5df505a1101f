"""`./ciaccess lint-ci`: the idioms that broke pipelines, found in a .gitlab-ci.yml and mended where that is mechanical."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ciaccess.cli.options import FileOption, StackOption, declared
from ciaccess.cli.terminal import finish, print_json
from ciaccess.consumers.lint import Finding, SourceError, lint, mend
from ciaccess.errors import CommandError, Exit

application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@application.command(
    epilog="Examples:  ./ciaccess lint-ci ../executor/.gitlab-ci.yml  ·  ./ciaccess lint-ci --fix ci/*.yml"
)
def lint_ci(
    files: Annotated[list[Path], typer.Argument(help="Pipelines' files.", show_default=False)],
    *,
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend what is mechanical; comments and formatting stay.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    file: FileOption = None,
    stack: StackOption = None,
) -> None:
    """Find what breaks at Vault or Nexus, with why and the remedy. Exit code 0 clean, 2 something found, 1 an error."""
    access = declared(file, stack)
    left: list[tuple[Path, Finding]] = []
    mended: list[tuple[Path, Finding]] = []
    for path in files:
        text = _read(path)
        try:
            if fix:
                text, done = mend(text, access)
                mended += [(path, finding) for finding in done]
                if done:
                    _write(path, text)
            left += [(path, finding) for finding in lint(text, access)]
        except SourceError as error:
            raise CommandError(f"read {path}: {error}") from None
    if as_json:
        print_json({"findings": _json(left), "fixed": _json(mended)})
    else:
        _show(left, mended)
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


def _json(found: list[tuple[Path, Finding]]) -> list[dict[str, Any]]:
    return [finding.to_json(str(path)) for path, finding in found]


def _show(left: list[tuple[Path, Finding]], mended: list[tuple[Path, Finding]]) -> None:
    for path, finding in mended:
        typer.echo(f"{path}:{finding.line}: {finding.rule}: mended: {finding.remedy}")
    for path, finding in left:
        typer.echo(f"{path}:{finding.line}: {finding.rule}: {finding.why}\n    fix: {finding.remedy}")
    fixable = sum(bool(finding.edits) for _, finding in left)
    if left:
        hint = f", {fixable} of them mechanical: add --fix" if fixable else ""
        typer.echo(f"{len(left)} found{hint}")
    elif not mended:
        typer.echo("clean")
