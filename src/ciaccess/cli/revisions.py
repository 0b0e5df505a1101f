"""A file, and what access.yaml declared, at a git revision; the work tree is not changed."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ciaccess.access import Access, ConfigError, load
from ciaccess.engine.settings import StackSettings, StackSettingsError
from ciaccess.errors import CommandError


class RefusedThenError(CommandError):
    """The YAML of then has faults by the rules of today."""


def declared_at(revision: str, file: Path, addresses: Mapping[str, str]) -> Access:
    """Return what an access.yaml declared at a revision, with a stack's addresses.

    Raises:
        RefusedThenError: it has faults; every one is in the text.
        CommandError: there is no such revision here, or the file was not there then.
    """
    with _copy_at(revision, file) as copy:
        try:
            return load(copy, addresses)
        except ConfigError as error:
            raise RefusedThenError(
                f"compare with {revision!r}: the YAML of then is refused. {error}"
            ) from None


def settings_at(revision: str, stack: str, file: Path, now: StackSettings) -> StackSettings:
    """Return a stack's settings at a revision, `now` where they did not exist or were invalid."""
    try:
        with _copy_at(revision, file) as copy:
            return StackSettings.of_stack(stack, copy)
    except (CommandError, StackSettingsError, ConfigError):
        return now


@contextmanager
def _copy_at(revision: str, file: Path) -> Iterator[Path]:
    """Yield a copy of a file as it was at a revision; raises as `content_at` does."""
    content = content_at(revision, file)
    with tempfile.TemporaryDirectory(prefix="ciaccess-") as scratch:
        copy = Path(scratch) / file.name
        copy.write_bytes(content)
        yield copy


def content_at(revision: str, file: Path) -> bytes:
    """Return a file's content at a revision: a commit, branch, tag, or what else git takes for one.

    Raises:
        CommandError: the file is not in a checkout, or there is no such revision here, or it was not there then.
    """
    folder = file.resolve().parent
    if _output(folder, "rev-parse", "--git-dir") is None:
        raise CommandError(
            f"look up revision {revision!r}: {folder} is not in a git checkout. Name a file of a checkout"
        )
    commit = _output(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if commit is None:
        raise CommandError(
            f"look up revision {revision!r}: git does not know it here. Fetch it first, such as: git fetch origin main"
        )
    found = _output(folder, "show", f"{commit.decode().strip()}:./{file.name}")
    if found is None:
        raise CommandError(f"read {file.name} of {revision!r}: it was not there then. Name a later revision")
    return found


def git(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    """Run git in a folder.

    Raises:
        CommandError: git is not installed.
    """
    try:
        return subprocess.run(  # noqa: S603 our own words, and a revision behind --end-of-options
            ["git", "-C", str(folder), *words],  # noqa: S607 the system's git
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        raise CommandError("run git: it is not on PATH. Install git") from None


def _output(folder: Path, *words: str) -> bytes | None:
    """Return what git prints, None where it fails."""
    done = git(folder, *words)
    return None if done.returncode else done.stdout
