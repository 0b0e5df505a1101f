"""A preview: who gains and loses, what changes, what drifted, and whether YAML and engine agree."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, NamedTuple, Self

from ciaccess.access import Access
from ciaccess.access.desired.former_names import ALWAYS, FormerName, expand_former_accounts
from ciaccess.analysis.changes import Change, Difference
from ciaccess.analysis.difference import difference
from ciaccess.analysis.facts import AccessFacts
from ciaccess.clients.credentials import gitlab_is_unread
from ciaccess.engine.events import Inputs, Preview, Resource
from ciaccess.engine.resource_types import ACCOUNT, VARIABLE
from ciaccess.engine.settings import claim
from ciaccess.report.page import Chart
from ciaccess.review.account import known_inputs
from ciaccess.review.charts import charts_of
from ciaccess.review.facts_of_resources import facts, is_own, policy_names
from ciaccess.review.resources import Counts, ResourceChange, counts, manual_changes, planned_changes

_Objects = list[tuple[str, Inputs]]

_NOTHING = Difference()
PASSWORDS = "passwords: a preview reads no secret and tries no login. ./ciaccess drift does both"
VARIABLES = "variables of GitLab groups: compared with the state, not refreshed. ./ciaccess drift reads them"


@dataclass(frozen=True)
class Agreement:
    """Whether the YAML's change is what the engine would do; `base` is the compared revision.

    `yaml_only` and `engine_only` are the facts of only one of them; `refused` is why the YAML of the
    base could not be compared.
    """

    base: str
    yaml_only: Difference = _NOTHING
    engine_only: Difference = _NOTHING
    refused: str = ""

    def __bool__(self) -> bool:
        return not (self.yaml_only or self.engine_only or self.refused)

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "agree": bool(self),
            "base": self.base,
            "yaml_only": self.yaml_only.to_json(),
            "engine_only": self.engine_only.to_json(),
            "refused": self.refused or None,
        }


@dataclass(frozen=True)
class Report:
    """What one preview found. `agreement` is None where no base was named to compare with.

    `locked` names the run that locks the stack, whose changes show as manual ones.
    `former` has a text on each account that was renamed until when it stays, and of one whose day is over that `up` removes it.
    """

    project: str
    stack: str
    access: Difference
    changes: tuple[ResourceChange, ...]
    drift_access: Difference
    drift: tuple[ResourceChange, ...]
    counts: Counts
    agreement: Agreement | None = None
    former: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    not_checked: tuple[str, ...] = ()
    locked: str = ""

    @property
    def is_clean(self) -> bool:
        """Tell whether there is nothing to say: no change, no drift, no disagreement."""
        edited = self.access.anchors or self.access.settings
        nothing = self.counts == Counts(0, 0, 0) and not (self.changes or self.drift or edited)
        return nothing and (self.agreement is None or bool(self.agreement))

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "project": self.project,
            "stack": self.stack,
            "clean": self.is_clean,
            "counts": self.counts._asdict(),
            "access": self.access.to_json(),
            "changes": [change.to_json() for change in self.changes],
            "drift": {
                "access": self.drift_access.to_json(),
                "resources": [{**each.to_json(), "put_back": each.put_back} for each in self.drift],
            },
            "agreement": None if self.agreement is None else self.agreement.to_json(),
            "former": list(self.former),
            "not_checked": list(self.not_checked),
        }


@dataclass(frozen=True)
class Base:
    """The YAML that the change starts from: its git revision, and its facts, or why it is refused.

    `undated` are its facts if no former account's day were over, None where none is: what is perhaps still there.
    """

    revision: str
    facts: AccessFacts | None
    refused: str = ""
    undated: AccessFacts | None = None

    @classmethod
    def of(cls, revision: str, access: Access, facts: AccessFacts) -> Self:
        """Take it from the YAML of then, as it is read today, and its facts."""
        whole = expand_former_accounts(access, ALWAYS)
        return cls(revision, facts, undated=None if whole is access else AccessFacts.of(whole))


class _Access(NamedTuple):
    """What the change does, what was done by hand, and the facts before and after the change."""

    planned: Difference = _NOTHING
    by_hand: Difference = _NOTHING
    facts: tuple[AccessFacts, AccessFacts] | None = None


def report_of(
    preview: Preview,
    project: str,
    stack: str,
    declared: AccessFacts,
    base: Base | None,
    former: Iterable[FormerName] = (),
) -> Report:
    """Return the report of a run that succeeded.

    `declared` are the facts of the YAML that was run, `former` its former names.
    """
    resources = preview.resources
    states = _states(resource for resource in resources.values() if resource.custom)
    access = _access(states, declared, lambda name: not is_own(name))
    own = _access(states, declared, is_own)
    variables_unread = gitlab_is_unread() and any(each.type == VARIABLE for each in resources.values())
    return Report(
        project=project,
        stack=stack,
        access=_with_settings(_merge(access.planned, own.planned), base, declared),
        changes=planned_changes(resources, claim(stack)),
        drift_access=_merge(access.by_hand, own.by_hand),
        drift=manual_changes(resources),
        counts=counts(resources.values()),
        agreement=None if base is None else _agreement(access.planned, base, declared),
        former=_former(resources.values(), former),
        charts=charts_of(*access.facts, access.planned) if access.facts and access.planned else (),
        not_checked=(PASSWORDS, VARIABLES) if variables_unread else (PASSWORDS,),
    )


def _with_settings(access: Difference, base: Base | None, declared: AccessFacts) -> Difference:
    """Add the trust anchors and settings that the change edits; the engine knows of none."""
    if base is None or base.facts is None:
        return access
    changes = difference(base.facts, declared)
    return replace(access, anchors=changes.anchors, settings=changes.settings)


def _former(resources: Iterable[Resource], former: Iterable[FormerName]) -> tuple[str, ...]:
    """Return the texts on former accounts: nothing of those that are over, and gone."""
    there = {each.state["account"] for each in resources if each.type == ACCOUNT and each.state is not None}
    return tuple(
        f"{each.name}: {each}{': up removes it' if each.is_over else ''}"
        for each in former
        if not each.is_over or each.name in there
    )


def _states(resources: Iterable[Resource]) -> tuple[_Objects, _Objects, _Objects]:
    """Return what there is in the state, in the systems, and in what is wanted."""
    found: tuple[_Objects, _Objects, _Objects] = ([], [], [])
    for resource in resources:
        wanted = known_inputs(resource) if resource.type == ACCOUNT else resource.wanted
        for objects, inputs in zip(found, (resource.state, resource.live, wanted), strict=True):
            if inputs is not None:
                objects.append((resource.type, inputs))
    return found


def _access(
    states: tuple[_Objects, _Objects, _Objects], declared: AccessFacts, concerns: Callable[[str], bool]
) -> _Access:
    """Return what the states differ in; of equal ones no facts are derived, which takes time."""
    state, live, wanted = states
    if state == live == wanted:
        return _Access()
    known = policy_names(chain(*states))
    before = facts(state, declared, concerns, known)
    now, after = (
        before if each == state else facts(each, declared, concerns, known) for each in (live, wanted)
    )
    return _Access(difference(before, after), difference(before, now), (before, after))


def _merge(one: Difference, other: Difference) -> Difference:
    # Both include the trust in the keys, which belongs to no account.
    return Difference(
        (*one.gains, *_without_known(other.gains, one.gains)),
        (*one.losses, *_without_known(other.losses, one.losses)),
    )


def _agreement(engine: Difference, base: Base, declared: AccessFacts) -> Agreement:
    if base.facts is None:
        return Agreement(base.revision, refused=base.refused)
    yaml = difference(base.facts, declared)
    # What has ended with its day is in neither YAML, and the engine's to remove all the same.
    ended = difference(base.undated, declared) if base.undated else _NOTHING
    return Agreement(base.revision, _without(yaml, engine), _without(_without(engine, yaml), ended))


def _without(one: Difference, other: Difference) -> Difference:
    return Difference(_without_known(one.gains, other.gains), _without_known(one.losses, other.losses))


def _without_known(changes: Iterable[Change], others: Iterable[Change]) -> tuple[Change, ...]:
    known = {change.sentence for change in others}
    return tuple(change for change in changes if change.sentence not in known)
