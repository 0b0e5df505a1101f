"""Sources of Vault policies: roles, users and settings of auth mounts, token roles, identities.

Reads the lists of access/policies/coverage. Each mount also describes its own lists: one that has entries and is not read
becomes a remark, as do namespaces, Sentinel's policies and foreign plugins, so the remarks name everything not checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ciaccess.access.policies.coverage import ENGINES, LISTS, READ_BELOW, SETTINGS, WITHOUT_POLICIES
from ciaccess.access.policies.tokens import (
    named_policies,
    policies_at_login,
    policies_of_aliases,
    requestable_policies,
)
from ciaccess.clients.errors import NotFoundError, RefusedError, UnexpectedAnswerError
from ciaccess.clients.vault.client import Vault
from ciaccess.drift.check_run import CheckRun
from ciaccess.drift.findings import UNSEEN, Unseen

SYSTEM = "Vault"
MOUNTS = "sys/auth"
ENGINE_MOUNTS = "sys/mounts"
TOKEN_ROLES = "auth/token/roles/"  # noqa: S105 a path
GROUPS, _ENTITIES = "identity/group/id/", "identity/entity/id/"
IDENTITIES = {GROUPS: "identity group", _ENTITIES: "identity entity"}


@dataclass(frozen=True)
class Holder:
    """A source of policies at an API path.

    `chosen` are policies that callers of a token role get by an alias; `program` means that the policies depend on the login.
    """

    path: str
    name: str
    policies: frozenset[str]
    data: dict[str, Any]
    chosen: frozenset[str] = frozenset()
    program: str = ""

    @property
    def is_token_role(self) -> bool:
        """Tell whether it is a role of the token mount."""
        return self.path.startswith(TOKEN_ROLES)

    @property
    def entries(self) -> list[str]:
        """Return where credentials belong to it: its own path, of an entity those of its aliases."""
        if not self.path.startswith(_ENTITIES):
            return [self.path]
        # An alias of userpass has the user's name; one of AppRole has an id, which may be any role's.
        below = {"userpass": "users/{name}", "approle": "role/"}
        return [
            f"{each['mount_path']}{below.get(each['mount_type'], '').format(**each)}"
            for each in self.data.get("aliases") or ()
            # An alias of a removed mount has no type.
            if each.get("mount_type", "token") != "token"
        ]

    def requestable(self, every: Iterable[str]) -> frozenset[str]:
        """Return the policies that callers can request."""
        return requestable_policies(self.data, every) if self.is_token_role else frozenset()

    @property
    def issues_any_policy(self) -> bool:
        """Tell whether it is a token role that limits no policy: a caller with sudo may ask for any."""
        return self.is_token_role and not any(
            value for name, value in self.data.items() if "allowed_policies" in name
        )


class Holders:
    """Reads them in threads; `kinds` are the types of the auth mounts by path."""

    def __init__(self, vault: Vault, run: CheckRun) -> None:
        self._vault = vault
        self._run = run
        self._reading: dict[str, Future[dict[str, Any] | Unseen]] = {}
        self.kinds: dict[str, str] = {}

    def read_mounts(self, answer: dict[str, Any]) -> None:
        """Read the roles, users and groups of the mounts in `sys/auth`; names may have slashes."""
        for path, mount in _mounts(answer).items():
            kind = self.kinds[path] = str(mount["type"])
            for part in LISTS.get(kind, ()):
                below = READ_BELOW.get((kind, part), part)
                self.read_list(f"auth/{path}{part}", f"auth/{path}{below}")
            if kind in SETTINGS:
                self._read(f"auth/{path}{SETTINGS[kind]}")
            if _is_foreign(mount):
                self._run.remark(f"not checked: the plugin of the auth mount {path} of type {kind}")
        self._run.ask(SYSTEM, "the other lists of auth mounts", self._remark_on_auth)

    def read_list(self, listed: str, below: str) -> None:
        """Read each entry of a list."""
        names = self._run.ask(SYSTEM, f"the list {listed}", lambda: self._vault.keys(listed))
        for name in names if names is not UNSEEN else ():
            self._read(f"{below}/{name}")

    def found(self) -> list[Holder]:
        """Return what could be read."""
        read = {path: future.result() for path, future in self._reading.items()}
        every = {path: data for path, data in read.items() if data is not UNSEEN}
        entities = [_with_groups(data, every) for path, data in every.items() if path.startswith(_ENTITIES)]
        holders = [_holder(path, data) for path, data in every.items()]
        return [
            replace(each, chosen=policies_of_aliases(each.data, entities)) if each.is_token_role else each
            for each in holders
        ]

    def remark_on_other_objects(self, answer: dict[str, Any]) -> None:
        """Remark what gives or limits rights beside auth mounts: lists of the server, engines."""
        for path, mount in _mounts(answer).items():
            if mount["type"] not in ENGINES or _is_foreign(mount):
                self._run.remark(f"not checked: the secrets engine {path} of type {mount['type']}")
        for at in ("identity", "sys"):
            lists = partial(self._remark_on_lists, at, WITHOUT_POLICIES[at])
            self._run.ask(SYSTEM, f"the lists of {at}/", lists)

    def _read(self, path: str) -> None:
        self._reading[path] = self._run.start(SYSTEM, path, reader(self._vault, path))

    def _remark_on_lists(self, mount: str, known: frozenset[str]) -> None:
        others = [f"{mount}/{part}" for part in self._vault.lists(mount) if part not in known]
        for path in sorted(self._with_entries(others)):
            self._run.remark(f"not checked: {path}")

    def _remark_on_auth(self) -> None:
        """Remark lists of auth mounts that have entries and are not checked."""
        others = {path: self._other_lists(path, kind) for path, kind in self.kinds.items()}
        there = self._with_entries([f"auth/{path}{part}" for path, parts in others.items() for part in parts])
        for path, kind in self.kinds.items():
            parts = [part for part in others[path] if f"auth/{path}{part}" in there]
            if parts:
                self._run.remark(f"not checked: {', '.join(parts)} of the auth mount {path} of type {kind}")
            elif kind not in LISTS:
                self._run.remark(f"not checked: logins at the auth mount {path} of type {kind}")

    def _with_entries(self, lists: list[str]) -> set[str]:
        """Return the lists with entries; one that the token cannot read may have some."""
        rights = self._vault.capabilities(lists)
        return {path for path in lists if not rights[path] & {"list", "root"} or self._vault.keys(path)}

    def _other_lists(self, path: str, kind: str) -> list[str]:
        try:
            # The same entries are also listed where they are read: `role` beside `roles`.
            known = {each for part in LISTS.get(kind, ()) for each in (part, READ_BELOW.get((kind, part)))}
            known |= WITHOUT_POLICIES.get(kind, frozenset())
            return [part for part in self._vault.lists(f"auth/{path}") if part not in known]
        except (RefusedError, NotFoundError, UnexpectedAnswerError):
            self._run.remark(f"not checked: other lists of the auth mount {path} of type {kind}")
            return []


def reader(vault: Vault, path: str) -> Callable[[], dict[str, Any]]:
    """Return a read of a path; an entry deleted since it was listed has no policies."""
    return lambda: vault.read(path) or {}


def _mounts(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the mounts of a response, which has other fields beside them."""
    return {
        path: mount
        for path, mount in sorted(answer.items())
        if isinstance(mount, dict) and "type" in mount and path.endswith("/")
    }


def _is_foreign(mount: dict[str, Any]) -> bool:
    """Tell whether a mount's plugin did not come with the server: then it has a digest."""
    return bool(mount.get("running_sha256"))


def _with_groups(entity: dict[str, Any], every: dict[str, dict[str, Any]]) -> dict[str, Any]:
    groups = [every.get(f"{GROUPS}{group}", {}) for group in entity.get("group_ids") or ()]
    return {**entity, "policies": [name for each in (entity, *groups) for name in named_policies(each)]}


def _holder(path: str, data: dict[str, Any]) -> Holder:
    for place, noun in IDENTITIES.items():
        if path.startswith(place):
            return Holder(path, f"{noun} {data.get('name', '')}", frozenset(named_policies(data)), data)
    program = "a CEL program chooses its policies" if "/cel/" in path else ""
    if data.get("token_policies_template_claims"):
        program = "claims of the job choose its policies"
    return Holder(path, path, policies_at_login(data), data, program=program)
