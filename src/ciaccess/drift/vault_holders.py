"""Everything that gets a token of Vault, or gives a token more policies: what logs in at auth mounts, and identities.

Owns reading them (where they are is in access/policies/auth_methods). What an auth mount lists besides is asked of the mount itself, so that nothing that exists
there is passed over: it is remarked as not checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ciaccess.access.policies.auth_methods import LISTS, READ_BELOW
from ciaccess.access.policies.tokens import folded, policies_at_login, requestable_policies
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
_PROGRAM = "cel_program"


@dataclass(frozen=True)
class Holder:
    """What gets policies: `path` is where it is read and deleted. `program` says that a program of its own gives them."""

    path: str
    name: str
    policies: frozenset[str]
    data: dict[str, Any]
    program: bool = False

    def requestable(self, every: Iterable[str]) -> frozenset[str]:
        """Return the policies that its callers may choose."""
        return requestable_policies(self.data, every)


class Holders:
    """Reads them in threads."""

    def __init__(self, vault: Vault, run: CheckRun) -> None:
        self._vault = vault
        self._run = run
        self._reading: dict[str, Future[dict[str, Any] | Unseen]] = {}

    def read_mounts(self, answer: dict[str, Any]) -> None:
        """Read what logs in at the auth mounts that `sys/auth` lists; a name of a mount may have slashes."""
        # Beside the mounts stand the envelope's own fields.
        mounts = {
            path: str(mount["type"])
            for path, mount in sorted(answer.items())
            if isinstance(mount, dict) and "type" in mount
        }
        for path, kind in mounts.items():
            for part in LISTS.get(kind, ()):
                below = READ_BELOW.get((kind, part), part)
                self.read_list(f"auth/{path}{part}", f"auth/{path}{below}")
        subject = "what else the auth mounts list"
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
        """Remark what exists at auth mounts and is not checked; each mount tells what it lists."""
        others = {path: self._other_lists(path, kind) for path, kind in mounts.items()}
        asked = [f"auth/{path}{part}" for path, parts in others.items() for part in parts]
        rights = self._vault.capabilities(asked)
        # What the token may not list may exist.
        there = {path for path in asked if not rights[path] & {"list", "root"} or self._vault.keys(path)}
        for path, kind in mounts.items():
            parts = [part for part in others[path] if f"auth/{path}{part}" in there]
            if parts:
                self._run.remark(f"not checked: {', '.join(parts)} of the auth mount {path} of type {kind}")
            elif kind not in LISTS:
                self._run.remark(f"not checked: what logs in at the auth mount {path} of type {kind}")

    def _other_lists(self, path: str, kind: str) -> list[str]:
        try:
            return [part for part in self._vault.lists(f"auth/{path}") if part not in LISTS.get(kind, ())]
        except (RefusedError, NotFoundError, UnexpectedAnswerError):
            self._run.remark(f"not checked: what else the auth mount {path} of type {kind} lists")
            return []


def reader(vault: Vault, path: str) -> Callable[[], dict[str, Any]]:
    """Return the question for what is at a path; gone since it was listed, it holds nothing."""
    return lambda: vault.read(path) or {}


def _holder(path: str, data: dict[str, Any]) -> Holder:
    for place, noun in IDENTITIES.items():
        if path.startswith(place):
            return Holder(
                path, f"{noun} {data.get('name', '')}", frozenset(folded(data.get("policies") or ())), {}
            )
    if "/map/" in path:  # of GitHub: a text with commas
        data = {"policies": str(data.get("value") or "").split(",")}
    return Holder(path, path, policies_at_login(data), data, program=_PROGRAM in data)
