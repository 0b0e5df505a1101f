"""Running a program of many resources on Pulumi's SDK, which is made for some dozens (docs/adr/0013 has the measurements).

Owns three things that cost time with the number of resources, and change nothing of what is declared: the SDK asks the engine
to discard four debug messages a resource, each a call that is waited for; a program that ends before its first
registration has begun makes the SDK wait for all of them in quadratic time; and it registers six at a time.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pulumi

if TYPE_CHECKING:
    from collections.abc import Callable

# Where it is set, somebody looks for a fault, and the engine shows debug messages with --debug.
_LOG = "CIACCESS_LOG"
# As many as the engine works on at once, and some that wait at its door.
_REGISTRATIONS = 32


def run(declare: Callable[[], None]) -> None:
    """Run a program that declares resources; to be called once, by the program itself."""
    if not os.environ.get(_LOG):
        pulumi.log.debug = _discard

    async def program() -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(_REGISTRATIONS, thread_name_prefix="registration"))
        declare()
        # Every registration begins, so that the SDK sees what to wait for.
        await asyncio.sleep(0)

    pulumi.run(program)


def _discard(*_: object, **__: object) -> None:
    """Take a debug message, and leave it at that."""
