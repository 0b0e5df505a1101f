from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.servers.nexus import NexusProcess

    Account = tuple[str, str]
    # name → attributes of its format, `storage`, and `group` where it is one
    Repositories = dict[str, dict[str, Any]]


@pytest.fixture(scope="module", autouse=True)
def repositories(nexus: NexusProcess, request: pytest.FixtureRequest) -> None:
    """Create the file's REPOSITORIES of its FORMAT."""
    for name, attributes in getattr(request.module, "REPOSITORIES", {}).items():
        nexus.add_repository(
            request.module.FORMAT, name, "group" if "group" in attributes else "hosted", **attributes
        )


@pytest.fixture(scope="module")
def pusher(account: Callable[..., Account], request: pytest.FixtureRequest) -> Account:
    """Return a user that may push to the file's PUSHES."""
    words = ",".join(request.module.PUSHES), "browse", "read", "edit", "add"
    return account(f"{request.module.FORMAT}-pusher", request.module.FORMAT, *words)


@pytest.fixture(scope="module")
def puller(account: Callable[..., Account], request: pytest.FixtureRequest) -> Account:
    """Return a user that may pull from the file's PULLS."""
    words = ",".join(request.module.PULLS), "browse", "read"
    return account(f"{request.module.FORMAT}-puller", request.module.FORMAT, *words)


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
