from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from tests.support.servers.gitlab import GitlabProcess, start_gitlab
from tests.support.servers.nexus import NexusProcess, start_nexus
from tests.support.servers.real_nexus import RealNexus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def nexus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NexusProcess | RealNexus]:
    """Return a Nexus of this file, with a context path as some have one, and a raw repository `files`.

    It is the simulator, or with `make test-nexus` the real one, which is left as it was.
    """
    if RealNexus.is_wanted():
        with RealNexus.borrowed() as real:
            real.add_repository("raw", "files")
            yield real
        return
    process = start_nexus(tmp_path_factory.mktemp("nexus"), context_path="/nexus")
    process.add_repository("raw", "files")
    yield process
    process.stop()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[NexusProcess]:
    """Return a Nexus simulator of the test's own, for what would disturb others."""
    process = start_nexus(tmp_path)
    yield process
    process.stop()


@pytest.fixture(scope="session")
def premium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitlabProcess]:
    """Return a GitLab (Premium) that many files share; each uses names of its own."""
    process = start_gitlab(tmp_path_factory.mktemp("premium"), tier="premium")
    yield process
    process.stop()


@pytest.fixture
def unique() -> str:
    """Return a name that no other test uses."""
    return f"t{uuid.uuid4().hex[:10]}"
