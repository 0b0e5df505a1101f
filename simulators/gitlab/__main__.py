"""`python -m simulators.gitlab --data DIR --port P`: run the simulator on 127.0.0.1 until it is told to stop."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import uvicorn

from simulators.gitlab.app import Simulator
from simulators.gitlab.call import Settings

_ADDRESS = "127.0.0.1"


def main() -> None:
    """Read the arguments, open the data folder and serve."""
    parser = argparse.ArgumentParser(prog="python -m simulators.gitlab")
    parser.add_argument("--data", type=Path, required=True, help="folder of all state; made when missing")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--external-url", help="the instance's address in links and as issuer")
    parser.add_argument(
        "--root-token-file", type=Path, help="file of root's token; else one is made in DATA/root-token"
    )
    parser.add_argument("--tier", choices=("free", "premium"), default="free")
    arguments = parser.parse_args()
    os.umask(0o077)
    arguments.data.mkdir(parents=True, exist_ok=True)
    token = arguments.root_token_file.read_text(encoding="ascii").strip() if arguments.root_token_file else ""
    external_url = (arguments.external_url or f"http://{_ADDRESS}:{arguments.port}").rstrip("/")
    simulator = Simulator(arguments.data, Settings(external_url, arguments.tier), token)
    uvicorn.run(
        simulator.application(),
        host=_ADDRESS,
        port=arguments.port,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
