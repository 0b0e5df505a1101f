"""access.yaml by the options of a command: a file, or a stack."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ciaccess.access import load
from ciaccess.engine.settings import StackSettings

if TYPE_CHECKING:
    from ciaccess.access import Access

FileOption = Annotated[
    Path | None, typer.Option("--file", help="The YAML. Default: the stack's, or config/access.yaml.")
]
StackOption = Annotated[
    str | None, typer.Option("--stack", help="Take this stack's file and addresses.", show_default=False)
]


def load_access(file: Path | None = None, stack: str | None = None) -> Access:
    """Return what access.yaml declares, of a file or a stack.

    Raises:
        StackSettingsError: there is no such stack.
        ConfigError: the YAML has faults; every one is in the text.
    """
    settings = StackSettings.of_stack(stack) if stack else StackSettings()
    return load(file or settings.access_file, settings.addresses)
