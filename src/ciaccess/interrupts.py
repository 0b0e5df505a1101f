"""Ctrl-C while modules are imported: nothing has begun that would have to be cleaned up.

A KeyboardInterrupt in an import ends in a traceback, or, where the module runs code from a text, in Python's own exit code.
"""

from __future__ import annotations

import os
import signal

from ciaccess.errors import Exit

_STANDARD_ERROR = 2


def end_at_once() -> None:
    """Let Ctrl-C end the process with its message, unless it is ignored, until `raise_again`."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def raise_again() -> None:
    """Let Ctrl-C raise KeyboardInterrupt, if `end_at_once` was called."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(*_: object) -> None:
    os.write(_STANDARD_ERROR, b"interrupted\n")
    os._exit(Exit.ERROR)
