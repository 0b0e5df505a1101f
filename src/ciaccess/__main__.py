"""`python -m ciaccess`, which is what `./ciaccess` runs."""

from __future__ import annotations

import sys

from ciaccess.interrupts import end_at_once

if __name__ == "__main__":
    end_at_once()
    from ciaccess.cli.application import main, run

    sys.exit(run(main))
