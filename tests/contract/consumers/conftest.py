from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.consumers.vault_replies import willing_vault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers.scripted_server import ScriptedServer


@pytest.fixture
def vault() -> Iterator[ScriptedServer]:
    """A Vault in which all is well, until a test has it answer otherwise."""
    with willing_vault() as server:
        yield server
