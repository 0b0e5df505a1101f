"""The ports of their own that docker repositories have, on 127.0.0.1: one server a repository, in this process.

A port is bound before its repository is stored and closed when the repository goes, so that a client may use it as
soon as the API has answered, and a port that is taken is an answer, not a surprise.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from simulators.nexus.repositories import Repository
    from simulators.shared.controls import Application

ADDRESS = "127.0.0.1"
SERVER = "Nexus/3.77.0-08 (OSS)"
_BACKLOG = 512
_logger = logging.getLogger("simulators.nexus")


def configure(application: Application) -> uvicorn.Config:
    """Return the settings of every server of this process."""
    return uvicorn.Config(
        application,
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        headers=[("Server", SERVER)],
        timeout_graceful_shutdown=1,
        timeout_keep_alive=30,
    )


def bind(port: int) -> socket.socket:
    """Return a socket that listens on a port.

    Raises:
        OSError: the port is taken, or is none.
        OverflowError: the port is none.
    """
    # Named TCP, or asyncio would leave Nagle's algorithm on, and every other answer would wait 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((ADDRESS, port))
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


class _Server(uvicorn.Server):
    """A server that leaves signals to the main one."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(frozen=True)
class _Connector:
    port: int
    listener: socket.socket
    server: _Server
    task: asyncio.Task[None]


class Connectors:
    """The servers by repository; `application` makes the ASGI application of a repository's name."""

    def __init__(self, application: Callable[[str], Application]) -> None:
        self._application = application
        self._by_repository: dict[str, _Connector] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def start(self, repositories: Iterable[Repository]) -> None:
        """Open every repository's port; one that is taken is logged, and its repository stays without."""
        for repository in repositories:
            try:
                self.set(repository.name, repository.http_port)
            except OSError as error:
                _logger.warning(
                    "no connector for %s on port %s: %s", repository.name, repository.http_port, error
                )

    def set(self, repository: str, port: int | None) -> None:
        """Have a repository's connector on a port, or none.

        Raises:
            OSError: the port is taken; what was before stays.
        """
        old = self._by_repository.get(repository)
        if (old.port if old else None) == port:
            return
        opened = None if port is None else self._open(repository, port)
        if old:
            self._close(self._by_repository.pop(repository))
        if opened:
            self._by_repository[repository] = opened

    def _open(self, repository: str, port: int) -> _Connector:
        listener = bind(port)
        server = _Server(configure(self._application(repository)))
        task = asyncio.get_running_loop().create_task(server.serve(sockets=[listener]))
        return _Connector(port, listener, server, task)

    def _close(self, connector: _Connector) -> None:
        if connector.server.started:
            connector.server.should_exit = True
            for each in connector.server.servers:
                each.close()
        else:
            connector.task.cancel()
        connector.listener.close()
        self._ending.add(connector.task)
        connector.task.add_done_callback(self._ending.discard)
