"""access.yaml as a command takes it: the file or stack that the user names, and its faults as one message."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ciaccess.access import ConfigError, load
from ciaccess.engine.settings import CONFIG_FOLDER, StackSettings, StackSettingsError
from ciaccess.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ciaccess.access import Access

FileOption = Annotated[
    Path | None, typer.Option("--file", help="The YAML. Default: the stack's, or config/access.yaml.")
]
StackOption = Annotated[
    str | None, typer.Option("--stack", help="Take this stack's file and addresses.", show_default=False)
]


def declared(file: Path | None = None, stack: str | None = None) -> Access:
    """Return what is declared.

    Raises:
        CommandError: there is no such stack, or the YAML has faults; every one is in the text.
    """
    try:
        settings = StackSettings.of_stack(stack) if stack else StackSettings(CONFIG_FOLDER / "access.yaml")
    except StackSettingsError as error:
        raise CommandError(str(error)) from None
    return declared_in(file or settings.access_file, settings.addresses)


def declared_in(file: Path, addresses: Mapping[str, str]) -> Access:
    """Return what a file declares with a stack's addresses.

    Raises:
        CommandError: the YAML has faults; every one is in the text.
    """
    try:
        return load(file, addresses)
    except ConfigError as error:
        faults = [fault for fault in error.faults if fault.severity == "error"]
        text = "\n".join(f"  {fault}" for fault in faults)
        raise CommandError(f"read access.yaml: {len(faults)} found. Correct them first:\n{text}") from None
