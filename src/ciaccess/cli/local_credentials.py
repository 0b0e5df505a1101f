"""The local stack's credentials for commands that run beside `pulumi`, if none are set."""

from __future__ import annotations

import os
from pathlib import Path

from ciaccess.clients.credentials import is_given
from ciaccess.engine.settings import StackSettings

_CREDENTIALS = ("VAULT_TOKEN", "NEXUS_USERNAME", "NEXUS_PASSWORD", "GITLAB_TOKEN")


def use_local_credentials(stack: str, settings_file: Path | None = None) -> None:
    """Put them into the environment where this is a stack on the local stack's addresses.

    Raises:
        StackSettingsError: there is no such stack.
        StackError: the local stack was never started.
    """
    if any(map(is_given, _CREDENTIALS)):
        return
    if StackSettings.of_stack(stack, settings_file).local:
        from ciaccess.local_stack import stack as local_stack  # noqa: PLC0415 only for the local stack

        os.environ.update(local_stack.environment())
