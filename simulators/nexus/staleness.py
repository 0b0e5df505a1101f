"""A clustered Nexus: for some seconds a read of the REST API is answered from before a write.

What was is kept as a copy of the state, made before each write, and opened when somebody asks for it. Logins are judged by
the copy as well. Writes, and content, are always those of now.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulators.shared.controls import Application, Receive, Scope, Send

_READING = ("GET", "HEAD", "OPTIONS")


class _Past:
    """The state as it was before a write."""

    def __init__(self, copy: Callable[[Path], None]) -> None:
        self.until = time.monotonic()
        self.folder = tempfile.TemporaryDirectory(prefix="nexus-before-a-write-")
        self.application: Application | None = None
        copy(Path(self.folder.name))


class Staleness:
    """How stale reads are: `seconds` is 0 for the truth. `copy` writes the state of now, `reopen` answers from a copy."""

    def __init__(self, copy: Callable[[Path], None], reopen: Callable[[Path], Application]) -> None:
        self.seconds = 0.0
        self._copy = copy
        self._reopen = reopen
        self._pasts: list[_Past] = []

    def around(self, application: Application, api_path: str) -> Application:
        """Return the application, its reads below this path as stale as is wanted."""

        async def answering(scope: Scope, receive: Receive, send: Send) -> None:
            answer = application
            if scope["type"] == "http" and scope["path"].startswith(api_path):
                self._forget()
                if scope["method"] in _READING:
                    answer = self._before() or application
                elif self.seconds:
                    self._pasts.append(_Past(self._copy))
            await answer(scope, receive, send)

        return answering

    def _forget(self) -> None:
        """Let go of what nobody may see any more."""
        horizon = time.monotonic() - self.seconds
        while self._pasts and self._pasts[0].until <= horizon:
            self._pasts.pop(0).folder.cleanup()

    def _before(self) -> Application | None:
        """Return what answers as things stood before the oldest write that is still to be seen by nobody."""
        if not self._pasts:
            return None
        past = self._pasts[0]
        if past.application is None:
            past.application = self._reopen(Path(past.folder.name))
        return past.application
