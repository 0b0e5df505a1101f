from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.servers.nexus import NexusProcess, start_nexus
from tests.support.servers.simulator import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NexusProcess]:
    """Return a simulator that a file's tests share; each uses names of its own."""
    process = start_nexus(tmp_path_factory.mktemp("shared"))
    yield process
    process.stop()


@pytest.fixture
def unused_port() -> int:
    """Return a port that nobody listens on."""
    return free_port()
