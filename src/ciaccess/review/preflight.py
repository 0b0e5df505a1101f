"""Whether Vault, Nexus and GitLab can be checked, within seconds, before the engine runs.

The engine itself cannot be asked that: it waits minutes for a Vault that is down (facts on Vault's provider).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from ciaccess.access import Access
from ciaccess.clients import connect
from ciaccess.clients.could_not_look import CouldNotLook
from ciaccess.clients.credentials import gitlab_is_unread
from ciaccess.errors import CiaccessError

_Check = Callable[[Access, float], object]

_ANSWER_SECONDS = 2.0
_MOST_SECONDS = 4.0


def unreachable(access: Access) -> tuple[CouldNotLook, ...]:
    """Return the systems that cannot be checked; one that has not answered in time is among them."""
    asked: dict[str, _Check] = {"Vault": connect.checked_vault, "Nexus": connect.checked_nexus}
    if access.gitlab.groups and not gitlab_is_unread():
        asked["GitLab"] = connect.checked_gitlab
    found: dict[str, CouldNotLook | Exception | None] = {}
    # A thread that hangs must not keep the command from ending.
    threads = [
        threading.Thread(target=_answer, args=(system, check, access, found), daemon=True)
        for system, check in asked.items()
    ]
    for each in threads:
        each.start()
    deadline = time.monotonic() + _MOST_SECONDS
    for each in threads:
        each.join(max(deadline - time.monotonic(), 0))
    late = f"it has not answered within {_MOST_SECONDS:.0f} s"
    remedy = "Run again; check its load if this repeats."
    answers = [found.get(system, CouldNotLook(system, system, late, remedy)) for system in asked]
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return tuple(answer for answer in answers if isinstance(answer, CouldNotLook))


def _answer(
    system: str, check: _Check, access: Access, found: dict[str, CouldNotLook | Exception | None]
) -> None:
    try:
        check(access, _ANSWER_SECONDS)
        found[system] = None
    except CiaccessError as error:
        found[system] = CouldNotLook.of(error, system, system)
    except Exception as error:  # noqa: BLE001 a mistake of ours is raised where it is seen, not lost in a thread
        found[system] = error
