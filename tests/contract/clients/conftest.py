from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ciaccess.clients.nexus import HttpOptions, Nexus
from tests.support.servers.nexus import ADMIN, NexusProcess, start_nexus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="module", params=["", "/nexus"], ids=["root", "context path"])
def simulator(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NexusProcess]:
    process = start_nexus(tmp_path_factory.mktemp("nexus"), context_path=request.param)
    process.add_repository("raw", "files")
    yield process
    process.stop()


@pytest.fixture
def connect(simulator: NexusProcess) -> Iterator[Callable[..., Nexus]]:
    """Return a maker of clients: the administrator's, or those of the name and password given."""
    made: list[Nexus] = []

    def make(user_id: str = ADMIN, password: str = simulator.admin_password) -> Nexus:
        made.append(Nexus(simulator.url, user_id, password, options=HttpOptions(backoff_seconds=0.02)))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def client(connect: Callable[..., Nexus]) -> Nexus:
    return connect()
