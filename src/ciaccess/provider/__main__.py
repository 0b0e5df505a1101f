"""The plugin's process, which the engine starts: `pulumi-resource-ciaccess <engine's address>`."""

from __future__ import annotations

import contextlib

from ciaccess.provider.servicer import serve, start_logging


def main() -> None:
    """Serve until the engine stops this process.

    The engine reads the port from the first line of standard output; nothing else may ever be printed.
    """
    start_logging()
    with contextlib.suppress(KeyboardInterrupt):
        serve(lambda port: print(port, flush=True))  # noqa: T201 for the engine


if __name__ == "__main__":
    main()
