"""A real browser, Chromium without a window, driven by its DevTools protocol over a pipe: keys, media and screenshots."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PROGRAM = "chromium-headless-shell"
_KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, "Backspace": 8, "/": 191}
_TYPED = {"Enter": "\r", "/": "/"}


@dataclass
class Browser:
    """One tab. Evaluates expressions as scripts of the tester's, which no content security policy concerns."""

    _commands: IO[bytes]
    _answers: IO[bytes]
    _session: str = ""
    _number: int = 0

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command; return its result."""
        self._number += 1
        session = {"sessionId": self._session} if self._session else {}
        message = {"id": self._number, "method": method, "params": parameters, **session}
        self._commands.write(json.dumps(message).encode() + b"\0")
        self._commands.flush()
        while (answer := self._next()).get("id") != self._number:
            pass
        assert "error" not in answer, answer
        return dict(answer["result"])

    def attach(self) -> None:
        """Open the tab."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.ask("Page.enable")

    def open(self, path: Path, width: int = 1280, height: int = 900) -> None:
        """Show a file, and wait until it is loaded."""
        self.resize(width, height)
        self.ask("Page.navigate", url=path.as_uri())
        while self._next().get("method") != "Page.loadEventFired":
            pass

    def resize(self, width: int, height: int = 900) -> None:
        """Give the page a size in CSS pixels."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.ask("Emulation.setDeviceMetricsOverride", **size)

    def look(self, scheme: str) -> None:
        """Prefer light or dark."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.ask("Emulation.setEmulatedMedia", features=features)

    def press(self, *keys: str) -> None:
        """Press keys, or type texts."""
        for key in keys:
            if key in _KEYS:
                code = {"key": key, "windowsVirtualKeyCode": _KEYS[key]}
                text = {"text": _TYPED[key]} if key in _TYPED else {}
                self.ask("Input.dispatchKeyEvent", type="keyDown", **code, **text)
                self.ask("Input.dispatchKeyEvent", type="keyUp", **code)
            else:
                self.ask("Input.insertText", text=key)

    def value(self, expression: str) -> Any:
        """Return the value of an expression."""
        found = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def screenshot(self, path: Path) -> None:
        """Write what is in view as PNG."""
        path.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot")["data"]))

    def _next(self) -> dict[str, Any]:
        message = bytearray()
        while (byte := self._answers.read(1)) != b"\0":
            assert byte, "the browser ended"
            message += byte
        return dict(json.loads(message))


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """Start it, with its profile in a folder."""
    program = shutil.which(_PROGRAM)
    assert program, f"{_PROGRAM} is not installed: tools/programs.py names its package"
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    words = [
        "--no-sandbox",
        "--disable-gpu",
        "--remote-debugging-pipe",
        f"--user-data-dir={folder / 'profile'}",
    ]
    # The protocol's pipes are the descriptors 3 and 4.
    shell = f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}'
    process = subprocess.Popen(
        ["bash", "-c", shell, program, *words],
        pass_fds=(theirs_in, theirs_out),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(folder)},
    )
    os.close(theirs_in)
    os.close(theirs_out)
    with os.fdopen(ours_out, "wb") as commands, os.fdopen(ours_in, "rb") as answers:
        try:
            tab = Browser(commands, answers)
            tab.attach()
            yield tab
        finally:
            process.terminate()
            process.wait(30)
