from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ciaccess.access.desired.objects import JwtBackend, Role
from ciaccess.access.desired.ownership import owner_in, without_owner
from ciaccess.access.desired.state import Desired
from ciaccess.adoption.importing import adopted_paths, foundation, import_file
from ciaccess.adoption.plan import Plan, PlannedAction, Step, make_plan
from ciaccess.adoption.tables import lines, summary
from ciaccess.adoption.verifying import changes_in, unplanned_changes
from ciaccess.engine.declared import declared_by
from ciaccess.errors import CommandError
from tests.support.adoption.live_account import (
    OWNER,
    PASSWORD,
    SECRET,
    STACK,
    Live,
    desired,
    privilege,
    role,
    user,
)

URNS = "urn:pulumi:local::ciaccess::"
STACK_URN = f"{URNS}pulumi:pulumi:Stack::ciaccess-local"
NEXUS = f"{URNS}ciaccess:index:NexusAccess::nexus"
PROVIDER = f"{URNS}pulumi:providers:ciaccess::ciaccess"
ROLE_URN = f"{URNS}ciaccess:index:NexusAccess$ciaccess:nexus:Role::nexus-role-reads"
CONDITIONS = f"{URNS}ciaccess:index:VaultJwtAuth$ciaccess:vault:Preconditions::vault-preconditions"
POLICY = f"{URNS}ciaccess:index:VaultJwtAuth$vault:index/policy:Policy::vault-policy"
ACCOUNT = f"{URNS}ciaccess:index:ServiceAccount::svc-a"


def step(
    urn: str, inputs: dict[str, Any] | None, parent: str = STACK_URN, op: str = "create", **state: Any
) -> Any:
    kind = urn.rpartition("::")[0].rpartition("::")[2].rpartition("$")[2]
    whole = {
        "urn": urn,
        "type": kind,
        "custom": inputs is not None,
        "inputs": inputs,
        "parent": parent,
        **state,
    }
    return {"op": op, "urn": urn, "newState": {**whole, "provider": f"{PROVIDER}::id"}}


def preview(*more: Any, role_op: str = "create", account_op: str = "create") -> Any:
    return {
        "steps": [
            step(STACK_URN, None, ""),
            step(PROVIDER, {}),
            step(NEXUS, None),
            step(CONDITIONS, {"vacant": []}, NEXUS),
            step(ROLE_URN, {"role_id": "reads"}, NEXUS, role_op),
            *more,
            step(ACCOUNT, {"account": "svc-a"}, op=account_op, dependencies=[ROLE_URN, CONDITIONS]),
        ]
    }


def wanted(*accounts: str) -> Desired:
    named = Role("reads", "reads", "Reads", frozenset({"x"}), frozenset())
    return Desired(
        accounts={name: replace(desired(), name=name) for name in accounts or ("svc-a",)},
        named_roles={"reads": named},
        jwt_mount="jwt",
        backend=JwtBackend(),
        jwt_roles={},
        policies={},
        kv_mount="secret",
        manages_kv=False,
        groups={},
        adopts_vault=True,
        adopts_nexus=True,
    )


def planned(live: Live | None = None, engine_preview: Any = None, *accounts: str) -> Plan:
    declared, systems = declared_by(engine_preview or preview()), (live or Live()).systems()
    return make_plan(declared, wanted(*accounts), systems, OWNER, STACK)


def by_urn(plan: Plan) -> dict[str, Step]:
    return {each.resource.urn: each for each in plan.steps}


def test_roles_and_accounts_are_adopted_under_the_ids_of_their_imports() -> None:
    steps = by_urn(planned())
    assert steps[ROLE_URN].found.identity == "reads"
    assert steps[ROLE_URN].found.differences == ("description",)
    assert steps[ACCOUNT].found.identity == f"svc-a@1:{SECRET}:ci-svc-a"
    assert steps[ACCOUNT].found.differences == ()
    assert {each.action for each in steps.values()} == {PlannedAction.ADOPTED}


def test_what_of_an_account_is_made_and_deleted_stands_beside_what_is_changed() -> None:
    live = Live(
        users=(user("svc-a", last_name="CI"),),
        roles=(role("ci-svc-a-old"),),
        privileges=(privilege("ci-svc-a-old", content_selector="by-hand"),),
        selectors=(),
    )
    line = next(each for each in lines(planned(live)) if "svc-a@1" in each)
    assert line.endswith(
        'the first up changes role.privileges, users["svc-a"].last_name; creates privileges["ci-svc-a-raw-dev"], '
        'selectors["ci-svc-a-raw"]; deletes privileges["ci-svc-a-old"]'
    )


def test_an_account_of_which_nothing_exists_is_made() -> None:
    live = Live(users=(), roles=(), privileges=(), selectors=(), versions=(), custom={})
    assert by_urn(planned(live))[ACCOUNT].action is PlannedAction.MADE


def test_an_account_that_is_refused_is_in_no_import_file() -> None:
    plan = planned(Live(accepted=()))
    assert "Nexus refuses the password" in by_urn(plan)[ACCOUNT].reason
    assert [each["name"] for each in import_file(plan)["resources"]] == ["nexus-role-reads"]


def test_nexus_own_role_is_refused_and_so_is_the_account_that_needs_it() -> None:
    own = Role("reads", "reads", "Reads", frozenset({"x"}), frozenset(), read_only=True)
    steps = by_urn(planned(Live(roles=(role(), own))))
    assert steps[ROLE_URN].reason == "it is built into Nexus"
    assert steps[ACCOUNT].reason == "it needs nexus-role-reads, which is refused"


def test_a_choice_takes_along_what_it_depends_on_and_no_more() -> None:
    plan = planned()
    for kinds, accounts in (([], ["svc-a"]), (["account"], [])):
        assert set(by_urn(plan.chosen(kinds, accounts))) == {ROLE_URN, ACCOUNT}
    assert set(by_urn(plan.chosen(["role"], []))) == {ROLE_URN}
    for kinds, accounts in ((["rolle"], []), ([], ["svc-b"])):
        with pytest.raises(CommandError, match=r"Kinds: |Declared accounts: "):
            plan.chosen(kinds, accounts)


@pytest.mark.parametrize("part", ["selector", "privilege", "secret"])
def test_a_part_of_an_account_is_no_kind_and_the_way_to_adopt_it_is_said(part: str) -> None:
    with pytest.raises(CommandError, match="--account, or --kind account"):
        planned().chosen([part], [])


def test_the_import_file_names_provider_and_component_of_each_and_no_password() -> None:
    plan = planned()
    found = import_file(plan)
    role, account = found["resources"]
    assert (role["id"], role["name"]) == ("reads", "nexus-role-reads")
    assert found["nameTable"][role["parent"]] == NEXUS
    assert found["nameTable"][account["provider"]] == PROVIDER
    assert "parent" not in account, "it lies under the stack"
    assert PASSWORD not in json.dumps(found) + repr(plan)


def test_what_is_in_the_state_is_done_and_asked_of_nobody() -> None:
    live = Live()
    plan = planned(live, preview(role_op="same", account_op="update"))
    assert {each.action for each in plan.steps} == {PlannedAction.IN_STATE}
    assert live.asked == []
    assert {PROVIDER, CONDITIONS, NEXUS} == set(foundation(plan))


def test_the_adopted_paths_are_those_of_policies_and_jwt_roles() -> None:
    policy = step(POLICY, {"name": "reads-a", "policy": ""}, NEXUS, "same")
    role_urn = f"{URNS}vault:jwt/authBackendRole:AuthBackendRole::ci"
    jwt_role = step(role_urn, {"backend": "jwt", "roleName": "ci"}, NEXUS, "same")
    declared = declared_by(preview(policy, jwt_role))
    assert adopted_paths(declared) == "auth/jwt/role/ci sys/policies/acl/reads-a"


def test_a_thousand_accounts_cost_a_look_and_a_login_each() -> None:
    live = Live()
    names = [f"svc-{number}" for number in range(999)]
    many = [step(f"{ACCOUNT}-{name}", {"account": name}, dependencies=[ROLE_URN]) for name in names]
    plan = planned(live, preview(*many), "svc-a", *names)
    assert len(plan.of(PlannedAction.ADOPTED)) == 1001
    assert len(live.asked) == 2000


def test_a_change_that_the_plan_does_not_name_is_found() -> None:
    plan = planned(Live(users=(user("svc-a", last_name="CI"),), selectors=()))
    of_account: dict[str, Any] = {
        'users["svc-a"].last_name': {},
        'users["svc-a"].roles[0]': {},
        'selectors["ci-svc-a-raw"]': {},
    }
    said = {
        "steps": [
            {"op": "replace", "urn": ROLE_URN, "diffReasons": ["role_id"]},
            {"op": "update", "urn": ACCOUNT, "detailedDiff": of_account},
        ]
    }
    found = unplanned_changes(plan, changes_in(said))
    assert sorted(map(str, found)) == [
        "nexus-role-reads: replace role_id",
        'svc-a: update selectors["ci-svc-a-raw"], users["svc-a"].last_name, users["svc-a"].roles',
    ]


def test_changes_that_the_plan_names_are_expected_however_closely_the_engine_names_them() -> None:
    plan = planned(Live(users=(user("svc-a", last_name="CI"),), selectors=()))
    for fields in (
        ['users["svc-a"].last_name', 'selectors["ci-svc-a-raw"].name'],
        ["users", "selectors"],
    ):
        said = {
            "steps": [
                {"op": "update", "urn": ACCOUNT, "diffReasons": fields},
                {"op": "same", "urn": ROLE_URN},
            ]
        }
        assert unplanned_changes(plan, changes_in(said)) == []


def test_what_an_import_cannot_know_of_pulumi_vaults_settings_is_no_change() -> None:
    said = {"steps": [{"op": "update", "urn": POLICY, "detailedDiff": {"disableBoundClaimsParsing": {}}}]}
    assert changes_in(said)[POLICY].fields == ()


def test_a_preview_of_another_shape_is_said() -> None:
    with pytest.raises(CommandError, match="shape"):
        declared_by({"steps": [{"op": "create", "newState": {"urn": "x"}}]})


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        ("(managed by ciaccess)", "ciaccess"),
        ("Pull (managed by team-b)", "team-b"),
        ("# What … may do. Managed by team.b: edit access.yaml instead.", "team.b"),
        ("Managed by ciaccess", "ciaccess"),
        ("By hand", ""),
        ("unmanaged by x", ""),
    ],
)
def test_an_owner_is_read_from_the_words_that_our_components_write(text: str, owner: str) -> None:
    assert owner_in(text) == owner


def test_the_words_are_taken_off_the_end_of_a_description() -> None:
    assert without_owner("Pull all (managed by team-b)") == "Pull all"


def test_a_summary_reports_that_there_is_nothing_to_adopt() -> None:
    resources = declared_by(preview(role_op="same", account_op="same"))
    done = tuple(Step(each, PlannedAction.IN_STATE) for each in resources[:2])
    assert summary(Plan(resources, done)) == "nothing to adopt: 2 in the state already"
    assert summary(Plan(resources, (*done, Step(resources[-1], PlannedAction.MADE)))).startswith(
        "1 to create"
    )
