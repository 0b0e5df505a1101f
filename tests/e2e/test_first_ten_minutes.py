"""The README's own commands in a copy of the checkout that nobody has set up: what a newcomer meets."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.project.checkout import copy_checkout

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
_FOREIGN = ("PULUMI_", "VAULT_", "NEXUS_", "GITLAB_", "CIACCESS_", "VIRTUAL_ENV", "MAKEFLAGS", "MFLAGS")
pytestmark = pytest.mark.timeout(1200)


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    variables = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return subprocess.run(
        ["make", *words],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of what git would commit, uncommitted edits included, in a folder whose name holds a blank."""
    folder = tmp_path_factory.mktemp("fresh clone")
    copy_checkout(folder)
    yield folder
    make(folder, "clean")


@pytest.fixture(scope="module")
def up(clone: Path) -> subprocess.CompletedProcess[str]:
    return make(clone, "up")


def test_make_up_sets_up_provisions_and_proves_an_account(up: subprocess.CompletedProcess[str]) -> None:
    assert up.returncode == 0, up.stdout + up.stderr
    assert "accepted" in up.stdout
    assert "refused, as expected" in up.stdout
    assert "Try next:" in up.stderr
    assert "Traceback" not in up.stdout + up.stderr


@pytest.mark.usefixtures("up")
def test_make_up_again_changes_nothing(clone: Path) -> None:
    again = make(clone, "up")
    assert again.returncode == 0, again.stdout + again.stderr
    assert re.search(r"\d+ unchanged", again.stdout)
    assert "to create" not in again.stdout
    assert not re.search(r"[1-9]\d* (created|updated|deleted|replaced)", again.stdout)


def test_every_command_to_try_works(clone: Path, up: subprocess.CompletedProcess[str]) -> None:
    commands = re.findall(r"^  (.*?)   ", up.stderr.partition("Try next:\n")[2], re.MULTILINE)
    assert len(commands) > 5
    variables = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    done = subprocess.run(
        ["sh", "-ec", "\n".join(commands)],
        cwd=clone,
        env={**variables, "EDITOR": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.usefixtures("up")
def test_plain_pulumi_works_after_make_env(clone: Path) -> None:
    commands = 'eval "$(make -s env)" && pulumi preview --stack local --refresh --expect-no-changes'
    variables = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    done = subprocess.run(
        ["sh", "-c", commands], cwd=clone, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.usefixtures("up")
def test_make_down_stops_the_stack_and_keeps_its_data(clone: Path) -> None:
    assert make(clone, "down").returncode == 0
    assert (clone / ".ciaccess" / "local" / "vault-token").is_file()
