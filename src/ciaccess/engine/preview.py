"""A preview with refresh, its events read as they come."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ciaccess.clients.could_not_look import CouldNotLook
from ciaccess.engine import pulumi_cli
from ciaccess.engine.events import EventsError, Preview
from ciaccess.engine.failures import Failures
from ciaccess.errors import CiaccessError

_STREAMING = {"PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true"}


class EngineError(CiaccessError):
    """The engine failed. `messages` are redacted; `could_not_look` is what it could not check."""

    def __init__(self, messages: list[str], could_not_look: tuple[CouldNotLook, ...] = ()) -> None:
        super().__init__("\n".join(messages))
        self.messages = messages
        self.could_not_look = could_not_look


def run_preview(stack: str, settings: Path | None, note: Callable[[str], None]) -> Preview:
    """Return what the engine would do to the systems now; `note` is called with the progress.

    Raises:
        EngineError: it failed, or its output has another shape than is known here.
        CommandError: there is no `pulumi` on PATH, or the run was interrupted.
    """
    words = ["preview", "--refresh", "--json", "--stack", stack]
    words += ["--config-file", str(settings)] if settings else []
    found = Preview()

    def take(line: str) -> None:
        found.take(line)
        note(f"{found.refreshed} refreshed, {found.compared} compared")

    with Failures.of_a_run() as failures:
        try:
            ended = pulumi_cli.stream(words, take, {**_STREAMING, **failures.variables})
        except EventsError as error:
            raise EngineError([str(error)]) from None
        if ended.code or not found.succeeded:
            raise EngineError(pulumi_cli.messages([*found.errors, *ended.errors]), failures.could_not_look())
    return found
