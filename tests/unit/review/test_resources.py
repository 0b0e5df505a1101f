"""What a change does is told from what somebody did by hand, field by field, and no secret is shown in either."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ciaccess.analysis.facts import AccessFacts
from ciaccess.engine.events import Resource
from ciaccess.review.report import report_of
from ciaccess.review.resources import Counts, planned_changes
from tests.support.access.access import GOOD, edited, valid
from tests.support.engine.events import Engine, read
from tests.support.review.reviewed import reviewed, said

if TYPE_CHECKING:
    from pathlib import Path

TOOL = "    purpose: A tool in a folder of its own\n"
MASKED_VARIABLE = (
    "VAULT_ADDR: ${vault.address}",
    "VAULT_ADDR: ${vault.address}\n        TOKEN_NAME: {value: canary-value, masked: true}",
)


def test_without_any_difference_there_is_nothing_to_say(tmp_path: Path) -> None:
    found = reviewed(tmp_path)
    assert found.is_clean
    assert not found.changes
    assert not found.drift
    assert found.counts == Counts(0, 0, 0)


def test_what_up_only_puts_back_is_drift_and_no_part_of_the_change(tmp_path: Path) -> None:
    live = {
        "svc-tool": {"users": {"svc-tool": {"roles": ["ci-svc-tool", "nx-admin"]}}},
        "svc-app": {"users": {"svc-app": None}},
    }
    found = reviewed(tmp_path, live=live)
    assert not found.changes
    assert not found.access
    assert said(found.drift) == {
        "delete Nexus user svc-app": [],
        "update Nexus user svc-tool": ["roles: + nx-admin"],
    }
    assert all(change.put_back for change in found.drift)
    assert [change.sentence for change in found.drift_access.gains] == [
        "svc-tool is now an administrator of Nexus"
    ]
    assert found.counts == Counts(create=0, update=2, delete=0), "an account is one resource of the engine's"
    assert not found.is_clean


def test_of_one_resource_the_change_and_the_drift_are_told_apart_by_field(tmp_path: Path) -> None:
    more = (TOOL, "    purpose: Tool of all\n")
    found = reviewed(tmp_path, more, live={"svc-tool": {"users": {"svc-tool": {"status": "disabled"}}}})
    assert said(found.changes)["update Nexus user svc-tool"] == [
        "first_name: A tool in a folder of its own → Tool of all"
    ]
    assert said(found.drift) == {"update Nexus user svc-tool": ["status: active → disabled"]}


def test_who_did_by_hand_what_the_change_declares_is_told_of_both(tmp_path: Path) -> None:
    claims = ("token_ttl: 10m", "token_ttl: 5m")
    live = {"vault-role-nexus-ci": {"tokenTtl": 300.0, "tokenMaxTtl": 300.0}}
    found = reviewed(tmp_path, claims, live=live)
    (by_hand,) = found.drift
    assert (
        said(found.changes)
        == said(found.drift)
        == {"update Vault JWT role nexus-ci": ["tokenMaxTtl: 600 → 300", "tokenTtl: 600 → 300"]}
    )
    assert not by_hand.put_back


def test_the_value_of_a_masked_variable_is_never_shown(tmp_path: Path) -> None:
    text = edited(MASKED_VARIABLE)
    assert "canary-value" not in json.dumps(reviewed(tmp_path, text=text).to_json())
    found = reviewed(tmp_path, (", masked: true", ""), ("canary-value", "canary-other"), text=text)
    assert "canary-value" not in json.dumps(found.to_json())


def test_what_stands_by_hand_in_place_of_a_variables_value_is_never_shown(tmp_path: Path) -> None:
    found = reviewed(tmp_path, live={"orchestrator-variable-VAULT_ADDR": {"value": "hvs.canary-token"}})
    assert "canary" not in json.dumps(found.to_json())
    ((sentence,),) = said(found.drift).values()
    assert sentence == "value: changed by hand; not shown, because it may be a credential"


def test_emptiness_in_its_spellings_and_the_order_of_a_list_are_no_change(tmp_path: Path) -> None:
    audiences = ("[https://gitlab.example.org]", "[https://gitlab.example.org, a]")
    live = {
        "vault-role-nexus-ci": {
            "boundSubject": None,
            "tokenBoundCidrs": None,
            "tokenPeriod": None,
            "tokenNoDefaultPolicy": None,
            "boundAudiences": ["https://gitlab.example.org", "a"],
        }
    }
    found = reviewed(tmp_path, live=live, text=edited(audiences))
    assert not found.drift
    assert not found.changes


def test_a_policy_is_told_as_a_difference_of_lines(tmp_path: Path) -> None:
    found = reviewed(tmp_path, ("accounts: [svc-app, svc-tool]", "accounts: [svc-app]"))
    (policy,) = [change for change in found.changes if change.noun == "Vault policy"]
    (field,) = policy.fields
    assert field.is_text
    removed = [line for line in field.lines() if line.startswith("-")]
    assert removed == ['-path "secret/data/nexus/svc-tool" {', '-  capabilities = ["read"]', "-}"]


def test_another_address_of_a_system_is_told_too() -> None:
    urn = "urn:pulumi:local::ciaccess::pulumi:providers:ciaccess::ciaccess"
    before, after = {"nexus_url": "https://a"}, {"nexus_url": "https://b"}
    connection = Resource(
        urn,
        "pulumi:providers:ciaccess",
        "urn:pulumi:local::ciaccess::pulumi:pulumi:Stack::ciaccess-local",
        action="update",
        state=before,
        live=before,
        wanted=after,
        planned=frozenset(after),
    )
    assert said(planned_changes({urn: connection}, "ciaccess/local")) == {
        "update connection ciaccess": ["nexus_url: https://a → https://b"]
    }


def test_a_replacement_counts_as_one_created_and_one_deleted(tmp_path: Path) -> None:
    lines = Engine(
        valid(tmp_path, GOOD), valid(tmp_path, edited(("token_ttl: 10m", "token_ttl: 5m")))
    ).lines()
    replaced = [
        line.replace('"op":"update"', '"op":"replace"') if "vault-role-nexus-ci" in line else line
        for line in lines
    ]
    found = report_of(read(replaced), "ciaccess", "local", AccessFacts.of(valid(tmp_path, GOOD)), None)
    assert found.counts == Counts(create=1, update=0, delete=1)
    (change,) = found.changes
    assert change.action == "replace"
