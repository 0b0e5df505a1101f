"""The plan of an adoption: each declared object with what becomes of it, and what is chosen of that."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from ciaccess.access.desired.ownership import of_another
from ciaccess.adoption import takeover
from ciaccess.adoption.errors import AdoptionError
from ciaccess.adoption.existing import FINDERS, find
from ciaccess.adoption.world import MOST_PROBES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ciaccess.adoption.existing import Existing
    from ciaccess.adoption.world import Systems
    from ciaccess.engine.preview import Declared

ACCOUNT = "account"
KINDS = {
    "vault:index/mount:Mount": "mount",
    "vault:jwt/authBackend:AuthBackend": "backend",
    "vault:index/policy:Policy": "policy",
    "vault:jwt/authBackendRole:AuthBackendRole": "jwt-role",
    "ciaccess:nexus:Role": "role",
    takeover.TYPE: ACCOUNT,
    "ciaccess:gitlab:GroupVariable": "variable",
}
# What people may ask for, and what is adopted with its account alone.
_PARTS_OF_AN_ACCOUNT = ("user", "password", "secret", "selector", "privilege")


class Becomes(StrEnum):
    """What becomes of an object."""

    ADOPTED = "adopt"
    MADE = "make"
    REFUSED = "refuse"
    IN_STATE = "done"


@dataclass(frozen=True)
class Step:
    """An object: what becomes of it, under which id, what the first `up` changes of it, or why it is refused.

    `changes` are fields, `makes` and `deletes` whole parts of an account; all by path.
    """

    resource: Declared
    becomes: Becomes
    identity: str = ""
    changes: tuple[str, ...] = ()
    makes: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()
    reason: str = ""

    @property
    def kind(self) -> str:
        """Return the kind's word."""
        return KINDS.get(self.resource.type, self.resource.type)


@dataclass(frozen=True)
class Plan:
    """All steps, in the order of the program."""

    declared: tuple[Declared, ...]
    steps: tuple[Step, ...]

    def of(self, *becomes: Becomes) -> tuple[Step, ...]:
        """Return the steps of these sorts."""
        return tuple(step for step in self.steps if step.becomes in becomes)

    def chosen(self, kinds: Iterable[str], accounts: Iterable[str]) -> Plan:
        """Return the part that concerns these kinds and accounts, with what it depends on.

        Raises:
            AdoptionError: there is none such.
        """
        kinds, accounts = list(kinds), list(accounts)
        named = {step.resource.name for step in self.steps if step.kind == ACCOUNT}
        if parts := [each for each in kinds if each in _PARTS_OF_AN_ACCOUNT]:
            raise AdoptionError(
                f"a {parts[0]} is adopted with its account: name that, with --account, or --kind {ACCOUNT} for all of them"
            )
        if unknown := [each for each in kinds if each not in KINDS.values()]:
            raise AdoptionError(
                f"there is no kind {unknown[0]}. There are {', '.join(dict.fromkeys(KINDS.values()))}"
            )
        if unknown := [each for each in accounts if each not in named]:
            raise AdoptionError(
                f"access.yaml declares no account {unknown[0]}. There are {', '.join(sorted(named))}"
            )
        wanted = {
            step.resource.urn
            for step in self.steps
            if step.kind in kinds or (step.kind == ACCOUNT and step.resource.name in accounts)
        }
        by_urn = {each.urn: each for each in self.declared}
        waiting = list(wanted)
        while waiting:
            for urn in by_urn[waiting.pop()].depends_on:
                if urn in by_urn and urn not in wanted:
                    wanted.add(urn)
                    waiting.append(urn)
        return Plan(self.declared, tuple(step for step in self.steps if step.resource.urn in wanted))


def make_plan(declared: tuple[Declared, ...], systems: Systems, owner: str) -> Plan:
    """Look for each declared object that is not in the state; `owner` is who we are.

    What Nexus and GitLab list is asked for once; each account costs a look at its secret, and a login of each user.

    Raises:
        ApiError: a system does not answer.
    """
    objects = [each for each in declared if each.is_object]
    missing = [each for each in objects if not each.is_in_state]
    found: dict[str, Existing | None] = {
        each.urn: find(each, systems) for each in missing if each.type in FINDERS
    }
    accounts = [each for each in missing if each.type == takeover.TYPE]
    with ThreadPoolExecutor(MOST_PROBES) as threads:
        taken = threads.map(lambda each: takeover.take_over(each.inputs, systems, owner), accounts)
        found |= {each.urn: existing for each, existing in zip(accounts, taken, strict=True)}
    steps: dict[str, Step] = {}
    for each in objects:  # in the engine's order, so that what a step needs stands before it
        steps[each.urn] = _after(steps, _step(each, found.get(each.urn), owner))
    return Plan(declared, tuple(steps.values()))


def _step(each: Declared, existing: Existing | None, owner: str) -> Step:
    if each.is_in_state:
        return Step(each, Becomes.IN_STATE)
    if existing is None:
        return Step(each, Becomes.MADE)
    if reason := of_another(existing.owner, owner) or existing.obstacle:
        return Step(each, Becomes.REFUSED, reason=reason)
    return Step(each, Becomes.ADOPTED, existing.identity, existing.differing, existing.made, existing.gone)


def _after(before: dict[str, Step], step: Step) -> Step:
    """Refuse a step that needs a refused one: the engine could not go on with it."""
    for urn in step.resource.depends_on:
        needed = before.get(urn)
        if needed and needed.becomes is Becomes.REFUSED and step.becomes is not Becomes.IN_STATE:
            reason = step.reason or f"it needs {needed.resource.name}, which is refused"
            return Step(step.resource, Becomes.REFUSED, reason=reason)
    return step
