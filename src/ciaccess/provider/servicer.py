"""The gRPC end of the plugin: every failure becomes one line, and nothing else is printed.

An internal error is reported as one. Tracebacks go only to the file that CIACCESS_LOG names, with secrets redacted.
docs/adr/0013 explains why the SDK's own servicer (pulumi.provider.experimental) is not used.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc  # type: ignore[import-untyped] # the SDK brings it, without stubs

from ciaccess.clients.errors import one_line, origin, printable
from ciaccess.clients.redaction import RedactingFilter
from ciaccess.engine.failures import record
from ciaccess.errors import CiaccessError
from ciaccess.provider.callers import Callers
from ciaccess.provider.protocol import CHANNEL_OPTIONS, provider_pb2_grpc
from ciaccess.provider.server import CiaccessProvider

LOG = logging.getLogger("ciaccess.provider")
LOG_FILE = "CIACCESS_LOG"
_STRANGER = "this plugin answers only the user that runs it"
_MOST_CHARACTERS = 2000
_PARENT_SECONDS = 1.0
# More than the provider lets work at once: a Cancel waits behind none of them.
_MOST_THREADS = 64


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """Passes each call to the provider, and turns every failure into one line."""

    def __init__(self, provider: CiaccessProvider, callers: Callers) -> None:
        self._provider = provider
        self._callers = callers


def _handler(name: str) -> Callable[..., Any]:
    """Return the method for a call of the engine: the provider's of this name, or a refusal."""
    method = re.sub(r"(?<=.)(?=[A-Z])", "_", name).lower()

    def answer(self: Servicer, request: Any, context: grpc.ServicerContext) -> Any:
        if not self._callers.is_same_user(context.peer()):
            context.abort(grpc.StatusCode.PERMISSION_DENIED, _STRANGER)
        if not hasattr(self._provider, method):
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"ciaccess has no {name}")
        try:
            return getattr(self._provider, method)(request)
        except Exception as error:  # noqa: BLE001 any failure becomes one line for the user
            failure = error
        if isinstance(failure, CiaccessError):
            record(failure)
        LOG.debug("%s failed", name, exc_info=failure)
        context.abort(grpc.StatusCode.UNKNOWN, message(name, failure))
        raise AssertionError  # abort does not return

    return answer


for _name in vars(provider_pb2_grpc.ResourceProviderServicer):
    if not _name.startswith("_"):
        setattr(Servicer, _name, _handler(_name))


def message(verb: str, error: BaseException) -> str:
    """Return an error as one line without secrets; the text of an unexpected error is not shown."""
    if isinstance(error, CiaccessError):
        line = one_line(str(error), _MOST_CHARACTERS)
        return line if line.endswith((".", "?")) else f"{line}."
    return (
        f"{verb.lower()}: internal error of ciaccess ({origin(error)}). Run again with {LOG_FILE}=<file> in "
        "the environment, and report it with that file."
    )


class _OneLineFormatter(logging.Formatter):
    """Writes a message on one line, without control characters: parts of it come from servers."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return printable(super().formatMessage(record))


def start_logging() -> None:
    """Log to the file that CIACCESS_LOG names, readable only by its owner; otherwise not at all."""
    root = logging.getLogger()
    root.addHandler(logging.NullHandler())  # else gRPC's warnings go to stderr, which the engine shows
    name = os.environ.get(LOG_FILE)
    if not name:
        return
    try:
        os.close(os.open(name, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
        handler = logging.FileHandler(name, encoding="utf-8")
    except OSError:
        return  # a log that cannot be written must not stop the run
    handler.addFilter(RedactingFilter())
    handler.setFormatter(_OneLineFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)


def serve(announce: Callable[[int], None]) -> None:
    """Serve on a free port of 127.0.0.1 until the engine exits; announce the port when listening."""
    engine = os.getppid()
    provider = CiaccessProvider()
    threads = ThreadPoolExecutor(_MOST_THREADS, thread_name_prefix="request")
    server = grpc.server(threads, options=CHANNEL_OPTIONS)
    callers = Callers()
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(provider, callers), server)
    callers.port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    announce(callers.port)
    try:
        # A killed engine cannot stop its plugins, and there is no event for the exit of a parent.
        while os.getppid() == engine:
            time.sleep(_PARENT_SECONDS)
    finally:
        server.stop(grace=None)
        threads.shutdown()  # requests in progress end
        provider.close()
