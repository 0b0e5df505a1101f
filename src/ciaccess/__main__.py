"""`python -m ciaccess`, which is what `./ciaccess` runs."""

from __future__ import annotations

import sys

from ciaccess.cli.application import main, run

if __name__ == "__main__":
    sys.exit(run(main))
