"""Running Pulumi's engine on a stack: the program `pulumi` of the project's environment, with its own output.

Owns how the engine is called. What it then does is the program's and the plugins'; its exit codes are turned
into ours by the command that called it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import IO, TYPE_CHECKING, Any

from commands.terminal import CommandError
from tools.environment import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def run(
    *words: str, variables: Mapping[str, str] | None = None, quiet: bool = False, aside: bool = False
) -> int:
    """Run `pulumi` with these words in the project's folder and return its exit code.

    `variables` are added to its environment. `quiet` swallows the output unless the engine fails; `aside` sends it to
    standard error, where the output of the command is a result of its own.

    Raises:
        CommandError: there is no `pulumi` on PATH.
    """
    output = subprocess.PIPE if quiet else sys.stderr if aside else None
    done = _call(words, variables, output)
    if quiet and done.returncode:
        raise CommandError(_failure(words, done))
    return done.returncode


def export(stack: str) -> Any:
    """Return a stack's state as JSON, its secrets encrypted.

    Raises:
        CommandError: there is no such stack, or the state backend cannot be read.
    """
    words = ("stack", "export", "--stack", stack)
    done = _call(words, None, subprocess.PIPE)
    if done.returncode:
        raise CommandError(_failure(words, done))
    return json.loads(done.stdout)


def replace(stack: str, state: Any) -> None:
    """Put a state, as `export` returned it, in the place of a stack's own.

    Raises:
        CommandError: somebody holds the stack, or the state backend cannot be written.
    """
    words = ("stack", "import", "--stack", stack)
    done = _call(words, None, subprocess.PIPE, given=json.dumps(state))
    if done.returncode:
        raise CommandError(_failure(words, done))


def _call(
    words: Sequence[str],
    variables: Mapping[str, str] | None,
    output: IO[str] | int | None,
    *,
    given: str = "",
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 our own words
            ["pulumi", *words, "--non-interactive"],  # noqa: S607 the project's environment comes first on PATH
            cwd=ROOT,
            env={**os.environ, **(variables or {})},
            input=given,
            stdout=output,
            stderr=subprocess.PIPE if output == subprocess.PIPE else None,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise CommandError("run pulumi: it is not on PATH. Set the project up: make setup") from None


def _failure(words: Sequence[str], done: subprocess.CompletedProcess[str]) -> str:
    return f"pulumi {words[0]}: {done.stderr.strip() or done.stdout.strip()}"


def ensure_stack(stack: str) -> None:
    """Make the stack's state where it does not exist yet.

    Raises:
        CommandError: the state backend could not be used.
    """
    run("stack", "select", "--create", stack, quiet=True)
