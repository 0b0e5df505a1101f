from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import gitlab
import pytest
import requests

from tests.support.servers.gitlab import GitlabProcess, start_gitlab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Ask = Callable[..., requests.Response]


@pytest.fixture(scope="session")
def free(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitlabProcess]:
    process = start_gitlab(tmp_path_factory.mktemp("free"))
    yield process
    process.stop()


@pytest.fixture
def group_path() -> str:
    """Return the path of a group that no other test uses."""
    return f"group-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def place(free: GitlabProcess, group_path: str) -> str:
    """Return the path of a new group on `free`; it holds the project `project`, whose main is protected."""
    plant(free, group_path)
    return group_path


@pytest.fixture
def premium_place(premium: GitlabProcess, group_path: str) -> str:
    """Return the path of a new group on `premium`, with the same project."""
    plant(premium, group_path)
    return group_path


def plant(process: GitlabProcess, group_path: str) -> None:
    process.seed(
        groups=[{"path": group_path}],
        projects=[{"path": f"{group_path}/project", "protected_branches": ["main"]}],
    )


@pytest.fixture
def client() -> Iterator[Callable[..., gitlab.Gitlab]]:
    """Return a maker of python-gitlab clients: root's, or those of the credentials given."""
    made: list[gitlab.Gitlab] = []

    def make(process: GitlabProcess, **credentials: Any) -> gitlab.Gitlab:
        made.append(gitlab.Gitlab(process.url, **(credentials or {"private_token": process.root_token})))
        return made[-1]

    yield make
    for each in made:
        each.session.close()


@pytest.fixture
def ask() -> Ask:
    """Return a function that sends one bare request: `ask(process, method, path, token=…, **options)`."""

    def send(
        process: GitlabProcess, method: str, path: str, token: str | None = None, **options: Any
    ) -> requests.Response:
        headers = {"PRIVATE-TOKEN": token or process.root_token} | options.pop("headers", {})
        return requests.request(method, f"{process.url}/api/v4{path}", headers=headers, timeout=60, **options)

    return send
