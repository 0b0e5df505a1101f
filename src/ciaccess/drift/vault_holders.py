"""Sources of Vault policies: roles, users and groups of auth mounts, token roles, identities.

Reads the lists of access/policies/auth_methods. Each mount also describes its own lists: one that has entries and is
not read becomes a remark, so the remarks name everything that is not checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ciaccess.access.policies.auth_methods import LISTS, READ_BELOW
from ciaccess.access.policies.tokens import named_policies, policies_at_login, requestable_policies
from ciaccess.clients.errors import NotFoundError, RefusedError, UnexpectedAnswerError
from ciaccess.drift.findings import UNSEEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Future

    from ciaccess.clients.vault.client import Vault
    from ciaccess.drift.check_run import CheckRun
    from ciaccess.drift.findings import Unseen

SYSTEM = "Vault"
MOUNTS = "sys/auth"
IDENTITIES = {"identity/group/id/": "identity group", "identity/entity/id/": "identity entity"}


@dataclass(frozen=True)
class Holder:
    """A source of policies at an API path; `program` means that a CEL program chooses them."""

    path: str
    name: str
    policies: frozenset[str]
    data: dict[str, Any]
    program: bool = False

    def requestable(self, every: Iterable[str]) -> frozenset[str]:
        """Return the policies that callers can request."""
        return requestable_policies(self.data, every)


class Holders:
    """Reads them in threads."""

    def __init__(self, vault: Vault, run: CheckRun) -> None:
        self._vault = vault
        self._run = run
        self._reading: dict[str, Future[dict[str, Any] | Unseen]] = {}

    def read_mounts(self, answer: dict[str, Any]) -> None:
        """Read the roles, users and groups of the mounts in `sys/auth`; names may have slashes."""
        # The response has other fields beside the mounts.
        mounts = {
            path: str(mount["type"])
            for path, mount in sorted(answer.items())
            if isinstance(mount, dict) and "type" in mount
        }
        for path, kind in mounts.items():
            for part in LISTS.get(kind, ()):
                below = READ_BELOW.get((kind, part), part)
                self.read_list(f"auth/{path}{part}", f"auth/{path}{below}")
        subject = "the other lists of auth mounts"
        self._run.ask(SYSTEM, subject, lambda: self._remark_on_others(mounts))

    def read_list(self, listed: str, below: str) -> None:
        """Read each entry of a list."""
        names = self._run.ask(SYSTEM, f"the list {listed}", lambda: self._vault.keys(listed))
        for name in names if names is not UNSEEN else ():
            path = f"{below}/{name}"
            self._reading[path] = self._run.start(SYSTEM, path, reader(self._vault, path))

    def found(self) -> list[Holder]:
        """Return what could be read."""
        read = {path: future.result() for path, future in self._reading.items()}
        return [_holder(path, data) for path, data in read.items() if data is not UNSEEN]

    def _remark_on_others(self, mounts: dict[str, str]) -> None:
        """Remark lists of auth mounts that have entries and are not checked."""
        others = {path: self._other_lists(path, kind) for path, kind in mounts.items()}
        asked = [f"auth/{path}{part}" for path, parts in others.items() for part in parts]
        rights = self._vault.capabilities(asked)
        # A list that the token cannot read may have entries.
        there = {path for path in asked if not rights[path] & {"list", "root"} or self._vault.keys(path)}
        for path, kind in mounts.items():
            parts = [part for part in others[path] if f"auth/{path}{part}" in there]
            if parts:
                self._run.remark(f"not checked: {', '.join(parts)} of the auth mount {path} of type {kind}")
            elif kind not in LISTS:
                self._run.remark(f"not checked: logins at the auth mount {path} of type {kind}")

    def _other_lists(self, path: str, kind: str) -> list[str]:
        try:
            return [part for part in self._vault.lists(f"auth/{path}") if part not in LISTS.get(kind, ())]
        except (RefusedError, NotFoundError, UnexpectedAnswerError):
            self._run.remark(f"not checked: other lists of the auth mount {path} of type {kind}")
            return []


def reader(vault: Vault, path: str) -> Callable[[], dict[str, Any]]:
    """Return a read of a path; an entry deleted since it was listed has no policies."""
    return lambda: vault.read(path) or {}


def _holder(path: str, data: dict[str, Any]) -> Holder:
    for place, noun in IDENTITIES.items():
        if path.startswith(place):
            return Holder(path, f"{noun} {data.get('name', '')}", frozenset(named_policies(data)), {})
    return Holder(path, path, policies_at_login(data), data, program="/cel/" in path)
