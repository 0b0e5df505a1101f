"""A line of progress per step with its time, updated on a terminal, repeated in a log."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

_LOG_INTERVAL_SECONDS = 30.0
_TERMINAL_INTERVAL_SECONDS = 0.5


def format_duration(seconds: float) -> str:
    """Return a duration as people read it: `4.2 s`, `3 min 07 s`."""
    if seconds < 60:  # noqa: PLR2004 a minute
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"


class Step:
    """A step that shows its start, its progress, and its duration.

    Use as a context manager; `note` sets the text beside the time. A failed step is marked as failed.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._note = ""
        self._started = time.monotonic()
        self._done = threading.Event()
        self._terminal = sys.stderr.isatty()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def note(self, text: str) -> None:
        """Show this beside the time from now on."""
        self._note = text

    def __enter__(self) -> Self:
        self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._ticker.join()
        self._show("failed after" if kind else "done in", "\n")

    def _tick(self) -> None:
        interval = _TERMINAL_INTERVAL_SECONDS if self._terminal else _LOG_INTERVAL_SECONDS
        if not self._terminal:
            sys.stderr.write(f"  {self._title} …\n")
            sys.stderr.flush()
        while not self._done.wait(interval):
            self._show("", "" if self._terminal else "\n")

    def _show(self, state: str, end: str) -> None:
        words = [self._title, state, format_duration(time.monotonic() - self._started)]
        line = "  " + " ".join(word for word in words if word) + (f" · {self._note}" if self._note else "")
        sys.stderr.write(f"\r\x1b[K{line[:150]}{end}" if self._terminal else f"{line}{end}")
        sys.stderr.flush()
