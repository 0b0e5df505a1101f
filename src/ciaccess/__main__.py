"""`python -m ciaccess`, which is what `./ciaccess` runs."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from ciaccess.interrupts import end_at_once

if __name__ == "__main__":
    end_at_once()
    from ciaccess.cli.application import main, run

    code = run(main)
    with suppress(OSError, ValueError):  # the disk is full, and the stream closed, which `run` has reported
        sys.stdout.flush()
    # Python would first free every object: a tenth of the time of a short command.
    os._exit(code)
