"""A line of progress per step with its time, updated on a terminal, repeated in a log.

Steps may run at once: a terminal shows those under way in one line, below those that are done.
"""

from __future__ import annotations

import shutil
import sys
import threading
import time
from types import TracebackType
from typing import Self

_LOG_INTERVAL_SECONDS = 30.0
_TERMINAL_INTERVAL_SECONDS = 0.5
_lock = threading.RLock()
_under_way: list[Step] = []


def format_duration(seconds: float) -> str:
    """Return a duration as people read it: `4.2 s`, `3 min 07 s`."""
    if seconds < 60:  # noqa: PLR2004 a minute
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"


def print_remark(text: str) -> None:
    """Print a line of its own beside the steps under way."""
    with _lock:
        clear = "\r\x1b[K" if _under_way and sys.stderr.isatty() else ""
        sys.stderr.write(f"{clear}  {text}\n")
        sys.stderr.flush()


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
        with _lock:
            _under_way.append(self)
        self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._ticker.join()
        with _lock:
            _under_way.remove(self)
            line = self._line("failed after" if kind else "done in")
            sys.stderr.write(f"\r\x1b[K{line}\n" if self._terminal else f"{line}\n")
            self._show_under_way()

    def _tick(self) -> None:
        interval = _TERMINAL_INTERVAL_SECONDS if self._terminal else _LOG_INTERVAL_SECONDS
        if not self._terminal:
            sys.stderr.write(f"  {self._title} …\n")
            sys.stderr.flush()
        while not self._done.wait(interval):
            with _lock:
                if self._terminal:
                    self._show_under_way()
                else:
                    sys.stderr.write(f"{self._line('')}\n")
                    sys.stderr.flush()

    def _line(self, state: str) -> str:
        words = [self._title, state, format_duration(time.monotonic() - self._started)]
        return "  " + " ".join(word for word in words if word) + (f" · {self._note}" if self._note else "")

    def _short_line(self, characters: int) -> str:
        """Return the line, or what fits of its title and the time."""
        line = self._line("")
        if len(line) <= characters:
            return line
        duration = format_duration(time.monotonic() - self._started)
        return f"  {self._title[: max(0, characters - len(duration) - 4)]}… {duration}"

    def _show_under_way(self) -> None:
        if self._terminal and _under_way:
            share = (shutil.get_terminal_size().columns - 1) // len(_under_way)
            text = "".join(step._short_line(share) for step in _under_way)  # noqa: SLF001 of this class
            sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()
