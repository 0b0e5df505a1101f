"""Whose objects the plugin may delete.

Owns one fact that no state decides, since an entry of the state may be forged: the owner that access.yaml declares, by the
settings of the stack, which the engine passes.
"""

from __future__ import annotations

import json
import os

# The stack's settings as JSON.
_SETTINGS = "PULUMI_CONFIG"


def declared_owner() -> str:
    """Return the owner that access.yaml declares.

    Raises:
        CiaccessError: the stack's settings or access.yaml cannot be read.
    """
    from ciaccess.access.reading.loader import owner_of  # noqa: PLC0415 for deletions only: a quick start
    from ciaccess.engine.settings import StackSettings  # noqa: PLC0415 as above

    return owner_of(StackSettings.of(json.loads(os.environ.get(_SETTINGS) or "{}")).access_file)
