"""Running the engine once, in a preview with refresh, and reading its events as they come."""

from __future__ import annotations

import os
import subprocess
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ciaccess.engine.events import EventsError, Preview
from ciaccess.environment import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_STREAMING = {"PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true"}
_MOST_MESSAGES = 20


class EngineError(Exception):
    """The engine did not come to an end; `messages` are what it said, and may hold more than should be shown."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__("\n".join(messages))
        self.messages = messages


@dataclass(frozen=True)
class Run:
    """What is run: the stack, its settings where they are not in config/, and variables for the engine's environment."""

    stack: str
    settings: Path | None
    variables: Mapping[str, str]


def preview(run: Run, note: Callable[[str], None]) -> Preview:
    """Return what the engine would do to the systems as they are now; `note` is told how far it is.

    Raises:
        EngineError: it failed, there is none, or its output is of another shape than is known here.
    """
    words = ["pulumi", "preview", "--refresh", "--json", "--non-interactive", "--stack", run.stack]
    if run.settings:
        words += ["--config-file", str(run.settings)]
    try:
        engine = subprocess.Popen(  # noqa: S603 our own words
            words,
            cwd=ROOT,
            env={**os.environ, **run.variables, **_STREAMING},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
    except FileNotFoundError:
        raise EngineError(["pulumi is not on PATH. Set the project up: make setup"]) from None
    with engine:
        return _read(engine, note)


def _read(engine: subprocess.Popen[str], note: Callable[[str], None]) -> Preview:
    found = Preview()
    said: list[str] = []
    assert engine.stdout  # noqa: S101 it was asked for above
    assert engine.stderr  # noqa: S101 likewise
    errors = engine.stderr
    listener = threading.Thread(target=lambda: said.extend(errors), daemon=True)
    listener.start()
    try:
        for line in engine.stdout:
            found.take(line)
            note(f"{found.refreshed} looked at, {found.compared} compared")
    except EventsError as error:
        engine.kill()
        raise EngineError([str(error)]) from None
    except BaseException:
        engine.terminate()
        raise
    listener.join()
    if engine.wait() or not found.succeeded:
        raise EngineError(_messages([*found.errors, *said]))
    return found


def _messages(lines: list[str]) -> list[str]:
    """Return what was said, each once and without the engine's own words around it."""
    texts = [line.strip().removeprefix("error: ").strip() for line in lines]
    own = ("an unhandled error occurred: program exited with", "preview failed", "update failed")
    kept = dict.fromkeys(text for text in texts if text and not text.startswith(own))
    return list(kept)[:_MOST_MESSAGES] or ["the engine failed and did not say why"]
