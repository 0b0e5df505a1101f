"""`python -m simulators.nexus --data DIR --port P`: run the simulator on 127.0.0.1 until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from simulators.nexus.app import FORMATS, Settings, Simulator
from simulators.nexus.connectors import ADDRESS, bind, configure

if TYPE_CHECKING:
    import socket


def main() -> None:
    """Read the arguments, open the data folder and serve."""
    parser = argparse.ArgumentParser(prog="python -m simulators.nexus")
    parser.add_argument("--data", type=Path, required=True, help="folder of all state; made when missing")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--context-path", default="", help="such as /nexus; by default the server's root")
    parser.add_argument("--edition", choices=sorted(FORMATS), default="community")
    parser.add_argument(
        "--admin-password-file",
        type=Path,
        help="file of admin's first password; else one is made in DATA/admin.password",
    )
    arguments = parser.parse_args()
    os.umask(0o077)
    arguments.data.mkdir(parents=True, exist_ok=True)
    file = arguments.admin_password_file
    password = file.read_text(encoding="utf-8").rstrip("\n") if file else ""
    context_path = arguments.context_path.strip("/")
    settings = Settings(arguments.edition, f"/{context_path}" if context_path else "")
    try:
        listener = bind(arguments.port)
    except (OSError, OverflowError) as error:
        sys.exit(f"cannot listen on {ADDRESS}:{arguments.port}: {error}")
    asyncio.run(_serve(Simulator(arguments.data, settings, password), listener))


async def _serve(simulator: Simulator, listener: socket.socket) -> None:
    simulator.connectors.start(simulator.repositories.all())
    await uvicorn.Server(configure(simulator.application())).serve(sockets=[listener])


if __name__ == "__main__":
    main()
