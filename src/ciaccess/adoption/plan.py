"""The plan of an adoption: an action for each declared object, and selections of it."""

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
from ciaccess.engine.resource_types import ACCOUNT, TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ciaccess.adoption.existing import Existing
    from ciaccess.adoption.world import Systems
    from ciaccess.engine.preview import Declared

KINDS = {token: words.kind for token, words in TYPES.items() if words.kind}
_ACCOUNT = KINDS[ACCOUNT]
# Not kinds of their own: adopted only with their account.
_PARTS_OF_AN_ACCOUNT = ("user", "password", "secret", "selector", "privilege")


class PlannedAction(StrEnum):
    """The action on an object."""

    ADOPTED = "adopt"
    MADE = "make"
    REFUSED = "refuse"
    IN_STATE = "done"


@dataclass(frozen=True)
class Step:
    """An object with its action, import id, changes of the first `up`, and reason of a refusal.

    `changes` are fields, `makes` and `deletes` whole parts of an account; all by path.
    """

    resource: Declared
    action: PlannedAction
    identity: str = ""
    changes: tuple[str, ...] = ()
    makes: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()
    reason: str = ""

    @property
    def kind(self) -> str:
        """Return the name of the kind."""
        return KINDS.get(self.resource.type, self.resource.type)


@dataclass(frozen=True)
class Plan:
    """All steps, in the order of the program."""

    declared: tuple[Declared, ...]
    steps: tuple[Step, ...]

    def of(self, *actions: PlannedAction) -> tuple[Step, ...]:
        """Return the steps with these actions."""
        return tuple(step for step in self.steps if step.action in actions)

    def chosen(self, kinds: Iterable[str], accounts: Iterable[str]) -> Plan:
        """Return the steps of these kinds and accounts, with all that they depend on.

        Raises:
            AdoptionError: a kind or account does not exist.
        """
        kinds, accounts = list(kinds), list(accounts)
        named = {step.resource.name for step in self.steps if step.kind == _ACCOUNT}
        if parts := [each for each in kinds if each in _PARTS_OF_AN_ACCOUNT]:
            raise AdoptionError(
                f"a {parts[0]} is adopted with its account: use --account, or --kind {_ACCOUNT} for all accounts"
            )
        if unknown := [each for each in kinds if each not in KINDS.values()]:
            raise AdoptionError(
                f"unknown kind {unknown[0]}. Kinds: {', '.join(dict.fromkeys(KINDS.values()))}"
            )
        if unknown := [each for each in accounts if each not in named]:
            raise AdoptionError(
                f"account {unknown[0]} is not declared. Declared accounts: {', '.join(sorted(named))}"
            )
        wanted = {
            step.resource.urn
            for step in self.steps
            if step.kind in kinds or (step.kind == _ACCOUNT and step.resource.name in accounts)
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
    """Find each declared object that is not in the state; `owner` is ours.

    Lists of Nexus and GitLab are read once; each account needs a read of its secret, and a login per user.

    Raises:
        ApiError: a system is not reachable, or refuses the request.
    """
    objects = [each for each in declared if each.is_object]
    missing = [each for each in objects if not each.is_in_state]
    found: dict[str, Existing | None] = {
        each.urn: find(each, systems) for each in missing if each.type in FINDERS
    }
    accounts = [each for each in missing if each.type == ACCOUNT]
    with ThreadPoolExecutor(MOST_PROBES) as threads:
        taken = threads.map(lambda each: takeover.take_over(each.inputs, systems, owner), accounts)
        found |= {each.urn: existing for each, existing in zip(accounts, taken, strict=True)}
    steps: dict[str, Step] = {}
    for each in objects:  # in the engine's order: dependencies first
        steps[each.urn] = _after(steps, _step(each, found.get(each.urn), owner))
    return Plan(declared, tuple(steps.values()))


def _step(each: Declared, existing: Existing | None, owner: str) -> Step:
    if each.is_in_state:
        return Step(each, PlannedAction.IN_STATE)
    if existing is None:
        return Step(each, PlannedAction.MADE)
    if reason := of_another(existing.owner, owner) or existing.obstacle:
        return Step(each, PlannedAction.REFUSED, reason=reason)
    return Step(
        each,
        PlannedAction.ADOPTED,
        existing.identity,
        existing.differences,
        existing.missing,
        existing.undeclared,
    )


def _after(before: dict[str, Step], step: Step) -> Step:
    """Refuse a step that depends on a refused one: the engine could not carry it out."""
    for urn in step.resource.depends_on:
        needed = before.get(urn)
        if needed and needed.action is PlannedAction.REFUSED and step.action is not PlannedAction.IN_STATE:
            reason = step.reason or f"it needs {needed.resource.name}, which is refused"
            return Step(step.resource, PlannedAction.REFUSED, reason=reason)
    return step
