"""The report's own parts: order, groups of what could not be checked, JUnit, the repair plan, and the state as it is exported."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ciaccess.cli.terminal import output
from ciaccess.clients.could_not_look import CouldNotLook, by_cause
from ciaccess.drift.catalogue import CLASSES
from ciaccess.drift.findings import Finding, Report, Verdict, as_json
from ciaccess.drift.junit import junit
from ciaccess.drift.page import page_of
from ciaccess.drift.repairs import plan
from ciaccess.engine.resource_types import Target
from ciaccess.engine.state import State, parse
from ciaccess.report.page import markdown, show

ACCOUNT = Target("ciaccess:index:ServiceAccount", "svc-a")
FOUND = Finding("nexus.user.status", "user svc-a", "active", "disabled", (ACCOUNT,))
BY_HAND = Finding("nexus.anonymous.enabled", "anonymous access", "off", "on", "switch it off")
URN = "urn:pulumi:prod::ciaccess::ciaccess:index:ServiceAccount::svc-a"


def report(*findings: Finding, not_checked: tuple[CouldNotLook, ...] = ()) -> Report:
    return Report("prod", findings, not_checked)


def test_what_could_not_be_looked_at_outweighs_everything() -> None:
    spot = CouldNotLook("Vault", "Vault", "it is sealed", "Unseal it.")
    assert report().verdict is Verdict.CLEAN
    assert report(FOUND).verdict is Verdict.DRIFT
    assert report(FOUND, not_checked=(spot,)).verdict is Verdict.COULD_NOT_LOOK
    assert report(not_checked=(spot,)).verdict is Verdict.COULD_NOT_LOOK


def test_one_cause_is_one_sentence() -> None:
    spots = tuple(
        CouldNotLook("Nexus", subject, "503", "Wait.") for subject in ("the roles", "the roles", "the users")
    )
    other = CouldNotLook("Nexus", "the privileges", "403", "Ask.")
    assert [each.subject for each in by_cause((*spots, other))] == [
        "the roles and the users",
        "the privileges",
    ]


def test_a_key_stays_the_same_whatever_the_details() -> None:
    again = Finding("nexus.user.status", "user svc-a", "active", "locked", since="2026-11-24")
    assert again.key == FOUND.key
    assert BY_HAND.key != FOUND.key
    assert as_json(report(FOUND))["findings"][0]["key"] == FOUND.key


def test_junit_survives_what_xml_cannot_hold() -> None:
    hostile = Finding("nexus.user.twin", "user \x00\x1b<&\ud800", "only svc-a", "]]>")
    not_checked = (CouldNotLook("Vault", "policy \x0c", "of \x01", "Do."),)
    root = ET.fromstring(junit(report(hostile, not_checked=not_checked)).encode())  # noqa: S314 our own
    assert root.get("failures") == "1"
    assert root.get("errors") == "1"
    assert len(list(root.iter("testcase"))) == len(CLASSES) + 1


def test_a_plan_targets_what_the_state_knows_and_names_the_rest() -> None:
    steps = plan(report(FOUND, BY_HAND), State({ACCOUNT: URN}))
    assert steps.words() == ["up", "--refresh", "--stack", "prod", f"--target={URN}"]
    assert steps.manual == (BY_HAND,)


def test_a_plan_runs_everything_where_a_resource_is_not_in_the_state() -> None:
    assert plan(report(FOUND), State()).words() == ["up", "--refresh", "--stack", "prod"]


@pytest.mark.parametrize(
    ("waiting", "text"),
    [
        ((True,), "Drift: 1 finding, by changes of access.yaml since the last `pulumi up`"),
        ((True, True), "Drift: 2 findings, all of them by changes of access.yaml since the last `pulumi up`"),
        ((True, False), "Drift: 2 findings, 1 of them by changes of access.yaml since the last `pulumi up`"),
        ((False,), "Drift: 1 finding"),
    ],
)
def test_the_verdict_counts_what_waits_for_an_up(waiting: tuple[bool, ...], text: str) -> None:
    found = report(
        *(replace(FOUND, object=f"user svc-{index}", not_applied=each) for index, each in enumerate(waiting))
    )
    assert page_of(found, plan(found, State({ACCOUNT: URN})), "now").verdict == text


def test_what_exists_outside_the_state_is_adopted_first() -> None:
    """An `up` refuses an account whose user somebody else made, so it alone is no repair."""
    other = Target(ACCOUNT.type, "svc-z")
    lost = Finding("nexus.role.missing", "role ci-svc-z", "a role", "nothing", (other,))
    found = report(FOUND, lost)
    shown = markdown(page_of(found, plan(found, State({other: "urn:z"})), "now"))
    assert "./ciaccess adopt plan --stack prod" in shown
    for state in (State({ACCOUNT: URN}), State()):
        assert "adopt" not in markdown(page_of(found, plan(found, state), "now"))


def test_a_plan_without_anything_for_the_engine_does_not_run_it() -> None:
    assert not plan(report(BY_HAND), State()).runs


def test_the_engine_repairs_nothing_while_something_could_not_be_checked() -> None:
    spot = CouldNotLook("Vault", "Vault", "HTTP 403", "Set VAULT_TOKEN.")
    found = report(FOUND, BY_HAND, not_checked=(spot,))
    steps = plan(found, State({ACCOUNT: URN}))
    assert (steps.runs, steps.manual) == (False, (BY_HAND,))
    assert "pulumi up" not in markdown(page_of(found, steps, "now"))


def test_a_page_names_the_command_that_repairs_and_each_severity_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = report(FOUND, BY_HAND)
    show(page_of(found, plan(found, State({ACCOUNT: URN})), "now"), output())
    shown = capsys.readouterr().out
    assert "./ciaccess drift --stack prod --repair --yes runs this, and checks again" in shown
    assert shown.count("critical") == 1


@pytest.mark.parametrize("command", ["vault secrets enable", ""])
@pytest.mark.parametrize("identity", ["vault.mount.missing", "vault.mount.version"])
def test_accounts_wait_for_an_engine_that_is_brought_back_by_hand(identity: str, command: str) -> None:
    role = Target("ciaccess:nexus:Role", "nx-pull-all")
    lost = Finding("nexus.role.missing", "role nx-pull-all", "a role", "nothing", (role,))
    engine = Finding(identity, "KV engine secret/", "kv", "nothing", command)
    state = State({ACCOUNT: URN, role: "urn:role"})
    steps = plan(report(FOUND, lost, engine), state)
    assert steps.urns == ("urn:role",)
    assert steps.accounts_wait
    assert not plan(report(FOUND, engine), state).runs


def test_an_engine_that_is_managed_is_made_with_the_accounts() -> None:
    mount = Target("vault:index/mount:Mount", "secret")
    engine = Finding("vault.mount.missing", "KV engine secret/", "kv", "nothing", (mount,))
    steps = plan(report(FOUND, engine), State({ACCOUNT: URN, mount: "urn:mount"}))
    assert steps.urns == ("urn:mount", URN)
    assert not steps.accounts_wait


def exported(*accounts: dict[str, Any]) -> dict[str, Any]:
    """Return a state of accounts and the stack itself, which is no custom resource."""
    stack = {
        "urn": "urn:pulumi:prod::ciaccess::pulumi:pulumi:Stack::ciaccess-prod",
        "type": "pulumi:pulumi:Stack",
    }
    return {"version": 3, "deployment": {"resources": [stack, *accounts]}}


def account(**fields: Any) -> dict[str, Any]:
    return {"urn": URN, "type": ACCOUNT.type, "custom": True, "id": "svc-a", **fields}


def test_the_state_tells_fingerprints_by_user_and_urns_by_id() -> None:
    state = parse(exported(account(outputs={"fingerprints": {"svc-a": "abc", "svc-a-b": ""}})))
    assert state.fingerprints == {"svc-a": "abc", "svc-a-b": ""}
    assert state.urns == {ACCOUNT: URN}


@pytest.mark.parametrize("fields", [{}, {"outputs": None}, {"outputs": {"fingerprints": None}}])
def test_an_account_without_fingerprints_has_none(fields: dict[str, Any]) -> None:
    state = parse(exported(account(**fields)))
    assert state.fingerprints == {}
    assert ACCOUNT in state.urns


def test_what_waits_to_be_deleted_is_not_the_one() -> None:
    outputs = {"fingerprints": {"svc-a": "old"}}
    assert parse(exported(account(outputs=outputs, delete=True))) == State({}, {})


def test_several_findings_of_an_account_are_one_target() -> None:
    other = Finding("vault.secret.deleted", "secret secret/nexus/svc-a", "x", "deleted", (ACCOUNT,))
    assert plan(report(FOUND, other), State({ACCOUNT: URN})).urns == (URN,)


def test_an_empty_stack_knows_nothing() -> None:
    assert parse({"version": 3, "deployment": {}}) == State({}, {})


@pytest.mark.parametrize(
    "export",
    [
        [],
        "x",
        {"deployment": {"resources": [1]}},
        {"deployment": {"resources": [{"custom": 1}]}},
        exported(account(outputs={"fingerprints": ["abc"]})),
    ],
)
def test_a_state_of_another_shape_is_said(export: Any) -> None:
    with pytest.raises(ValueError, match="not known here"):
        parse(export)
