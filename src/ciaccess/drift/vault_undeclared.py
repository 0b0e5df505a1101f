"""Undeclared policies that reach the secrets, and undeclared holders of such policies.

Decides by Vault's rules (access/policies), for each holder by all its policies together: by reading, by issuing a token
with any policy, by changing policies or who gets them, or by a credential of another who reaches the secrets. An unknown
result is a finding too: it can be accepted in the baseline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from ciaccess.access.desired.difference import fields_of
from ciaccess.access.desired.state import Desired
from ciaccess.access.policies.acl import (
    ISSUING,
    READ_OR_WRITE,
    SUDO,
    UPDATE,
    WRITE,
    Acl,
    Decision,
    Right,
    strongest,
)
from ciaccess.access.policies.coverage import LEVERS_WITH_SUDO, ROLE_ID, levers, logins
from ciaccess.access.policies.rules import Rule
from ciaccess.clients.vault.client import Vault
from ciaccess.drift.check_run import CheckRun
from ciaccess.drift.findings import UNSEEN, Finding
from ciaccess.drift.manual_commands import without_policies
from ciaccess.drift.vault_holders import (
    ENGINE_MOUNTS,
    GROUPS,
    IDENTITIES,
    MOUNTS,
    SYSTEM,
    TOKEN_ROLES,
    Holder,
    Holders,
    reader,
)

POLICIES = "sys/policies/acl/"
READS = (POLICIES, MOUNTS, ENGINE_MOUNTS, *IDENTITIES)
_ROOT = "root"
_MOST_NAMED = 3


def check_undeclared(desired: Desired, vault: Vault, run: CheckRun, can: Callable[[str, str], bool]) -> None:
    """Check all policies and holders; `can` tells whether a path is readable, and records if not."""
    texts: dict[str, str] = {}
    if can("the list of policies", POLICIES):
        names = run.ask(SYSTEM, "the list of policies", lambda: vault.keys(POLICIES.rstrip("/")))
        texts = _texts(desired, vault, run, names if names is not UNSEEN else ())
    holders = Holders(vault, run)
    if can("the list of auth mounts", MOUNTS):
        mounts = run.ask(SYSTEM, "the list of auth mounts", lambda: vault.read(MOUNTS) or {})
        holders.read_mounts(mounts if mounts is not UNSEEN else {})
    for path, noun in IDENTITIES.items():
        if can(f"the list {path} ({noun})", path):
            holders.read_list(path.rstrip("/"), path.rstrip("/"))
    if can("the list of secrets engines", ENGINE_MOUNTS):
        engines = run.ask(SYSTEM, "the list of secrets engines", lambda: vault.read(ENGINE_MOUNTS) or {})
        holders.remark_on_other_objects(engines if engines is not UNSEEN else {})
    reach = Reach(desired, texts, holders.found(), holders.kinds)
    run.found(*reach.policies(), *reach.holders())


def _texts(desired: Desired, vault: Vault, run: CheckRun, names: Iterable[str]) -> dict[str, str]:
    ours = _ours(desired)
    reading = {
        name: run.start(SYSTEM, f"policy {name}", reader(vault, f"{POLICIES}{name}"))
        for name in names
        if name not in ours and name != _ROOT
    }
    read: dict[str, Any] = {name: future.result() for name, future in reading.items()}
    return {name: str(policy.get("policy", "")) for name, policy in read.items() if policy is not UNSEEN}


def _ours(desired: Desired) -> dict[str, str]:
    return {policy.name: policy.text for policy in desired.policies.values()}


class Reach:
    """Access of policies to the accounts' secrets.

    `undeclared` has texts of policies by name, `mounts` the types of the auth mounts by path.
    """

    def __init__(
        self,
        desired: Desired,
        undeclared: Mapping[str, str],
        holders: Iterable[Holder],
        mounts: Mapping[str, str],
    ) -> None:
        self._desired = desired
        self._undeclared = undeclared
        self._texts = {**_ours(desired), **undeclared}
        self._holders = {each.path: each for each in holders}
        self._mounts = mounts
        roles = (at.removeprefix(TOKEN_ROLES) for at, it in self._holders.items() if it.issues_any_policy)
        self._issuing = (*ISSUING, *(f"{ISSUING[0]}/{role}" for role in roles))
        # Other keys in the JWT backend make any token one of a job.
        self._levers = [*levers(mounts), f"auth/{desired.jwt_mount}/config"]
        self._decided: dict[frozenset[str], dict[str, Decision]] = {}
        self._logins: set[str] = set()
        self._find_logins()

    def policies(self) -> Iterator[Finding]:
        """Return undeclared policies that can reach the secrets."""
        for name in sorted(self._undeclared):
            found = self._of({name})
            if found:
                # Others' roles may need it for something else: no command.
                yield Finding(
                    "vault.policy.undeclared",
                    f"policy {name}",
                    "no access to the secrets",
                    _describe(found),
                    changes=fields_of("policy", name, {"text": self._undeclared[name]}),
                )

    def holders(self) -> Iterator[Finding]:
        """Return undeclared holders of policies that can reach the secrets."""
        jwt = f"auth/{self._desired.jwt_mount}/"
        # Vault folds the names of roles.
        ours = {f"{jwt}role/{name}".lower() for name in self._desired.jwt_roles}
        for holder in self._holders.values():
            found = "" if holder.path.lower() in ours else self._found(holder)
            if found:
                is_role, name = holder.path.startswith(f"{jwt}role/"), holder.path.removeprefix(f"{jwt}role/")
                yield Finding(
                    "vault.role.undeclared" if is_role else "vault.auth.role",
                    f"JWT role {name}" if is_role else holder.name,
                    "no policy that reaches the secrets",
                    found,
                    # It may be in use for other things: it loses the policies, and stays.
                    without_policies(holder, self._to_remove(holder)),
                    changes=fields_of("JWT role", name, holder.data) if is_role else (),
                )

    def _found(self, holder: Holder) -> str:
        """Return how a holder reaches the secrets, "" if it does not."""
        if holder.program:
            return f"cannot tell: {holder.program}"
        to_remove = self._to_remove(holder)
        given, asked, chosen = (
            names & to_remove if self._of(names & self._texts.keys()) else frozenset()
            for names in (holder.policies, holder.requestable(self._relevant), holder.chosen)
        )
        if not given | asked | chosen:
            return self._together(holder)
        text = f"policies {', '.join(sorted(given | asked | chosen))}"
        text += " by an entity's alias" if chosen - given - asked else ""
        decided = self._of(holder.policies & self._texts.keys()) if given else {}
        unclear = not asked | chosen and all(each.right is Right.CANNOT_TELL for each in decided.values())
        return f"{text}: {_describe(decided)}" if unclear and decided else text

    def _to_remove(self, holder: Holder) -> frozenset[str]:
        """Return the policies to take from a holder: of two that reach the secrets together, both."""
        held = holder.policies | holder.requestable(self._relevant) | holder.chosen
        left = (held - self._reaching) & self._texts.keys()
        return self._relevant if self._of(left) or held.isdisjoint(self._reaching) else self._reaching

    def _together(self, holder: Holder) -> str:
        """Return what an identity's policies reach with those of another holder: a token may have both."""
        halves = (
            holder.policies & self._relevant if holder.path.startswith(tuple(IDENTITIES)) else frozenset()
        )
        for other in self._holders.values() if halves else ():
            more = self._given(other) & self._relevant
            found = {} if self._of(more) else self._of(halves | more)
            if found:
                text = (
                    f"policies {', '.join(sorted(halves))} beside {', '.join(sorted(more))} of {other.name}"
                )
                return f"cannot tell whether a token has {text}: then {_describe(found)}"
        return ""

    @cached_property
    def _reaching(self) -> frozenset[str]:
        """The policies that can reach the secrets."""
        return frozenset(name for name in self._texts if self._of({name}))

    @cached_property
    def _relevant(self) -> frozenset[str]:
        """The same with those that reach them together: one can write at a path, another has sudo."""
        halves = [(path, UPDATE | SUDO) for path in self._issuing]
        halves += [(path, each.capabilities | SUDO) for each in LEVERS_WITH_SUDO for path in each.paths]
        return self._reaching | {
            name
            for name in self._texts
            if any(self._acl({name}).may_somewhere(*half).right is not Right.NO for half in halves)
        }

    @cached_property
    def _folders(self) -> list[str]:
        paths = (each.secret.api_path for each in self._desired.accounts.values())
        return sorted({path.rpartition("/")[0] for path in paths})

    def _of(self, names: Iterable[str]) -> dict[str, Decision]:
        """Return the decision on policies together, by what they reach, without the clear refusals."""
        policies = frozenset(names)
        if policies not in self._decided:
            acl = self._acl(policies)
            found = {f"{folder}/*": acl.may_somewhere(f"{folder}/+") for folder in self._folders}
            found["every policy, by a token that it issues"] = acl.may_with_sudo(self._issuing)
            if all(each.right is not Right.YES for each in found.values()):
                found |= self._by_changes(acl)
            self._decided[policies] = {at: it for at, it in found.items() if it.right is not Right.NO}
        return self._decided[policies]

    def _by_changes(self, acl: Acl) -> dict[str, Decision]:
        """Return the decision on changes of policies, or of who gets them, by where these are written."""
        found = {}
        ids = {at for at in self._logins if at.endswith(f"/{ROLE_ID}")}
        for what, places, wanted in (
            ("every policy, by writing at", self._levers, WRITE),
            ("logins with such policies, by writing at", self._logins.difference(self._levers, ids), WRITE),
            ("logins with such policies, by the id at", ids, READ_OR_WRITE),
        ):
            decided = {at: acl.may_somewhere(at, wanted) for at in sorted(places)}
            strong = strongest(decided.values())
            such = [at for at, each in decided.items() if each.right is strong.right]
            named = f"{', '.join(such[:_MOST_NAMED])}{' and others' * (len(such) > _MOST_NAMED)}"
            found[f"{what} {named}"] = strong
        for lever in LEVERS_WITH_SUDO:
            if acl.may_with_sudo(lever.paths, lever.capabilities).right is not Right.NO:
                found[lever.gives] = Decision(Right.CANNOT_TELL, lever.because)
        return found

    def _find_logins(self) -> None:
        """Collect where a write gives a login that reaches the secrets, until no more are found."""
        while True:
            reaching = [
                each for each in self._holders.values() if each.program or self._of(self._given(each))
            ]
            found = {at for each in reaching for at in self._logins_of(each)}
            if found <= self._logins:
                return
            self._logins |= found
            self._decided.clear()

    def _logins_of(self, holder: Holder) -> Iterator[str]:
        """Return where a write gives a login as a holder, in every spelling that a policy has."""
        for entry in holder.entries:
            below = (
                [each for each in self._holders if each.startswith(entry)]
                if entry.endswith("/role/")
                else [entry]
            )
            for path in below:
                data = self._holders[path].data if path in self._holders else {}
                for at in logins(path, data, self._mounts):
                    yield at
                    begin, is_role, _ = path.rpartition("/role/")
                    # AppRole folds the names of its roles, userpass does not (tried).
                    if is_role and at.startswith(path):
                        end = at.removeprefix(path)
                        spelled = (rule.respell(at) for rule in self._rules)
                        yield from (each for each in spelled if each.startswith(begin) and each.endswith(end))

    @cached_property
    def _rules(self) -> list[Rule]:
        """All rules that have capitals."""
        rules = (rule for name in self._texts for rule in self._acl({name}).rules)
        return [rule for rule in rules if rule.path != rule.path.lower()]

    def _given(self, holder: Holder) -> frozenset[str]:
        """Return the known policies that a holder can give, an entity's with those of its groups."""
        groups = (self._holders.get(f"{GROUPS}{group}") for group in holder.data.get("group_ids") or ())
        of_groups = (each.policies for each in groups if each)
        given = holder.policies.union(holder.requestable(self._texts), holder.chosen, *of_groups)
        return given & self._texts.keys()

    def _acl(self, names: Iterable[str]) -> Acl:
        return Acl.of({name: self._texts[name] for name in names if name in self._texts})


def _describe(found: Mapping[str, Decision]) -> str:
    certain = [what for what, decision in found.items() if decision.right is Right.YES]
    if certain:
        return f"it reaches {' and '.join(certain)}"
    reasons = dict.fromkeys(decision.reason for decision in found.values())
    return f"cannot tell whether it reaches {' and '.join(found)}: {'; '.join(reasons)}"
