"""The plan of an adoption: an action for each declared object, and selections of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from ciaccess.access.desired.ownership import of_another
from ciaccess.access.desired.state import Desired
from ciaccess.access.reading.faults import require_declared
from ciaccess.adoption import existing, takeover
from ciaccess.adoption.existing import Existing
from ciaccess.adoption.inventory import MOST_PROBES, Systems
from ciaccess.engine import resource_types
from ciaccess.engine.declared import Declared
from ciaccess.engine.resource_types import ACCOUNT, TYPES, Target
from ciaccess.errors import CommandError

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
    """An object with its action, what exists of an adopted one, and the reason of a refusal."""

    resource: Declared
    action: PlannedAction
    found: Existing = existing.NOTHING
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
            CommandError: a kind or account does not exist.
        """
        kinds, accounts = list(kinds), list(accounts)
        named = {step.resource.name for step in self.steps if step.kind == _ACCOUNT}
        if parts := [each for each in kinds if each in _PARTS_OF_AN_ACCOUNT]:
            raise CommandError(
                f"a {parts[0]} is adopted with its account: use --account, or --kind {_ACCOUNT} for all accounts"
            )
        if unknown := [each for each in kinds if each not in KINDS.values()]:
            raise CommandError(
                f"unknown kind {unknown[0]}. Kinds: {', '.join(dict.fromkeys(KINDS.values()))}"
            )
        require_declared(accounts, sorted(named))
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


def make_plan(
    declared: tuple[Declared, ...], desired: Desired, systems: Systems, owner: str, claim: str
) -> Plan:
    """Find the object for each desired one that is not in the state.

    `owner` and `claim` are this stack's. Lists of Nexus and GitLab are read once; each account needs a read of its secret, and a login per user.

    Raises:
        ApiError: a system is not reachable, or refuses the request.
    """
    objects = [each for each in declared if each.is_object]
    finders = _finders(desired, systems, claim)
    missing = [each.target for each in objects if not each.is_in_state and each.target in finders]
    with ThreadPoolExecutor(MOST_PROBES) as threads:
        found = dict(zip(missing, threads.map(lambda each: finders[each](), missing), strict=True))
    steps: dict[str, Step] = {}
    for each in objects:  # in the engine's order: dependencies first
        steps[each.urn] = _step(each, found.get(each.target), owner, steps)
    return Plan(declared, tuple(steps.values()))


def _finders(desired: Desired, systems: Systems, claim: str) -> dict[Target, Callable[[], Existing | None]]:
    """Return the function that finds the existing object, for each object of the desired state."""
    jwt, nexus, vault = desired.jwt_mount, systems.nexus, systems.vault
    found: dict[Target, Callable[[], Existing | None]] = {
        resource_types.kv_mount(desired.kv_mount): partial(existing.kv_mount, desired.kv_mount, vault),
        resource_types.backend(jwt): partial(existing.backend, jwt, desired.backend, vault),
    }
    for policy in desired.policies.values():
        found[resource_types.policy(policy.name)] = partial(existing.policy, policy, vault)
    for role in desired.jwt_roles.values():
        found[resource_types.jwt_role(jwt, role.name)] = partial(existing.jwt_role, jwt, role, vault)
    for name, named in desired.named_roles.items():
        found[resource_types.role(name)] = partial(existing.in_nexus, nexus.roles.find, name, named)
    for account in desired.accounts.values():
        target = resource_types.account(account.name)
        found[target] = partial(takeover.take_over, account, systems, claim)
    for group in desired.groups.values():
        for each in group.variables.values():
            target = resource_types.variable(group.identity, each.key, each.environment_scope)
            found[target] = partial(existing.variable, each, systems.gitlab)
    return found


def _step(each: Declared, found: Existing | None, owner: str, before: dict[str, Step]) -> Step:
    """Return an object's step; refused if a needed one is: the engine could not carry it out."""
    if each.is_in_state:
        return Step(each, PlannedAction.IN_STATE)
    reason = (of_another(found.owner, owner) or found.obstacle) if found else ""
    for urn in each.depends_on:
        if not reason and urn in before and before[urn].action is PlannedAction.REFUSED:
            reason = f"it needs {before[urn].resource.name}, which is refused"
    if reason:
        return Step(each, PlannedAction.REFUSED, reason=reason)
    return Step(each, PlannedAction.ADOPTED, found) if found else Step(each, PlannedAction.MADE)
