"""Running a program with many resources on Pulumi's SDK (measurements: docs/adr/0013).

Announces the stack to the engine, where the plugin asks for it (provider/owner): an entry of the state may be forged.

And owns four things that cost time with the number of resources, and change nothing of what is declared: the SDK asks the
engine to discard four debug messages a resource, each a call that is waited for; a program that ends before its first
registration has begun makes the SDK wait for all of them in quadratic time; it registers six at a time; and Python
searches all objects for garbage again and again, which a program that keeps what it makes has little of.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env
from pulumi.runtime.proto import EngineStub, SetRootResourceRequest
from pulumi.runtime.settings import get_engine

E = TypeVar("E", bound=Exception)
# Where it is set, a fault is being searched, and the engine shows debug messages with --debug.
_LOG = "CIACCESS_LOG"
# New objects before the next search for garbage; Python's own number is 700.
_NEW_OBJECTS = 50_000
# As many as the engine works on at once, and some that wait at its door.
_REGISTRATIONS = 32


def run(declare: Callable[[], None], refusal: type[E], record: Callable[[E], None]) -> None:
    """Run a program that declares resources; to be called once, by the program itself.

    A `refusal`, which a user can mend, ends the run with its one line, and is recorded.
    """
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS)
    if not os.environ.get(_LOG):
        pulumi.log.debug = _discard
    # So the engine ends a program of whose resources one has failed; a traceback of the SDK would bury why.
    signal.signal(signal.SIGINT, _end)

    async def program() -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(_REGISTRATIONS, thread_name_prefix="registration"))
        _announce_stack()
        try:
            declare()
        except refusal as error:
            record(error)
            raise pulumi.RunError(str(error)) from None
        # Every registration begins, so that the SDK sees what to wait for.
        await asyncio.sleep(0)

    pulumi.run(program)


def own_config(own: str) -> dict[str, str | None]:
    """Return the stack's settings of a namespace, such as `ciaccess:`.

    `pulumi.Config` does not list unknown ones.
    """
    config = pulumi.Config(own.removesuffix(":"))
    names = {**get_config_env(), **CONFIG.get()}
    return {
        key: config.get(key) for key in (name.removeprefix(own) for name in names if name.startswith(own))
    }


def _announce_stack() -> None:
    project, stack = pulumi.get_project(), pulumi.get_stack()
    urn = f"urn:pulumi:{stack}::{project}::pulumi:pulumi:Stack::{project}-{stack}"
    engine = get_engine()
    if isinstance(engine, EngineStub):  # the SDK's mock has no root
        engine.SetRootResource(SetRootResourceRequest(urn=urn))


def _discard(*_: object, **__: object) -> None:
    """Take a debug message, and leave it at that."""


def _end(*_: object) -> None:
    """End at once: a program has nothing to put away."""
    os._exit(1)
