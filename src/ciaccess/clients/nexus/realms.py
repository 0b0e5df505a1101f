"""Nexus's active realms, to read only: where it looks credentials and rights up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ciaccess.clients.errors import UnexpectedAnswerError
from ciaccess.clients.nexus.anonymous import ANONYMOUS_ACCESS
from ciaccess.clients.nexus.wire import NEXUS

if TYPE_CHECKING:
    from ciaccess.clients.nexus.api import Api

_PATH = "/security/realms/active"


def read_active_realms(api: Api) -> tuple[str, ...]:
    """Return the ids of the active realms, in their order.

    Raises:
        UnexpectedAnswerError: the answer is another thing than a list of ids.
    """
    doing = "read the active realms"
    found = api.json(_PATH, doing, ANONYMOUS_ACCESS)  # of the same privileges
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise UnexpectedAnswerError(
            doing,
            "the answer is not a list of ids",
            "Check that this is Nexus, and its version.",
            system=NEXUS,
        )
    return tuple(found)
