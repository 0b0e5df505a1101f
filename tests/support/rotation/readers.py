"""Jobs that read an account's secret and use it against Nexus without pause, and what Nexus answered them."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import requests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.project.project import Project

WORKERS = 8
_ANSWER_SECONDS = 30
_OK, _REFUSED = 200, 401
# How long half of the workers go on with what they have read, as a job does that pushes several artifacts.
HELD_SECONDS = 3.0


@dataclass(frozen=True)
class Use:
    """One use that was refused: whose, whether right after the secret was read, and when it was asked and answered.

    Times are seconds of a clock of their own.
    """

    account: str
    username: str
    is_fresh: bool
    asked: float
    answered: float


@dataclass
class Readers:
    """Eight workers, from `with` to its end. `refused` are the uses that Nexus refused, `uses` counts all by user."""

    project: Project
    accounts: Sequence[str]
    uses: Counter[str] = field(default_factory=Counter)
    refused: list[Use] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._work, args=(number,)) for number in range(WORKERS)]
        self._token = self.project.credential("vault-token")
        self._vault = f"{self.project.address('vault')}/v1/secret/data/nexus"
        self._nexus = f"{self.project.address('nexus')}/service/rest/v1/status"
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def __str__(self) -> str:
        users = ", ".join(f"{user} {count}" for user, count in sorted(self.uses.items()))
        return f"{sum(self.uses.values())} uses by {WORKERS} workers, {len(self.refused)} refused with 401 ({users})"

    def longest_gap_seconds(self) -> float:
        """Return the longest time in which those were refused who had read the secret just before."""
        longest, began, last = 0.0, 0.0, -1.0
        fresh = [use for use in self.refused if use.is_fresh]
        for use in sorted(fresh, key=lambda each: each.asked):
            if last < 0 or use.asked - last > 1:
                began = use.asked
            last = max(last, use.answered)
            longest = max(longest, last - began)
        return longest

    def _work(self, number: int) -> None:
        holds = number % 2 == 1
        with requests.Session() as session:
            session.trust_env = False
            for account in itertools.cycle(self.accounts):
                if self._over.is_set():
                    return
                try:
                    self._job(session, account, HELD_SECONDS if holds else 0.0)
                except (requests.RequestException, KeyError) as error:
                    with self._lock:
                        self.errors.append(f"{account}: {error}")

    def _job(self, session: requests.Session, account: str, seconds: float) -> None:
        """Read the secret once, and use it until the time is over, at least once."""
        secret = self._read(session, account)
        until = time.monotonic() + seconds
        for number in itertools.count():
            asked = time.monotonic()
            answer = session.get(
                self._nexus, auth=(secret["username"], secret["password"]), timeout=_ANSWER_SECONDS
            )
            use = Use(account, secret["username"], number == 0, asked, time.monotonic())
            self._note(use, answer.status_code)
            if time.monotonic() >= until or self._over.is_set():
                return

    def _read(self, session: requests.Session, account: str) -> dict[str, Any]:
        answer = session.get(
            f"{self._vault}/{account}", headers={"X-Vault-Token": self._token}, timeout=_ANSWER_SECONDS
        )
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()["data"]["data"]
        return found

    def _note(self, use: Use, status: int) -> None:
        with self._lock:
            self.uses[use.username] += 1
            if status == _REFUSED:
                self.refused.append(use)
            elif status != _OK:
                self.errors.append(f"{use.account}: Nexus answered {status}")
