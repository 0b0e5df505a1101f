"""The engine's events of a preview with refresh, made from what the components register: state, live and wanted at will."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import components
from config.identities import service_accounts
from tests.support.recording import Secret, record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config import Access

Objects = dict[str, tuple[str, str, dict[str, Any]]]
MASKED = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "[secret]"}
_SUCCESS = {"summaryEvent": {"result": "succeeded"}}


def objects(access: Access) -> Objects:
    """Return what the components register for an access.yaml: (type, parent, inputs) by logical name."""

    def declare() -> None:
        components.VaultJwtAuth(
            "vault", components.VaultJwtAuthArgs.of(access, protect=False, existing=frozenset())
        )
        nexus = components.NexusAccess("nexus", components.NexusAccessArgs.of(access))
        for account in service_accounts(access):
            components.ServiceAccount(account, components.ServiceAccountArgs.of(access, account, nexus))
        for group in access.gitlab.groups:
            components.GitLabVariables(group, components.GitLabVariablesArgs.of(access, group))

    registered = record(declare).resources.values()
    return {each.name: (each.type, each.parent, _masked(each.inputs)) for each in registered if each.parent}


def _masked(value: Any) -> Any:
    if isinstance(value, Secret):
        return MASKED
    if isinstance(value, dict):
        return {name: _masked(each) for name, each in value.items()}
    return [_masked(each) for each in value] if isinstance(value, list) else value


@dataclass
class Engine:
    """What the engine would say of going from one access.yaml to another.

    `live` are fields that differ in the systems, by logical name; None where the object is gone. `secrets` are
    (logical name, field) in which the engine sees a difference between two values that it masks: `by_hand` of those in
    the systems, `planned` of those that `up` would write.
    """

    before: Access | None
    after: Access
    live: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)
    by_hand: frozenset[tuple[str, str]] = frozenset()
    planned: frozenset[tuple[str, str]] = frozenset()

    def lines(self) -> list[str]:
        """Return the events, one a line."""
        state = objects(self.before) if self.before else {}
        wanted = objects(self.after)
        found = {name: self._live(name, inputs) for name, (_, _, inputs) in state.items()}
        events = [
            self._event("resOutputsEvent", "refresh", name, each, each[2], found[name])
            for name, each in state.items()
        ]
        for name in [*wanted, *(name for name in state if name not in wanted)]:
            old, new = found.get(name), wanted[name][2] if name in wanted else None
            if old is not None or new is not None:
                op = self._op(name, old, new)
                of = wanted.get(name) or state[name]
                kinds = ("resourcePreEvent", "resOutputsEvent")
                events += [self._event(kind, op, name, of, old, new) for kind in kinds]
        return [json.dumps(event) for event in (*events, _SUCCESS)]

    def _live(self, name: str, inputs: dict[str, Any]) -> dict[str, Any] | None:
        change = self.live.get(name, {})
        return None if change is None else inputs | dict(change)

    def _op(self, name: str, old: Any, new: Any) -> str:
        if old is None or new is None:
            return "create" if old is None else "delete"
        planned = {resource for resource, _ in self.planned | self.by_hand}
        return "same" if old == new and name not in planned else "update"

    def _event(
        self, kind: str, op: str, name: str, of: tuple[str, str, Any], old: Any, new: Any
    ) -> dict[str, Any]:
        type_, parent, _ = of
        urn = f"urn:pulumi:local::ciaccess::{type_}::{name}"
        differing = [
            key for key in {**(old or {}), **(new or {})} if (old or {}).get(key) != (new or {}).get(key)
        ]
        # What somebody changed by hand, up puts back.
        chosen = self.by_hand if op == "refresh" else self.planned | self.by_hand
        differing += [key for resource, key in chosen if resource == name]

        def state(inputs: Any) -> dict[str, Any] | None:
            if inputs is None:
                return None
            above = f"urn:pulumi:local::ciaccess::component::{parent}"
            return {"inputs": {"__defaults": [], **inputs}, "custom": True, "parent": above, "outputs": {}}

        both = old is not None and new is not None
        metadata = {
            "op": op,
            "urn": urn,
            "type": type_,
            "old": state(old),
            "new": state(new),
            "diffs": differing if both else None,
            "detailedDiff": {key: {"diffKind": "update"} for key in differing} if both else None,
        }
        return {kind: {"metadata": metadata, "planning": True}}
