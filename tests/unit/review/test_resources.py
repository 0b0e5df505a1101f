"""What a change does is told from what somebody did by hand, field by field, and no secret is shown in either."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from analysis.facts import AccessFacts
from review.events import Resource, read
from review.report import report_of
from review.resources import Counts, proposed
from tests.support.access import GOOD, edited, valid
from tests.support.engine_events import Engine

if TYPE_CHECKING:
    from pathlib import Path

    from review.report import Report
    from review.resources import ResourceChange

TOOL = "    purpose: A tool in a folder of its own\n"
ADMIN = "    purpose: Administration\n"
ROTATED = (TOOL, f"{TOOL}    rotation: 2\n")
MASKED_VARIABLE = (
    "VAULT_ADDR: ${vault.address}",
    "VAULT_ADDR: ${vault.address}\n        TOKEN_NAME: {value: canary-value, masked: true}",
)


def report(folder: Path, *edits: tuple[str, str], text: str = GOOD, **engine: Any) -> Report:
    before, after = valid(folder, text), valid(folder, edited(*edits, text=text))
    preview = read(Engine(before, after, **engine).lines())
    assert preview.succeeded
    return report_of(preview, "ciaccess", "local", AccessFacts.of(after), None)


def said(changes: tuple[ResourceChange, ...]) -> dict[str, list[str]]:
    """Return what is said of each, by what is done to which."""
    return {
        f"{change.action} {change.noun} {change.name}": [field.sentence() for field in change.fields]
        for change in changes
    }


def test_without_any_difference_there_is_nothing_to_say(tmp_path: Path) -> None:
    found = report(tmp_path)
    assert found.is_clean
    assert not found.changes
    assert not found.drift
    assert found.counts == Counts(0, 0, 0)


def test_what_up_only_puts_back_is_drift_and_no_part_of_the_change(tmp_path: Path) -> None:
    live = {"svc-tool-user": {"roles": ["ci-svc-tool", "nx-admin"]}, "svc-app-user": None}
    found = report(tmp_path, live=live)
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
    assert found.counts == Counts(create=1, update=1, delete=0)
    assert not found.is_clean


def test_of_one_resource_the_change_and_the_drift_are_told_apart_by_field(tmp_path: Path) -> None:
    more = (TOOL, "    purpose: Tool of all\n")
    found = report(tmp_path, more, live={"svc-tool-user": {"status": "disabled"}})
    assert said(found.changes)["update Nexus user svc-tool"] == [
        "first_name: A tool in a folder of its own → Tool of all"
    ]
    assert said(found.drift) == {"update Nexus user svc-tool": ["status: active → disabled"]}


def test_who_did_by_hand_what_the_change_declares_is_told_of_both(tmp_path: Path) -> None:
    claims = ("token_ttl: 10m", "token_ttl: 5m")
    live = {"vault-role-nexus-ci": {"tokenTtl": 300.0, "tokenMaxTtl": 300.0}}
    found = report(tmp_path, claims, live=live)
    (by_hand,) = found.drift
    assert (
        said(found.changes)
        == said(found.drift)
        == {"update Vault JWT role nexus-ci": ["tokenMaxTtl: 600 → 300", "tokenTtl: 600 → 300"]}
    )
    assert not by_hand.put_back


def test_a_rotation_in_place_is_told_by_its_versions_and_nothing_else(tmp_path: Path) -> None:
    planned = frozenset({("svc-admin-user", "password"), ("svc-admin-secret", "dataJson")})
    found = report(tmp_path, (ADMIN, f"{ADMIN}    rotation: 2\n"), planned=planned)
    said_ = said(found.changes)
    assert said_["update Nexus user svc-admin"] == ["password: changes (version 1 → 2)"]
    assert said_["update Vault secret secret/nexus/svc-admin"] == ["password: changes (version 1 → 2)"]
    assert said_["update password svc-admin"] == ["version: 1 → 2"]


def test_a_turn_is_told_by_who_is_handed_out_and_nobody_gains_or_loses(tmp_path: Path) -> None:
    planned = frozenset({("svc-tool-secret", "dataJson")})
    found = report(tmp_path, ROTATED, planned=planned)
    said_ = said(found.changes)
    assert said_["update Vault secret secret/nexus/svc-tool"] == [
        "password: changes (version 1 → 2, now of the user svc-tool-b)"
    ]
    assert "password: new, not shown" in said_["create Nexus user svc-tool-b"]
    assert "create password svc-tool-b" in said_
    assert "update Nexus user svc-tool" not in said_, "what was handed out before keeps working"
    assert not found.access


def test_what_the_second_user_gains_by_hand_its_account_gains(tmp_path: Path) -> None:
    live = {"svc-tool-user-b": {"roles": ["ci-svc-tool", "nx-admin"]}}
    found = report(tmp_path, text=edited(ROTATED), live=live)
    assert not found.access
    assert [change.sentence for change in found.drift_access.gains] == [
        "svc-tool is now an administrator of Nexus"
    ]


def test_a_secret_changed_by_hand_is_drift_alone_unless_the_change_rotates_it(tmp_path: Path) -> None:
    by_hand = frozenset({("svc-tool-secret", "dataJson")})
    found = report(tmp_path, by_hand=by_hand)
    assert not found.changes
    assert said(found.drift) == {
        "update Vault secret secret/nexus/svc-tool": ["password: differs from what the last up wrote"]
    }
    both = report(tmp_path, ROTATED, by_hand=by_hand)
    assert "update Vault secret secret/nexus/svc-tool" in said(both.changes)
    assert said(both.drift) == said(found.drift)


def test_the_value_of_a_masked_variable_is_never_shown(tmp_path: Path) -> None:
    text = edited(MASKED_VARIABLE)
    assert "canary-value" not in json.dumps(report(tmp_path, text=text).to_json())
    found = report(tmp_path, (", masked: true", ""), ("canary-value", "canary-other"), text=text)
    assert "canary-value" not in json.dumps(found.to_json())


def test_what_stands_by_hand_in_place_of_a_variables_value_is_never_shown(tmp_path: Path) -> None:
    found = report(tmp_path, live={"orchestrator-variable-VAULT_ADDR": {"value": "hvs.canary-token"}})
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
    found = report(tmp_path, live=live, text=edited(audiences))
    assert not found.drift
    assert not found.changes


def test_an_account_that_is_added_is_made_whole_and_one_that_is_removed_goes(tmp_path: Path) -> None:
    found = report(tmp_path, ("svc-tool]", "svc-new]"), ("  svc-tool:\n", "  svc-new:\n"))
    said_ = said(found.changes)
    assert "create Nexus user svc-new" in said_
    assert "delete Nexus user svc-tool" in said_
    assert "password: new, not shown" in said_["create Nexus user svc-new"]
    assert "svc-tool is no longer an account" in [change.sentence for change in found.access.losses]
    assert found.counts.create == found.counts.delete


def test_a_policy_is_told_as_a_difference_of_lines(tmp_path: Path) -> None:
    found = report(tmp_path, ("accounts: [svc-app, svc-tool]", "accounts: [svc-app]"))
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
    assert said(proposed({urn: connection})) == {
        "update connection ciaccess": ["nexus_url: https://a → https://b"]
    }


def test_a_replacement_counts_as_one_created_and_one_deleted(tmp_path: Path) -> None:
    lines = Engine(
        valid(tmp_path, GOOD), valid(tmp_path, edited(("token_ttl: 10m", "token_ttl: 5m")))
    ).lines()
    replaced = [
        line.replace('"op": "update"', '"op": "replace"') if "vault-role-nexus-ci" in line else line
        for line in lines
    ]
    found = report_of(read(replaced), "ciaccess", "local", AccessFacts.of(valid(tmp_path, GOOD)), None)
    assert found.counts == Counts(create=1, update=0, delete=1)
    (change,) = found.changes
    assert change.action == "replace"
