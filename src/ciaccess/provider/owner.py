"""Whose objects the plugin may delete.

Owns two facts that no state decides, since an entry of it may be forged: the owner that access.yaml declares, by the
settings of the stack, which the engine passes; and the stack of the program that runs, which the program announces to the
engine (components/program).
"""

from __future__ import annotations

import json
import os
import sys

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


def running_stack() -> str:
    """Return the program's stack as `<project>/<stack>`, "" where no program runs (`pulumi destroy`)."""
    import grpc  # type: ignore[import-untyped]  # noqa: PLC0415 as above

    from ciaccess.provider.protocol import proto  # noqa: PLC0415 as above

    with grpc.insecure_channel(sys.argv[1]) as channel:  # the engine's address
        urn = proto.EngineStub(channel).GetRootResource(proto.GetRootResourceRequest()).urn
    return stack_in(urn) if urn else ""


def stack_in(urn: str) -> str:
    """Return the stack in a URN as `<project>/<stack>`, as in the claim of a secret."""
    stack, project = urn.removeprefix("urn:pulumi:").split("::", 2)[:2]
    return f"{project}/{stack}"
