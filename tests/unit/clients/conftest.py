from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from ciaccess.clients import redaction
from ciaccess.clients.http.session import HttpOptions, Session
from ciaccess.clients.nexus import Nexus
from tests.support.servers.scripted_server import Reply, ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Iterator

# What the rest of the machine may take, where a test only shows that there is a bound.
SLACK_SECONDS = 5.0
QUICK = HttpOptions(
    connect_seconds=1.0, read_seconds=0.5, down_seconds=2.0, total_seconds=2.0, backoff_seconds=0.01
)

OK = Reply(200, b"{}", "application/json")


@pytest.fixture(autouse=True)
def _own_secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget what other tests have concealed: a secret of one may be a word of another."""
    make = logging.getLogRecordFactory()
    monkeypatch.setattr(redaction, "_secrets", redaction._Secrets())
    yield
    logging.setLogRecordFactory(make)


@pytest.fixture
def nexus(server: ScriptedServer) -> Iterator[Nexus]:
    each = Nexus(server.url, "admin", "admin-password", options=QUICK)
    yield each
    each.close()


@pytest.fixture
def session(server: ScriptedServer) -> Iterator[Session]:
    each = Session("Nexus", server.url, options=QUICK)
    yield each
    each.close()
