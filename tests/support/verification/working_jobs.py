"""Jobs that never rest: each logs in at Vault with a fresh id_token, reads secrets, and uses Nexus with what it read."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import requests
from hvac.exceptions import VaultError

from tests.support.servers.jobs import id_token, login

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    import hvac

    from tests.support.project.project import Project

# Nexus hashes each password: without a pause nothing else would get on.
_PAUSE_SECONDS = 1.0


@dataclass(frozen=True)
class Work:
    """What a job does: whose project it belongs to, its role at Vault, the audience, and the accounts that it uses."""

    project: str
    role: str
    audience: str
    accounts: tuple[str, ...]


@dataclass
class WorkingJobs:
    """A thread for each work, from entry to exit; `failures` are what jobs would have failed of, `done` how often they did not."""

    stack: Project
    works: tuple[Work, ...]
    failures: list[str] = field(default_factory=list)
    done: int = 0

    def __enter__(self) -> Self:
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(work,)) for work in self.works]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _work(self, work: Work) -> None:
        while not self._end.wait(_PAUSE_SECONDS):
            try:
                token = id_token(self.stack, work.project, audience=work.audience)
                vault = login(self.stack, token, work.role)
                for account in work.accounts:
                    self._use(vault, account)
            except (AssertionError, VaultError, requests.RequestException, KeyError) as error:
                self.failures.append(f"{work.role}: {error!r}")

    def _use(self, vault: hvac.Client, account: str) -> None:
        read = vault.secrets.kv.v2.read_secret_version(
            f"nexus/{account}", mount_point="secret", raise_on_deleted_version=True
        )["data"]["data"]
        answer = self.stack.nexus("GET", "repositories", auth=(read["username"], read["password"]))
        if answer.ok:
            self.done += 1
        else:
            self.failures.append(f"{account}: Nexus answered {answer.status_code}")
