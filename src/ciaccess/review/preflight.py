"""Whether Vault, Nexus and GitLab can be looked at, asked at once and answered within seconds, before the engine runs.

The engine itself cannot be asked that: it waits minutes for a Vault that is away (facts on Vault's provider).
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ciaccess.clients.could_not_look import CannotLookError
from ciaccess.clients.credentials import CredentialsError
from ciaccess.clients.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ciaccess.access import Access

_ANSWER_SECONDS = 2.0
_MOST_SECONDS = 4.0


@dataclass(frozen=True)
class Blind:
    """What cannot be looked at: `could not look at <subject> because <because>. <remedy>`."""

    subject: str
    because: str
    remedy: str

    def __str__(self) -> str:
        return f"could not look at {self.subject} because {self.because}. {self.remedy}"

    def to_json(self) -> dict[str, str]:
        """Return it as a JSON object."""
        return {"subject": self.subject, "because": self.because, "remedy": self.remedy}


def look(access: Access) -> tuple[Blind, ...]:
    """Ask the three systems at once, and return what cannot be looked at; one that has not answered in time is that."""
    asked: dict[str, Callable[[], Any]] = {"Vault": lambda: _vault(access), "Nexus": lambda: _nexus(access)}
    if access.gitlab.groups:
        asked["GitLab"] = lambda: _gitlab(access)
    answers: queue.Queue[tuple[str, Any]] = queue.Queue()
    for system, ask in asked.items():
        # A thread that hangs must not keep the command from ending.
        threading.Thread(target=_answer, args=(system, ask, answers), daemon=True).start()
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
        found[system] = Blind(system, late, "Run again; look at its load where that repeats itself.")
    return tuple(found[system] for system in asked if isinstance(found[system], Blind))


def _answer(system: str, ask: Callable[[], Any], answers: queue.Queue[tuple[str, Any]]) -> None:
    try:
        answers.put((system, ask()))
    except ApiError as error:
        answers.put((system, Blind(system, f"{error.doing}: {error.said}", error.remedy)))
    except CannotLookError as error:
        answers.put((system, Blind(system, error.because, error.remedy)))
    except CredentialsError as error:
        because, _, remedy = str(error).rstrip(".").rpartition(". ")
        answers.put((system, Blind(system, because or remedy, f"{remedy}.")))
    except Exception as error:  # noqa: BLE001 a mistake of ours is raised where it is seen, not lost in a thread
        answers.put((system, error))


def _vault(access: Access) -> None:
    from ciaccess.clients.vault.rights import connect  # noqa: PLC0415 imported while the others are asked

    connect(access, _ANSWER_SECONDS)


def _nexus(access: Access) -> None:
    from ciaccess.drift.nexus import connect  # noqa: PLC0415 likewise

    connect(access, _ANSWER_SECONDS)


def _gitlab(access: Access) -> None:
    from ciaccess.drift.gitlab import connect  # noqa: PLC0415 likewise

    connect(access, _ANSWER_SECONDS)
