"""One run of many checks in parallel; findings and what could not be checked are kept apart."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from ciaccess.clients.could_not_look import CouldNotLook
from ciaccess.drift.catalogue import Severity
from ciaccess.drift.findings import UNSEEN, Finding, Unseen
from ciaccess.errors import CiaccessError

T = TypeVar("T")
Question = Callable[[], Iterable[Finding]]
# The systems answer in milliseconds; more at once would only wait there.
_AT_ONCE = 12


@dataclass(frozen=True)
class Check:
    """A check; `subject` completes "could not look at …"; `reads` are API paths (lists end in /)."""

    subject: str
    question: Question
    reads: tuple[str, ...] = ()


class CheckRun:
    """Checks run in threads; each returns findings, or is noted as not checked."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_AT_ONCE)
        self._lock = threading.Lock()
        self._findings: list[Finding] = []
        self._not_checked: list[CouldNotLook] = []
        self._remarks: list[str] = []
        self._looked_at: Counter[str] = Counter()
        self._started: list[Future[Any]] = []

    def start(self, system: str, subject: str, ask: Callable[[], T]) -> Future[T | Unseen]:
        """Ask in a thread; the result is UNSEEN where it could not be asked, which is noted."""
        future = self._pool.submit(self.ask, system, subject, ask)
        self._started.append(future)
        return future

    def ask(self, system: str, subject: str, ask: Callable[[], T]) -> T | Unseen:
        """Ask now; return UNSEEN where it could not be asked, which is noted."""
        try:
            answer = ask()
        except CiaccessError as error:
            self.not_checked(CouldNotLook.of(error, system, subject))
        else:
            with self._lock:
                self._looked_at[system] += 1
            return answer
        return UNSEEN

    def check(self, system: str, subject: str, check: Question) -> None:
        """Run a check in a thread and keep what it finds, all of it or nothing."""
        self.start(system, subject, lambda: self.found(*list(check())))

    def found(self, *findings: Finding) -> None:
        """Keep findings."""
        with self._lock:
            self._findings += findings

    def not_checked(self, each: CouldNotLook) -> None:
        """Note that something could not be checked."""
        with self._lock:
            self._not_checked.append(each)

    def remark(self, text: str) -> None:
        """Note what the answer does not cover."""
        with self._lock:
            self._remarks.append(text)

    def finish(self) -> None:
        """Wait for all started checks, and those that they started; raise internal errors."""
        index = 0
        while index < len(self._started):
            self._started[index].result()
            index += 1

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(cancel_futures=True)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return what was found, the worst first, in an order that is the same each time."""
        order = list(Severity)
        return tuple(
            sorted(
                set(self._findings),
                key=lambda each: (order.index(each.severity), each.id, each.object, each.found),
            )
        )

    @property
    def could_not_look(self) -> tuple[CouldNotLook, ...]:
        """Return what could not be checked."""
        return tuple(sorted(set(self._not_checked), key=lambda each: (each.system, each.subject)))

    @property
    def remarks(self) -> tuple[str, ...]:
        """Return what the answer does not cover."""
        return tuple(sorted(set(self._remarks)))

    @property
    def looked_at(self) -> dict[str, int]:
        """Return how many questions were answered, by system."""
        return dict(self._looked_at)
