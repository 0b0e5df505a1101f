"""The plugin's process, which the engine starts: `pulumi-resource-ciaccess <engine's address>`."""

from __future__ import annotations

import contextlib
import os
import signal

from ciaccess.provider.servicer import serve, start_logging


def main() -> None:
    """Serve until the engine stops this process.

    The engine reads the port from the first line of standard output; nothing else may ever be printed.
    """
    # A shell starts its background jobs, and what these start, with the signal ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    start_logging()
    with contextlib.suppress(KeyboardInterrupt):
        serve(lambda port: print(port, flush=True))  # noqa: T201 for the engine
    # The engine waits for the end, and Python would first free every object: 0.1 s of each command.
    os._exit(0)


if __name__ == "__main__":
    main()
