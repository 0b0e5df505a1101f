"""Options that several commands have, and access.yaml by them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ciaccess.access import Access

FileOption = Annotated[Path | None, typer.Option("--file", help="Read this YAML in place of access.yaml.")]
StackOption = Annotated[
    str | None, typer.Option("--stack", help="Take this stack's file and addresses.", show_default=False)
]

# Of a command that acts on a stack, or checks one.
LiveStackOption = Annotated[
    str, typer.Option("--stack", envvar=["CIACCESS_STACK", "PULUMI_STACK"], help="The stack.")
]
SettingsOption = Annotated[
    Path | None,
    typer.Option("--config-file", help="The stack's settings. Default: config/Pulumi.<stack>.yaml."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def load_access(file: Path | None = None, stack: str | None = None) -> Access:
    """Return what access.yaml declares, of a file or a stack.

    Raises:
        StackSettingsError: there is no such stack.
        ConfigError: the YAML has faults; every one is in the text.
    """
    from ciaccess.access import load  # noqa: PLC0415 --help does without
    from ciaccess.engine.settings import StackSettings  # noqa: PLC0415 likewise

    settings = StackSettings.of_stack(stack) if stack else StackSettings()
    return load(file or settings.access_file, settings.addresses)
