"""The plan of an adoption: each declared object with what becomes of it, and what is chosen of that."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from adoption import takeover
from adoption.errors import AdoptionError
from adoption.existing import FINDERS, find

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from adoption.declared import Declared
    from adoption.existing import Existing
    from adoption.world import Systems

ACCOUNT = "account"
KINDS = {
    "vault:index/mount:Mount": "mount",
    "vault:jwt/authBackend:AuthBackend": "backend",
    "vault:index/policy:Policy": "policy",
    "vault:jwt/authBackendRole:AuthBackendRole": "jwt-role",
    "ciaccess:nexus:ContentSelector": "selector",
    "ciaccess:nexus:Privilege": "privilege",
    "ciaccess:nexus:Role": "role",
    **dict.fromkeys((*takeover.TYPES, "ciaccess:vault:SecretMetadata"), ACCOUNT),
    "ciaccess:gitlab:GroupVariable": "variable",
}


class Becomes(StrEnum):
    """What becomes of an object."""

    ADOPTED = "adopt"
    MADE = "make"
    REFUSED = "refuse"
    IN_STATE = "done"


@dataclass(frozen=True)
class Step:
    """An object: what becomes of it, under which id, which fields the first `up` changes, or why it is refused."""

    resource: Declared
    becomes: Becomes
    identity: str = ""
    changes: tuple[str, ...] = ()
    reason: str = ""

    @property
    def kind(self) -> str:
        """Return the kind's word."""
        return KINDS.get(self.resource.type, self.resource.type)


@dataclass(frozen=True)
class Plan:
    """All steps, in the order of the program, and the passwords that imports take, by variable."""

    declared: tuple[Declared, ...]
    steps: tuple[Step, ...]
    passwords: dict[str, str] = field(repr=False)

    def of(self, *becomes: Becomes) -> tuple[Step, ...]:
        """Return the steps of these sorts."""
        return tuple(step for step in self.steps if step.becomes in becomes)

    def chosen(self, kinds: Iterable[str], accounts: Iterable[str]) -> Plan:
        """Return the part that concerns these kinds and accounts, with what it depends on.

        Raises:
            AdoptionError: there is none such.
        """
        kinds, accounts = list(kinds), list(accounts)
        named = {step.resource.owner for step in self.steps if step.kind == ACCOUNT}
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
            if step.kind in kinds or (step.kind == ACCOUNT and step.resource.owner in accounts)
        }
        by_urn = {each.urn: each for each in self.declared}
        waiting = list(wanted)
        while waiting:
            for urn in by_urn[waiting.pop()].depends_on:
                if urn in by_urn and urn not in wanted:
                    wanted.add(urn)
                    waiting.append(urn)
        return Plan(
            self.declared, tuple(step for step in self.steps if step.resource.urn in wanted), self.passwords
        )


def make_plan(declared: tuple[Declared, ...], systems: Systems, mount: str, owner: str) -> Plan:
    """Look for each declared object that is not in the state.

    `mount` is the KV engine's, `owner` who we are.

    Raises:
        ApiError: a system does not answer.
    """
    objects = [each for each in declared if each.is_object]
    missing = [each for each in objects if not each.is_in_state]
    found: dict[str, Existing | None] = {
        each.urn: find(each, systems) for each in missing if each.type in FINDERS
    }
    passwords: dict[str, str] = {}
    for index, members in enumerate(_by_account(missing)):
        taken = takeover.take_over(members, systems, mount, index)
        found |= taken.found
        passwords |= taken.passwords
    steps: dict[str, Step] = {}
    for each in objects:  # in the engine's order, so that what a step needs stands before it
        steps[each.urn] = _after(steps, _step(each, found.get(each.urn), owner))
    return Plan(declared, _as_whole_accounts(steps), passwords)


def _by_account(missing: Sequence[Declared]) -> list[list[Declared]]:
    found: dict[str, list[Declared]] = {}
    for each in missing:
        if KINDS.get(each.type) == ACCOUNT:
            found.setdefault(each.parent, []).append(each)
    return list(found.values())


def _step(each: Declared, existing: Existing | None, owner: str) -> Step:
    if each.is_in_state:
        return Step(each, Becomes.IN_STATE)
    if existing is None:
        return Step(each, Becomes.MADE)
    if existing.owner not in ("", owner):
        reason = (
            f"it says that it is managed by {existing.owner}, and this is {owner} (owner in access.yaml): let it go "
            "there first"
        )
        return Step(each, Becomes.REFUSED, reason=reason)
    if existing.obstacle:
        return Step(each, Becomes.REFUSED, reason=existing.obstacle)
    return Step(each, Becomes.ADOPTED, existing.identity, existing.differing)


def _after(before: dict[str, Step], step: Step) -> Step:
    """Refuse a step that needs a refused one: the engine could not go on with it."""
    for urn in step.resource.depends_on:
        needed = before.get(urn)
        if needed and needed.becomes is Becomes.REFUSED and step.becomes is not Becomes.IN_STATE:
            reason = step.reason or f"it needs {needed.resource.name}, which is refused"
            return Step(step.resource, Becomes.REFUSED, reason=reason)
    return step


def _as_whole_accounts(steps: dict[str, Step]) -> tuple[Step, ...]:
    """Refuse all of an account of which anything is refused: half of it would change its password."""
    refused = {
        step.resource.parent: step.reason
        for step in reversed(steps.values())
        if step.kind == ACCOUNT and step.becomes is Becomes.REFUSED
    }
    return tuple(
        Step(step.resource, Becomes.REFUSED, reason=refused[step.resource.parent])
        if step.resource.parent in refused and step.becomes is not Becomes.IN_STATE
        else step
        for step in steps.values()
    )
