"""The engine's output is read line by line, and what is not understood is an error, never nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ciaccess.engine.events import EventsError
from tests.support.engine.events import read

URN = "urn:pulumi:local::ciaccess::ciaccess:nexus:Role::nexus-role-a"


def event(kind: str, op: str, old: Any, new: Any, diffs: list[str] | None = None) -> str:
    def state(inputs: Any) -> Any:
        return None if inputs is None else {"inputs": inputs, "custom": True, "parent": "urn::svc-a"}

    metadata = {"op": op, "urn": URN, "type": "ciaccess:nexus:Role", "old": state(old), "new": state(new)}
    event = {kind: {"metadata": metadata | {"diffs": diffs, "detailedDiff": None}}}
    return json.dumps(event, separators=(",", ":"))


def test_a_resource_has_the_three_states_that_the_events_tell() -> None:
    preview = read(
        [
            event("resourcePreEvent", "refresh", {"a": 1}, {"a": 1}),
            event("resOutputsEvent", "refresh", {"a": 1}, {"a": 2}, ["a"]),
            event("resourcePreEvent", "update", {"a": 2}, {"a": 3}, ["a"]),
            event("resOutputsEvent", "update", {"a": 2}, {"a": 3}, ["a"]),
            json.dumps({"summaryEvent": {"result": "succeeded"}}),
        ]
    )
    (resource,) = preview.resources.values()
    assert (resource.state, resource.live, resource.wanted) == ({"a": 1}, {"a": 2}, {"a": 3})
    assert resource.action == "update"
    assert resource.drifted == resource.planned == {"a"}
    assert preview.succeeded
    assert (preview.refreshed, preview.compared) == (1, 1)


def test_what_a_bridged_plugin_leaves_out_of_the_inputs_it_read_is_in_its_outputs() -> None:
    """Pulumi-vault reads back no more elements of a list than the state has, and no field that it has not."""
    old, declared = {"policies": ["a"]}, {"inputs": {"policies": ["a"]}, "custom": True, "parent": "urn::v"}
    read_back = declared | {"outputs": {"policies": ["a", "root"], "cidrs": ["::/0"], "accessor": "x"}}
    metadata = {
        "op": "refresh",
        "urn": URN,
        "type": "vault:jwt/authBackendRole:AuthBackendRole",
        "old": declared,
        "new": read_back,
        "diffs": ["policies[1]", "cidrs"],
    }
    (resource,) = read([json.dumps({"resOutputsEvent": {"metadata": metadata}})]).resources.values()
    assert resource.state == old
    assert resource.live == {"policies": ["a", "root"], "cidrs": ["::/0"]}


def test_a_resource_that_stays_as_it_is_is_kept_once() -> None:
    preview = read(
        [
            event("resourcePreEvent", "refresh", {"a": [1]}, {"a": [1]}),
            event("resOutputsEvent", "refresh", {"a": [1]}, {"a": [1]}),
            event("resourcePreEvent", "same", {"a": [1]}, {"a": [1]}),
            event("resOutputsEvent", "same", {"a": [1]}, {"a": [1]}),
        ]
    )
    (resource,) = preview.resources.values()
    assert resource.state is resource.live is resource.wanted
    assert (preview.refreshed, preview.compared) == (1, 1)


def test_a_resource_that_was_deleted_by_hand_is_not_live() -> None:
    preview = read(
        [
            event("resOutputsEvent", "refresh", {"a": 1}, None),
            event("resOutputsEvent", "create", None, {"a": 1}),
        ]
    )
    (resource,) = preview.resources.values()
    assert resource.state == resource.wanted == {"a": 1}
    assert resource.live is None


def test_a_replacement_keeps_what_is_wanted_whichever_half_comes_last() -> None:
    preview = read(
        [
            event("resOutputsEvent", "refresh", {"a": 1}, {"a": 1}),
            event("resOutputsEvent", "create-replacement", {"a": 1}, {"a": 2}, ["a"]),
            event("resOutputsEvent", "replace", {"a": 1}, {"a": 2}, ["a"]),
            event("resOutputsEvent", "delete-replaced", {"a": 1}, None),
        ]
    )
    (resource,) = preview.resources.values()
    assert resource.action == "replace"
    assert resource.wanted == {"a": 2}


def test_without_the_engines_own_word_a_run_has_not_succeeded() -> None:
    assert not read([event("resOutputsEvent", "refresh", {}, {})]).succeeded
    assert not read([json.dumps({"summaryEvent": {"result": "failed"}})]).succeeded


def test_errors_are_kept_and_what_plugins_log_is_not() -> None:
    def diagnostic(severity: str, message: str) -> str:
        return json.dumps({"diagnosticEvent": {"severity": severity, "message": message}})

    lines = [
        diagnostic("debug", "hvs.canary"),
        diagnostic("error", "error: no\n"),
        "error: no stack named 'x'\n",
        "\n",
    ]
    assert read(lines).errors == ["error: no", "error: no stack named 'x'"]


@pytest.mark.parametrize(
    "line",
    [
        '{"resOutputsEvent": {}}',
        '{"resourcePreEvent": {"metadata": {"op": "same"}}}',
        '{"diagnosticEvent": 1}',
    ],
)
def test_an_event_of_another_shape_is_an_error(line: str) -> None:
    with pytest.raises(EventsError, match="another shape"):
        read([line])
