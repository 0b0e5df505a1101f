from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.access.access import GOOD, valid
from tests.support.access.organisation import organisation
from tests.support.servers.scripted_server import ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ciaccess.access import Access


@pytest.fixture(scope="module")
def access() -> Access:
    """Return the access of the organisation's access.yaml."""
    return organisation()


@pytest.fixture
def small_access(tmp_path: Path) -> Access:
    """Return the access of a small access.yaml with one of each thing."""
    return valid(tmp_path, GOOD)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """Return a server that answers as the test says."""
    with ScriptedServer() as scripted:
        yield scripted
