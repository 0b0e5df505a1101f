"""Undeclared policies that can read the secrets, and undeclared holders of such policies.

Decides by Vault's rules (access/policies), for each holder by all its policies together. An unknown result is a finding
too: it can be accepted in the baseline.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from shlex import quote
from typing import TYPE_CHECKING, Any

from ciaccess.access.desired.pipeline_identities import jwt_roles, service_accounts
from ciaccess.access.desired.vault import secret_of, vault_policies
from ciaccess.access.policies.acl import Acl, Decision, Right
from ciaccess.drift.findings import UNSEEN, Finding
from ciaccess.drift.vault_holders import IDENTITIES, MOUNTS, SYSTEM, Holder, Holders, reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ciaccess.access import Access
    from ciaccess.clients.vault.client import Vault
    from ciaccess.drift.check_run import CheckRun

POLICIES = "sys/policies/acl/"
READS = (POLICIES, MOUNTS, *IDENTITIES)
_ROOT = "root"


def check_undeclared(access: Access, vault: Vault, run: CheckRun, can: Callable[[str, str], bool]) -> None:
    """Check all policies and holders; `can` tells whether a path is readable, and records if not."""
    texts: dict[str, str] = {}
    if can("the list of policies", POLICIES):
        names = run.ask(SYSTEM, "the list of policies", lambda: vault.keys(POLICIES.rstrip("/")))
        texts = _texts(access, vault, run, names if names is not UNSEEN else ())
    holders = Holders(vault, run)
    if can("the list of auth mounts", MOUNTS):
        mounts = run.ask(SYSTEM, "the list of auth mounts", lambda: vault.read(MOUNTS) or {})
        holders.read_mounts(mounts if mounts is not UNSEEN else {})
    for path, noun in IDENTITIES.items():
        if can(f"the list {path} ({noun})", path):
            holders.read_list(path.rstrip("/"), path.rstrip("/"))
    if access.vault.namespace:
        run.remark(f"not checked: policies of the namespaces above {access.vault.namespace}")
    reach = Reach(access, texts)
    run.found(*reach.policies(), *reach.holders(holders.found()))


def _texts(access: Access, vault: Vault, run: CheckRun, names: Iterable[str]) -> dict[str, str]:
    """Return the texts of the undeclared policies."""
    ours = _ours(access)
    reading = {
        name: run.start(SYSTEM, f"policy {name}", reader(vault, f"{POLICIES}{name}"))
        for name in names
        if name not in ours and name != _ROOT
    }
    read: dict[str, Any] = {name: future.result() for name, future in reading.items()}
    return {name: str(policy.get("policy", "")) for name, policy in read.items() if policy is not UNSEEN}


def _ours(access: Access) -> dict[str, str]:
    return {policy.name: policy.text for policy in vault_policies(access).values()}


class Reach:
    """Access of policies to the accounts' secrets; `undeclared` has their texts by name."""

    def __init__(self, access: Access, undeclared: Mapping[str, str]) -> None:
        self._access = access
        self._undeclared = undeclared
        self._texts = {**_ours(access), **undeclared}
        self._decided: dict[frozenset[str], dict[str, Decision]] = {}

    def policies(self) -> Iterator[Finding]:
        """Return undeclared policies that can reach the secrets."""
        for name in sorted(self._undeclared):
            found = self._of({name})
            if found:
                yield Finding(
                    "vault.policy.undeclared",
                    f"policy {name}",
                    "no access to the secrets",
                    _describe(found),
                    manual_command=f"vault policy delete {quote(name)}",
                )

    def holders(self, every: Iterable[Holder]) -> Iterator[Finding]:
        """Return undeclared holders of policies that can reach the secrets."""
        jwt = f"auth/{self._access.vault.jwt.mount}/role/"
        # Vault folds the names of roles.
        ours = {f"{jwt}{name}".lower() for name in jwt_roles(self._access)}
        for holder in every:
            found = "" if holder.path.lower() in ours else self._found(holder)
            if found:
                is_jwt = holder.path.startswith(jwt)
                yield Finding(
                    "vault.role.undeclared" if is_jwt else "vault.auth.role",
                    f"JWT role {holder.path.removeprefix(jwt)}" if is_jwt else holder.name,
                    "no policy that reaches the secrets",
                    found,
                    manual_command=f"vault delete {quote(holder.path)}",
                )

    def _found(self, holder: Holder) -> str:
        """Return how a holder reaches the secrets, "" if it does not."""
        if holder.program:
            return "cannot tell: a CEL program chooses its policies"
        decided = self._of(holder.policies & self._texts.keys()) if holder.policies & self._reaching else {}
        given = holder.policies & self._reaching if decided else frozenset()
        asked = holder.requestable(self._reaching)
        if not given | asked:
            return ""
        text = f"policies {', '.join(sorted(given | asked))}"
        unclear = not asked and all(each.right is Right.CANNOT_TELL for each in decided.values())
        return f"{text}: {_describe(decided)}" if unclear else text

    @cached_property
    def _reaching(self) -> frozenset[str]:
        """The policies that can reach the secrets; a combination never reaches more than its parts."""
        return frozenset(name for name in self._texts if self._of({name}))

    @cached_property
    def _folders(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for account in service_accounts(self._access):
            folder, _, name = secret_of(self._access, account).api_path.rpartition("/")
            found[folder].append(name)
        return dict(sorted(found.items()))

    def _of(self, names: Iterable[str]) -> dict[str, Decision]:
        """Return the decision on policies together, by folder, without the clear refusals."""
        policies = frozenset(names)
        if policies not in self._decided:
            acl = Acl.of({name: self._texts[name] for name in policies})
            found = {folder: acl.may_in_folder(folder, inside) for folder, inside in self._folders.items()}
            self._decided[policies] = {at: it for at, it in found.items() if it.right is not Right.NO}
        return self._decided[policies]


def _describe(found: Mapping[str, Decision]) -> str:
    certain = [f"{folder}/*" for folder, decision in found.items() if decision.right is Right.YES]
    if certain:
        return f"it reaches {' and '.join(certain)}"
    reasons = dict.fromkeys(decision.reason for decision in found.values())
    return f"cannot tell whether it reaches {' and '.join(f'{at}/*' for at in found)}: {'; '.join(reasons)}"
