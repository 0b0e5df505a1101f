"""A network that takes its time: loopback listeners in front of the systems that hold each piece of a request back.

Bytes are forwarded as they are, each piece so many seconds after it came; answers go back at once. So every request takes
longer by that, however it is sent, and those that are under way at the same time wait at the same time. What the proxy itself
costs is measured by tests/bench with a delay of nothing.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping


class LatencyProxy:
    """Listeners for as long as the block lasts, `addresses` by system, as `upstreams` are given: `http://host:port`."""

    def __init__(self, upstreams: Mapping[str, str], delay_seconds: float) -> None:
        self.addresses: dict[str, str] = {}
        self._upstreams = upstreams
        self._delay_seconds = delay_seconds
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> None:
        self._connections: set[asyncio.Transport] = set()
        self._servers: list[asyncio.Server] = []
        for system, url in self._upstreams.items():
            upstream = urlsplit(url)
            place = (upstream.hostname or "", upstream.port or 80)
            server = await self._loop.create_server(partial(self._caller, place), "127.0.0.1", 0)
            self._servers.append(server)
            self.addresses[system] = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    def _caller(self, place: tuple[str, int]) -> _Caller:
        return _Caller(self._loop, place, self._delay_seconds, self._connections)

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        for connection in list(self._connections):
            connection.abort()
        await asyncio.sleep(0)  # lets go of the connections


class _Caller(asyncio.Protocol):
    """The side of who asks: what comes goes on late, in the order in which it came."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        place: tuple[str, int],
        delay_seconds: float,
        connections: set[asyncio.Transport],
    ) -> None:
        self._loop = loop
        self._place = place
        self._delay_seconds = delay_seconds
        self._connections = connections
        self._waiting: deque[bytes] = deque()
        self._system: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._caller = transport
        self._connections.add(transport)  # type: ignore[arg-type] # of a stream it is one
        self._connecting = self._loop.create_task(self._connect())

    async def _connect(self) -> None:
        try:
            self._system, _ = await self._loop.create_connection(
                lambda: _System(self._caller, self._connections), *self._place
            )
        except OSError:
            self._caller.close()
        else:
            if self._caller.is_closing():
                self._system.close()

    def data_received(self, data: bytes) -> None:
        self._waiting.append(data)
        self._loop.call_later(self._delay_seconds, self._forward)

    def _forward(self) -> None:
        if self._system is None and not self._connecting.done():
            self._connecting.add_done_callback(lambda _: self._forward())
        elif self._system is not None and self._waiting:
            self._system.write(self._waiting.popleft())

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._connections.discard(self._caller)
        if self._system is not None:
            self._system.close()


class _System(asyncio.Protocol):
    """The side of the system: what it answers goes back at once."""

    def __init__(self, caller: asyncio.BaseTransport, connections: set[asyncio.Transport]) -> None:
        self._caller = caller
        self._connections = connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._connections.add(transport)  # type: ignore[arg-type] # of a stream it is one

    def data_received(self, data: bytes) -> None:
        self._caller.write(data)  # type: ignore[attr-defined] # as above

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._connections.discard(self._transport)
        self._caller.close()
