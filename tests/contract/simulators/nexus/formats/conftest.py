from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.servers.nexus import NexusProcess, start_nexus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Account = tuple[str, str]


@pytest.fixture(scope="module")
def nexus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NexusProcess]:
    """Yield a simulator of this file's own."""
    process = start_nexus(tmp_path_factory.mktemp("nexus"))
    yield process
    process.stop()


@pytest.fixture(scope="module")
def account(nexus: NexusProcess) -> Callable[..., Account]:
    """Return a maker of users that may do some actions in some repositories, and nothing else.

    `account("pusher", "raw", "raw-dev", "read", "edit")`; several repositories have commas between them.
    """

    def make(user_id: str, format_: str, repositories: str, *actions: str) -> Account:
        privileges = [
            f"nx-repository-view-{format_}-{repository}-{action}"
            for repository in repositories.split(",")
            for action in actions
        ]
        nexus.add_role(user_id, *privileges)
        return nexus.add_user(user_id, user_id)

    return make


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs a program with a home of its own and no settings of this machine's user."""

    def run_program(
        *words: str, cwd: Path | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            cwd=cwd or tmp_path,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "XDG_RUNTIME_DIR": str(tmp_path),
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run_program
