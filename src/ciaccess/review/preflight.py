"""Whether Vault, Nexus and GitLab can be checked, within seconds, before the engine runs.

The engine itself cannot be asked that: it waits minutes for a Vault that is down (facts on Vault's provider).
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ciaccess.clients import connect
from ciaccess.clients.could_not_look import CouldNotLook
from ciaccess.clients.credentials import gitlab_is_unread
from ciaccess.errors import CiaccessError

if TYPE_CHECKING:
    from ciaccess.access import Access

_ANSWER_SECONDS = 2.0
_MOST_SECONDS = 4.0


def unreachable(access: Access) -> tuple[CouldNotLook, ...]:
    """Return the systems that cannot be checked; one that has not answered in time is among them."""
    asked: dict[str, Callable[[Access, float], Any]] = {
        "Vault": connect.checked_vault,
        "Nexus": connect.checked_nexus,
    }
    if access.gitlab.groups and not gitlab_is_unread():
        asked["GitLab"] = connect.checked_gitlab
    answers: queue.Queue[tuple[str, Any]] = queue.Queue()
    for system, check in asked.items():
        # A thread that hangs must not keep the command from ending.
        threading.Thread(target=_answer, args=(system, check, access, answers), daemon=True).start()
    found: dict[str, Any] = {}
    deadline = time.monotonic() + _MOST_SECONDS
    while len(found) < len(asked) and (left := deadline - time.monotonic()) > 0:
        with contextlib.suppress(queue.Empty):
            system, answer = answers.get(timeout=left)
            if isinstance(answer, Exception):
                raise answer
            found[system] = answer
    late = f"it has not answered within {_MOST_SECONDS:.0f} s"
    for system in asked.keys() - found.keys():
        found[system] = CouldNotLook(system, system, late, "Run again; check its load if this repeats.")
    return tuple(found[system] for system in asked if isinstance(found[system], CouldNotLook))


def _answer(
    system: str,
    check: Callable[[Access, float], Any],
    access: Access,
    answers: queue.Queue[tuple[str, Any]],
) -> None:
    try:
        answers.put((system, check(access, _ANSWER_SECONDS)))
    except CiaccessError as error:
        answers.put((system, CouldNotLook.of(error, system, system)))
    except Exception as error:  # noqa: BLE001 a mistake of ours is raised where it is seen, not lost in a thread
        answers.put((system, error))
