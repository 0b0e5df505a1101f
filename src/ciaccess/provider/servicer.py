"""The gRPC end of the plugin: every failure becomes one clean line, and nothing else is ever printed.

What is a fault of ours says so. Tracebacks go to the log alone: CIACCESS_LOG names its file, and secrets are concealed in
it. The SDK's own servicer (pulumi.provider.experimental) is not used: docs/adr/0013 says why.
"""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING, Any

import grpc  # type: ignore[import-untyped] # the SDK brings it, without stubs
import grpc.aio  # type: ignore[import-untyped] # the same
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import provider_pb2_grpc

from ciaccess.clients.credentials import CredentialsError
from ciaccess.clients.errors import ApiError, one_line, origin
from ciaccess.clients.redaction import RedactingFilter
from ciaccess.provider.kinds.kind import KindError
from ciaccess.provider.server import CiaccessProvider

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

LOG = logging.getLogger("ciaccess.provider")
LOG_FILE = "CIACCESS_LOG"
_EXPECTED = (ApiError, CredentialsError, KindError)
_MOST_CHARACTERS = 2000
_PARENT_SECONDS = 1.0
# What the engine may call, and the provider's method for it.
_ANSWERED = {
    "Cancel": "cancel",
    "Check": "check",
    "CheckConfig": "check_config",
    "Configure": "configure",
    "Create": "create",
    "Delete": "delete",
    "Diff": "diff",
    "DiffConfig": "diff_config",
    "GetPluginInfo": "get_plugin_info",
    "Read": "read",
    "Update": "update",
}
_NOT_OFFERED = (
    "Attach",
    "Call",
    "Construct",
    "GetMapping",
    "GetMappings",
    "GetSchema",
    "Handshake",
    "Invoke",
    "List",
    "Parameterize",
)


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """Hands each call to the provider, and turns every failure into one line."""

    def __init__(self, provider: CiaccessProvider) -> None:
        self._provider = provider


def _answered(name: str, method: str) -> Callable[..., Awaitable[Any]]:
    async def answer(self: Servicer, request: Any, context: grpc.aio.ServicerContext) -> Any:
        try:
            return await getattr(self._provider, method)(request)
        except Exception as error:  # noqa: BLE001 whatever it is, the user gets one line
            failure = error
        LOG.debug("%s failed", name, exc_info=failure)
        await context.abort(grpc.StatusCode.UNKNOWN, message(name, failure))
        raise AssertionError  # abort does not return

    return answer


def _not_offered(name: str) -> Callable[..., Awaitable[Any]]:
    async def method(self: Servicer, request: Any, context: grpc.aio.ServicerContext) -> Any:
        del self, request
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, f"ciaccess has no {name}")

    return method


for _name, _method in _ANSWERED.items():
    setattr(Servicer, _name, _answered(_name, _method))
for _name in _NOT_OFFERED:
    setattr(Servicer, _name, _not_offered(_name))


def message(verb: str, error: BaseException) -> str:
    """Return an error as one line without secrets. Of one that is not foreseen, no text is shown: it may hold anything."""
    if isinstance(error, _EXPECTED):
        line = one_line(str(error), _MOST_CHARACTERS)
        return line if line.endswith((".", "?")) else f"{line}."
    return (
        f"{verb.lower()}: a fault of ciaccess itself ({origin(error)}). Run again with {LOG_FILE}=<file> in "
        "the environment, and report it with what that file says."
    )


def start_logging() -> None:
    """Log to the file that CIACCESS_LOG names, readable by its owner alone; without it, nowhere."""
    root = logging.getLogger()
    root.addHandler(logging.NullHandler())  # else warnings of gRPC go to stderr, which the engine shows
    name = os.environ.get(LOG_FILE)
    if not name:
        return
    try:
        os.close(os.open(name, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
        handler = logging.FileHandler(name, encoding="utf-8")
    except OSError:
        return  # a log that cannot be written is no reason to provision nothing
    handler.addFilter(RedactingFilter())
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)


async def serve(announce: Callable[[int], None]) -> None:
    """Serve on a free port of 127.0.0.1, which is announced once it listens, until the engine is gone."""
    engine = os.getppid()
    provider = CiaccessProvider()
    server = grpc.aio.server(options=_GRPC_CHANNEL_OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(provider), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    announce(port)
    ending = asyncio.create_task(_end_with(engine, server))
    try:
        await server.wait_for_termination()
    finally:
        ending.cancel()
        provider.close()
        await server.stop(grace=None)  # else gRPC complains that its event loop is closed


async def _end_with(engine: int, server: grpc.aio.Server) -> None:
    """End the server when the engine is gone: one that was killed cannot end its plugins."""
    while os.getppid() == engine:  # noqa: ASYNC110 nothing tells when a parent has ended
        await asyncio.sleep(_PARENT_SECONDS)
    await server.stop(grace=None)
