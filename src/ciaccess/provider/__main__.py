"""The plugin's process, which the engine starts: `pulumi-resource-ciaccess <engine's address>`."""

from __future__ import annotations

import contextlib
import sys

from ciaccess.provider.servicer import serve, start_logging


def _announce(port: int) -> None:
    # The engine reads the port from the first line; nothing else may ever be printed.
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()


def main() -> None:
    """Serve until the engine stops this process."""
    start_logging()
    with contextlib.suppress(KeyboardInterrupt):
        serve(_announce)


if __name__ == "__main__":
    main()
