"""What an adoption hands to the plugin in its environment, because ids and inputs are not the place for it.

A password in an id would stand in the state and in process lists. Which paths are being adopted is true for one run, and
no state of anything.
"""

from __future__ import annotations

import os
import re

from ciaccess.clients.redaction import conceal
from ciaccess.provider.kinds.kind import KindError

# API paths separated by blanks, set by `./ciaccess adopt` alone: the stack's own although they exist.
ADOPTED = "CIACCESS_ADOPTED"
REFERENCE = r"env:([A-Za-z_][A-Za-z0-9_]*)"


def imported_password(noun: str, reference: str) -> str:
    """Return the password of the environment variable that `env:<NAME>` names.

    Raises:
        KindError: it is no such reference, or the variable is not set.
    """
    found = re.fullmatch(REFERENCE, reference)
    if not found:
        raise KindError(
            f"import {noun}: the password is named by env:<NAME>, where NAME is the environment variable that holds it. "
            "Never write the password itself there: ids are not encrypted"
        )
    value = os.environ.get(found[1])
    if not value:
        raise KindError(
            f"import {noun}: the environment variable {found[1]} is not set. Set it to the password"
        )
    conceal(value)
    return value


def adopted_paths() -> frozenset[str] | None:
    """Return the API paths that the stack has adopted, None where no adoption is going on."""
    value = os.environ.get(ADOPTED)
    return None if value is None else frozenset(value.split())
