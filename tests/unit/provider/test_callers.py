"""The plugin's port: whose process calls it."""

from __future__ import annotations

import os
import socket
from typing import Any, NoReturn

import pytest

from ciaccess.provider.callers import Callers
from ciaccess.provider.server import CiaccessProvider
from ciaccess.provider.servicer import Servicer


class _Context:
    def __init__(self, peer: str) -> None:
        self._peer = peer

    def peer(self) -> str:
        return self._peer

    def abort(self, code: Any, details: str) -> NoReturn:
        raise PermissionError(f"{code.name}: {details}")


def test_a_connection_of_another_user_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as own,
    ):
        peer = f"ipv4:127.0.0.1:{own.getsockname()[1]}"
        callers, others = Callers(), Callers()
        callers.port = others.port = server.getsockname()[1]
        assert callers.is_same_user(peer)
        assert not callers.is_same_user("ipv4:127.0.0.1:1"), "there is no such connection"
        another = os.getuid() + 1
        monkeypatch.setattr(os, "getuid", lambda: another)
        assert not others.is_same_user(peer)


def test_a_call_of_another_user_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    callers = Callers()
    monkeypatch.setattr(callers, "is_same_user", lambda peer: peer != "theirs")
    provider = CiaccessProvider()
    servicer: Any = Servicer(provider, callers)
    with pytest.raises(
        PermissionError, match="PERMISSION_DENIED: this plugin answers only the user that runs it"
    ):
        servicer.GetPluginInfo(None, _Context("theirs"))
    assert servicer.GetPluginInfo(None, _Context("ours")).version
    provider.close()
