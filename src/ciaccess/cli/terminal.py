"""What commands print: tables and progress on a terminal, JSON for machines.

Results go to standard output; progress and errors to standard error, so that `--json` can be piped.
"""

from __future__ import annotations

import codecs
import json
import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from ciaccess.errors import CommandError, Exit
from ciaccess.report.page import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text


def output() -> Console:
    """Return the console of results."""
    return _console(stderr=False)


def notices() -> Console:
    """Return the console of progress and remarks, on standard error."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    """Return a console that shows control characters (of servers' texts) as code points."""
    from rich.console import Console  # noqa: PLC0415 slow to import, and `--json` does without

    class Terminal(Console):
        def render_str(self, text: str, **options: Any) -> Text:
            return super().render_str(visible(text), **options)

    return Terminal(stderr=stderr, highlight=False, soft_wrap=True)


def prepare_streams() -> None:
    """Let standard output and error take every character, by its code point if need be."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by the caller
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 until the end
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def print_json(value: Any) -> None:
    """Print a result as indented JSON."""
    is_utf8 = codecs.lookup(sys.stdout.encoding or "ascii").name == "utf-8"
    json.dump(value, sys.stdout, indent=2, ensure_ascii=not is_utf8)
    sys.stdout.write("\n")


def print_text(text: str) -> None:
    """Print a result's text as it is, but for control characters of files' and servers' texts."""
    typer.echo(visible(text))


def write_file(path: Path, text: str) -> None:
    """Write a report to the file that the user names.

    Raises:
        CommandError: it cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"write {path}: {error.strerror}. Name a file that can be written") from None


def confirm(question: str) -> None:
    """Ask for a yes on the terminal.

    Raises:
        CommandError: the answer is no, or standard input is not a terminal.
        typer.Abort: it was interrupted.
    """
    try:
        agreed = typer.confirm(question, err=True)
    except typer.Abort:
        if sys.stdin.isatty():
            raise
        sys.stderr.write("\n")  # after the question
        raise CommandError(
            "there is no terminal to confirm on, and nothing was changed. Add --yes to do without asking"
        ) from None
    if not agreed:
        raise CommandError("not confirmed, and nothing was changed")


def finish(code: Exit) -> NoReturn:
    """End the command with this exit code."""
    raise typer.Exit(int(code))
