"""Environment variables through which an import or an adoption passes data to the plugin.

A password in an id would be readable in the state and in process lists. The adopted paths concern one run, so they
belong in no state.
"""

from __future__ import annotations

import os
import re

from ciaccess.clients.redaction import conceal
from ciaccess.provider.kinds.kind import KindError

# API paths separated by blanks, set only by `./ciaccess adopt`: existing objects that belong to the stack.
ADOPTED = "CIACCESS_ADOPTED"
REFERENCE = r"env:([A-Za-z_][A-Za-z0-9_]*)"


def password_for_import(noun: str, reference: str) -> str:
    """Return the password in the environment variable that `env:<NAME>` names.

    Raises:
        KindError: the reference is invalid, or the variable is not set.
    """
    found = re.fullmatch(REFERENCE, reference)
    if not found:
        raise KindError(
            f"import {noun}: the reference to the password is invalid. Write env:<NAME>, where NAME is an environment "
            "variable with the password. Never write the password itself there: ids are not encrypted"
        )
    value = os.environ.get(found[1])
    if not value:
        raise KindError(
            f"import {noun}: the environment variable {found[1]} is not set. Set it to the password"
        )
    conceal(value)
    return value


def adopted_paths() -> frozenset[str] | None:
    """Return the API paths that the stack has adopted, None outside an adoption."""
    value = os.environ.get(ADOPTED)
    return None if value is None else frozenset(value.split())
