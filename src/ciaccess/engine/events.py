"""The streamed events of `pulumi preview --refresh --json`, as resources in three states.

Streamed, because that alone tells what a refresh found: in the document that `--json` prints otherwise, the steps of a
refresh have the same state before and after. The engine has masked every secret before an event is written. `state` is
what the last `up` left, `live` what the systems have, `wanted` what the program declares, all of them inputs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Inputs = Mapping[str, Any]

REFRESH = "refresh"
_REPLACING = ("replace", "create-replacement", "delete-replaced")
_ACTIONS = ("same", "create", "update", "delete", "import", *_REPLACING)
_IS_PART = re.compile(r"[.\[]")
# Half of a run's bytes at a thousand accounts: events before a step, repeated by those after it.
_SAYS_NOTHING = re.compile(r'"resourcePreEvent":\{"metadata":\{"op":"(?:refresh|same)"')
_HEAD_CHARACTERS = 200
_BRIDGED = "vault:"


class EventsError(Exception):
    """The engine's output is of another shape than is known here."""


@dataclass(frozen=True)
class Resource:
    """A resource of the stack. A state is None where there is no such thing in it.

    `action` is what `up` would do: same, create, update, delete, replace or import. `drifted` and `planned` are the
    names of the fields in which the engine sees a difference: between state and live, and between live and wanted.
    """

    urn: str
    type: str
    parent: str = ""
    custom: bool = True
    action: str = "same"
    state: Inputs | None = None
    live: Inputs | None = None
    wanted: Inputs | None = None
    drifted: frozenset[str] = frozenset()
    planned: frozenset[str] = frozenset()

    @property
    def inputs(self) -> Inputs:
        """Return what is known of it, the latest first."""
        return self.wanted or self.live or self.state or {}


@dataclass
class Preview:
    """A run of the engine. `succeeded` is its own verdict; `errors` are its messages.

    `refreshed` and `compared` are how many resources were read, and then compared with what is declared.
    """

    resources: dict[str, Resource] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    succeeded: bool = False
    refreshed: int = 0
    compared: int = 0

    def take(self, line: str) -> None:
        """Take one line of the engine's output; anything but an event is kept as a message.

        Raises:
            EventsError: an event lacks what every event of its kind has.
        """
        if _SAYS_NOTHING.search(line, 0, _HEAD_CHARACTERS):
            return
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if not isinstance(event, dict):
            if line.strip():
                self.errors.append(line.strip())
            return
        try:
            self._take(event)
        except (KeyError, TypeError, AttributeError) as error:
            raise EventsError(
                f"an event of the engine has another shape than is known here ({error})"
            ) from None

    def _take(self, event: Mapping[str, Any]) -> None:
        if "diagnosticEvent" in event:
            reason = event["diagnosticEvent"]
            if reason.get("severity") == "error":
                self.errors.append(str(reason["message"]).strip())
        elif "summaryEvent" in event:
            self.succeeded = event["summaryEvent"].get("result") == "succeeded"
        elif "resourcePreEvent" in event:
            # What a refresh found is in its second event alone.
            metadata = event["resourcePreEvent"]["metadata"]
            if metadata["op"] != REFRESH:
                self._plan(metadata)
        elif "resOutputsEvent" in event:
            metadata = event["resOutputsEvent"]["metadata"]
            if metadata["op"] == REFRESH:
                self._refresh(metadata)
            else:
                self.compared += 1
                self._plan(metadata)

    def _refresh(self, metadata: Mapping[str, Any]) -> None:
        self.refreshed += 1
        found = self._resource(metadata)
        state, drifted = _inputs(metadata["old"]), _different_fields(metadata)
        live = _the_same(_live_inputs(metadata, drifted), state)
        self.resources[found.urn] = replace(found, state=state, live=live, drifted=drifted)

    def _plan(self, metadata: Mapping[str, Any]) -> None:
        action = metadata["op"]
        if action not in _ACTIONS:  # such as read, discard
            return
        found = self._resource(metadata)
        old, new = _inputs(metadata["old"]), _inputs(metadata["new"])
        if found.state is None and found.live is None and not found.drifted:
            # It was not refreshed: then what the state has is all that is known.
            found = replace(found, state=old, live=old)
        self.resources[found.urn] = replace(
            found,
            action="replace" if action in _REPLACING else action,
            # The old half of a replacement comes last, and declares nothing.
            wanted=found.wanted if action == "delete-replaced" else _the_same(new, found.live),
            planned=found.planned | _different_fields(metadata),
        )

    def _resource(self, metadata: Mapping[str, Any]) -> Resource:
        urn = metadata["urn"]
        if urn in self.resources:
            return self.resources[urn]
        state = metadata["new"] or metadata["old"] or {}
        return Resource(
            urn=urn,
            type=metadata["type"],
            parent=state.get("parent", ""),
            custom=bool(state.get("custom")),
        )


def _inputs(state: Mapping[str, Any] | None) -> Inputs | None:
    return None if state is None else dict(state.get("inputs") or {})


def _live_inputs(metadata: Mapping[str, Any], drifted: frozenset[str]) -> Inputs | None:
    """Return the inputs that a refresh read.

    A plugin bridged from Terraform reads back no more elements of a list, keys of a mapping and fields than the state has
    (measured on pulumi-vault 7): its outputs have them all.
    """
    live = _inputs(metadata["new"])
    if live is None or not metadata["type"].startswith(_BRIDGED):
        return live
    outputs = metadata["new"].get("outputs") or {}
    return {**live, **{name: outputs[name] for name in drifted if outputs.get(name) is not None}}


def _the_same(inputs: Inputs | None, other: Inputs | None) -> Inputs | None:
    """Return the other one where they are equal: most resources stay as they are, and are kept once."""
    return other if inputs == other else inputs


def _different_fields(metadata: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the inputs that differ, each without the path inside it."""
    paths = [*(metadata.get("diffs") or ()), *(metadata.get("detailedDiff") or ())]
    return frozenset(_IS_PART.split(path)[0] for path in paths)
