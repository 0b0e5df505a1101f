"""The engine's events of a preview with refresh, made from what the program registers: state, live and wanted at will."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import components
from ciaccess.access.desired.state import Desired
from ciaccess.engine.events import Preview
from ciaccess.engine.resource_types import ACCOUNT
from tests.support.components.recording import Secret, record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ciaccess.access import Access

Objects = dict[str, tuple[str, str, dict[str, Any]]]
MASKED = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "[secret]"}
_SUCCESS = {"summaryEvent": {"result": "succeeded"}}
_MANY = ("users", "selectors", "privileges")


def read(lines: Iterable[str]) -> Preview:
    """Read the output of a whole run."""
    preview = Preview()
    for line in lines:
        preview.take(line)
    return preview


def objects(access: Access) -> Objects:
    """Return what the program registers for an access.yaml: (type, parent, inputs) by logical name, as the plugin checks them."""

    def declare() -> None:
        desired = Desired.of(access)
        components.VaultJwtAuth("vault", components.VaultJwtAuthArgs(desired, protect=False))
        nexus = components.NexusAccess("nexus", desired)
        for account in desired.accounts.values():
            components.service_account(account, nexus, "ciaccess/local")
        for path, group in desired.groups.items():
            components.GitLabVariables(path, group)

    registered = record(declare).resources.values()
    return {
        each.name: (each.type, each.parent, _checked(each.type, _masked(each.inputs)))
        for each in registered
        if not each.type.startswith("ciaccess:index:") or each.type == ACCOUNT
    }


def _checked(type_: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """Return an account's inputs with what the plugin's check adds to them."""
    if type_ != ACCOUNT:
        return inputs
    users = {
        name: {"status": "active", "login": "accepted", **user} for name, user in inputs["users"].items()
    }
    return inputs | {"users": users, "secret": {"holds": "current", **inputs["secret"]}}


def _masked(value: Any) -> Any:
    if isinstance(value, Secret):
        return MASKED
    if isinstance(value, dict):
        return {name: _masked(each) for name, each in value.items()}
    return [_masked(each) for each in value] if isinstance(value, list) else value


@dataclass
class Engine:
    """What the engine would say of going from one access.yaml to another.

    `live` are fields that differ in the systems, by logical name, those inside a mapping too: a part that is None is
    gone, and so is an object. `in_short` leaves the paths of differences at their first segment.
    """

    before: Access | None
    after: Access
    live: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)
    in_short: bool = False

    def lines(self) -> list[str]:
        """Return the events, one a line."""
        state = objects(self.before) if self.before else {}
        wanted = objects(self.after)
        found = {name: self._live(name, inputs) for name, (_, _, inputs) in state.items()}
        events = [
            self._event(kind, "refresh", name, each, each[2], found[name])
            for name, each in state.items()
            for kind in ("resourcePreEvent", "resOutputsEvent")
        ]
        for name in [*wanted, *(name for name in state if name not in wanted)]:
            old, new = found.get(name), wanted[name][2] if name in wanted else None
            if old is not None or new is not None:
                op = _op(old, new)
                of = wanted.get(name) or state[name]
                kinds = ("resourcePreEvent", "resOutputsEvent")
                events += [self._event(kind, op, name, of, old, new) for kind in kinds]
        return [json.dumps(event, separators=(",", ":")) for event in (*events, _SUCCESS)]

    def _live(self, name: str, inputs: dict[str, Any]) -> dict[str, Any] | None:
        change = self.live.get(name, {})
        return None if change is None else _changed(inputs, change)

    def _event(
        self, kind: str, op: str, name: str, of: tuple[str, str, Any], old: Any, new: Any
    ) -> dict[str, Any]:
        type_, parent, _ = of
        urn = f"urn:pulumi:local::ciaccess::{type_}::{name}"
        both = old is not None and new is not None
        # What comes before a refresh knows of no difference yet.
        known = both and (kind, op) != ("resourcePreEvent", "refresh")
        differing = list(_differing(type_, old, new)) if known else []
        if self.in_short:
            differing = list(dict.fromkeys(path.split(".")[0].split("[")[0] for path in differing))

        def state(inputs: Any) -> dict[str, Any] | None:
            if inputs is None:
                return None
            above = f"urn:pulumi:local::ciaccess::component::{parent}"
            return {"inputs": {"__defaults": [], **inputs}, "custom": True, "parent": above, "outputs": {}}

        metadata: dict[str, Any] = {"op": op, "urn": urn, "type": type_, "old": state(old), "new": state(new)}
        if differing:
            metadata["diffs"] = differing
            metadata["detailedDiff"] = (
                {} if self.in_short else {path: {"diffKind": "update"} for path in differing}
            )
        return {kind: {"metadata": metadata, "planning": True}}


def _changed(inputs: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    changed = dict(inputs)
    for name, value in change.items():
        before = inputs.get(name)
        if value is None and isinstance(before, Mapping):
            changed = {key: each for key, each in changed.items() if key != name}
        elif isinstance(value, Mapping) and isinstance(before, Mapping) and value:
            changed[name] = _changed(before, value)
        else:
            changed[name] = value
    return changed


def _op(old: Any, new: Any) -> str:
    if old is None or new is None:
        return "create" if old is None else "delete"
    return "same" if old == new else "update"


def _differing(type_: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Yield the paths of what differs, as the plugin has them: into the parts of an account, else names of fields."""
    for name in (*old, *(name for name in new if name not in old)):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        if type_ != ACCOUNT or not isinstance(before, Mapping) or not isinstance(after, Mapping):
            yield name
        elif name in _MANY:
            yield from _of_parts(name, before, after)
        else:
            yield from (
                (f"{name}.{each}" for each in _differing("", before, after)) if before and after else (name,)
            )


def _of_parts(section: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(before.keys() | after.keys()):
        path = f'{section}["{name}"]'
        if name in before and name in after:
            yield from (f"{path}.{each}" for each in _differing("", before[name], after[name]))
        else:
            yield path
