"""The report's own parts: order, groups of blind spots, JUnit, the repair plan, and the state as it is exported."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from drift.catalogue import CLASSES
from drift.findings import Blind, Finding, Report, Target, Verdict, as_json, blind_groups
from drift.junit import junit
from drift.repairs import plan
from drift.state import State, parse

USER = Target("ciaccess:nexus:User", "svc-a")
FOUND = Finding("nexus.user.status", "user svc-a", "active", "disabled", targets=(USER,))
BY_HAND = Finding("nexus.anonymous.enabled", "anonymous access", "off", "on", by_hand="switch it off")
URN = "urn:pulumi:prod::ciaccess::x$ciaccess:nexus:User::svc-a-user"


def report(*findings: Finding, blind: tuple[Blind, ...] = ()) -> Report:
    return Report("prod", findings, blind)


def test_what_could_not_be_looked_at_outweighs_everything() -> None:
    spot = Blind("Vault", "Vault", "it is sealed", "Unseal it.")
    assert report().verdict is Verdict.CLEAN
    assert report(FOUND).verdict is Verdict.DRIFT
    assert report(FOUND, blind=(spot,)).verdict is Verdict.COULD_NOT_LOOK
    assert report(blind=(spot,)).verdict is Verdict.COULD_NOT_LOOK


def test_one_cause_is_one_sentence() -> None:
    spots = tuple(
        Blind("Nexus", subject, "503", "Wait.") for subject in ("the roles", "the roles", "the users")
    )
    other = Blind("Nexus", "the privileges", "403", "Ask.")
    groups = [subjects for subjects, _ in blind_groups((*spots, other))]
    assert groups == ["the roles and the users", "the privileges"]


def test_a_key_stays_the_same_whatever_the_details() -> None:
    again = Finding("nexus.user.status", "user svc-a", "active", "locked", since="2026-11-24")
    assert again.key == FOUND.key
    assert BY_HAND.key != FOUND.key
    assert as_json(report(FOUND))["findings"][0]["key"] == FOUND.key


def test_junit_survives_what_xml_cannot_hold() -> None:
    hostile = Finding("nexus.user.twin", "user \x00\x1b<&\ud800", "only svc-a", "]]>")
    blind = (Blind("Vault", "policy \x0c", "of \x01", "Do."),)
    root = ET.fromstring(junit(report(hostile, blind=blind)).encode())  # noqa: S314 our own
    assert root.get("failures") == "1"
    assert root.get("errors") == "1"
    assert len(list(root.iter("testcase"))) == len(CLASSES) + 1


def test_a_plan_targets_what_the_state_knows_and_names_the_rest() -> None:
    steps = plan(report(FOUND, BY_HAND), State({USER: URN}))
    assert steps.words() == ["up", "--refresh", "--stack", "prod", f"--target={URN}"]
    assert steps.by_hand == (BY_HAND,)


def test_a_plan_runs_everything_where_a_resource_is_not_in_the_state() -> None:
    assert plan(report(FOUND), State()).words() == ["up", "--refresh", "--stack", "prod"]


def test_a_plan_without_anything_for_the_engine_does_not_run_it() -> None:
    assert not plan(report(BY_HAND), State()).runs


def exported(**password: Any) -> dict[str, Any]:
    """Return a state of two users that take turns."""
    parent = "urn:pulumi:prod::ciaccess::ciaccess:index:ServiceAccount::svc-a"
    resources: list[dict[str, Any]] = [{"urn": parent, "type": "ciaccess:index:ServiceAccount"}]
    for number, urn in ((1, URN), (2, f"{URN}-b")):
        made = {"type": "ciaccess:index:Password", "custom": True, "id": "password", "parent": parent}
        user = {"type": "ciaccess:nexus:User", "custom": True, "parent": parent}
        fields = password if number == 1 else {"outputs": {"fingerprint": "other"}}
        resources += [
            {"urn": f"p{number}", **made, **fields},
            {
                "urn": urn,
                **user,
                "id": "svc-a-b"[: 5 if number == 1 else 7],
                "propertyDependencies": {"password": [f"p{number}"]},
            },
        ]
    return {"version": 3, "deployment": {"resources": resources}}


def test_the_state_tells_fingerprints_by_user_and_urns_by_id() -> None:
    state = parse(exported(outputs={"fingerprint": "abc"}))
    assert state.fingerprints == {"svc-a": "abc", "svc-a-b": "other"}
    assert state.urns[USER] == URN


@pytest.mark.parametrize("password", [{}, {"outputs": None}, {"outputs": {"version": 1}}])
def test_a_password_older_than_fingerprints_has_none(password: dict[str, Any]) -> None:
    assert parse(exported(**password)).fingerprints == {"svc-a": None, "svc-a-b": "other"}


def test_a_user_that_waits_to_be_deleted_is_not_the_one() -> None:
    export = exported(outputs={"fingerprint": "old"})
    export["deployment"]["resources"][2]["delete"] = True
    state = parse(export)
    assert "svc-a" not in state.fingerprints
    assert USER not in state.urns


def test_an_empty_stack_knows_nothing() -> None:
    assert parse({"version": 3, "deployment": {}}) == State({}, {})


@pytest.mark.parametrize(
    "export", [[], "x", {"deployment": {"resources": [1]}}, {"deployment": {"resources": [{"custom": 1}]}}]
)
def test_a_state_of_another_shape_is_said(export: Any) -> None:
    with pytest.raises(ValueError, match="not known here"):
        parse(export)
