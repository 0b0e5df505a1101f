from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from adoption.claims import owner_in, without_owner
from adoption.declared import declared_by
from adoption.errors import AdoptionError
from adoption.importing import adopted_paths, foundation, import_file
from adoption.plan import Becomes, Plan, Step, make_plan
from adoption.verifying import changes_in, unplanned
from clients.nexus import Role, User

if TYPE_CHECKING:
    from adoption.world import Systems

STACK = "urn:pulumi:s::p::"
PASSWORD = "by-hand-password"
NEXUS = f"{STACK}ciaccess:index:NexusAccess::nexus"
ACCOUNT = f"{STACK}ciaccess:index:ServiceAccount::svc-a"
PROVIDER = f"{STACK}pulumi:providers:ciaccess::ciaccess"
ROLE_URN = f"{STACK}ciaccess:index:NexusAccess$ciaccess:nexus:Role::nexus-role-reads"
CONDITIONS = f"{STACK}ciaccess:index:VaultJwtAuth$ciaccess:vault:Preconditions::vault-preconditions"


def urn_of(suffix: str, kind: str) -> str:
    return f"{STACK}ciaccess:index:ServiceAccount${kind}::svc-a-{suffix}"


USER, SECOND = urn_of("user", "ciaccess:nexus:User"), urn_of("user-b", "ciaccess:nexus:User")
SECRET = urn_of("secret", "vault:generic/secret:Secret")
PASSWORD_URN, PASSWORD_B = (
    urn_of("password", "ciaccess:index:Password"),
    urn_of("password-b", "ciaccess:index:Password"),
)


def step(urn: str, inputs: dict[str, Any] | None, parent: str = "", op: str = "create", **state: Any) -> Any:
    kind = urn.rpartition("::")[0].rpartition("::")[2].rpartition("$")[2]
    whole = {
        "urn": urn,
        "type": kind,
        "custom": inputs is not None,
        "inputs": inputs,
        "parent": parent,
        **state,
    }
    return {
        "op": op,
        "urn": urn,
        "provider": f"{PROVIDER}::id",
        "newState": {**whole, "provider": f"{PROVIDER}::id"},
    }


def user_inputs(name: str) -> dict[str, Any]:
    return {
        "user_id": name,
        "first_name": "A",
        "last_name": "(managed by ciaccess)",
        "email_address": "a@b.test",
        "status": "active",
        "roles": ["reads"],
        "password": "[secret]",
    }


def preview(*more: Any, role_op: str = "create") -> Any:
    role = {"role_id": "reads", "name": "reads", "description": "Reads", "privileges": ["x"], "roles": []}
    of_user: dict[str, Any] = {
        "dependencies": [ROLE_URN, PASSWORD_URN],
        "propertyDependencies": {"password": [PASSWORD_URN]},
    }
    return {
        "steps": [
            step(f"{STACK}pulumi:pulumi:Stack::p-s", None),
            step(PROVIDER, {}),
            step(NEXUS, None),
            step(ACCOUNT, None),
            step(CONDITIONS, {"vacant": []}, NEXUS),
            step(ROLE_URN, role, NEXUS, role_op),
            step(PASSWORD_URN, {"version": 1}, ACCOUNT),
            step(USER, user_inputs("svc-a"), ACCOUNT, **of_user),
            *more,
            step(SECRET, {"path": "secret/nexus/svc-a"}, ACCOUNT, dependencies=[USER]),
        ]
    }


def second_user() -> tuple[Any, Any]:
    of_user: dict[str, Any] = {
        "dependencies": [PASSWORD_B],
        "propertyDependencies": {"password": [PASSWORD_B]},
    }
    return (
        step(PASSWORD_B, {"version": 1}, ACCOUNT),
        step(SECOND, user_inputs("svc-a-b"), ACCOUNT, **of_user),
    )


def systems(
    *,
    users: tuple[str, ...] = ("svc-a",),
    versions: tuple[dict[str, str] | None, ...] = ({"username": "svc-a", "password": PASSWORD},),
    accepted: tuple[str, ...] = (PASSWORD,),
    role: Role | None = None,
    **fields: Any,
) -> Systems:
    """Return systems with these users of Nexus, and a secret with these versions."""
    person: dict[str, Any] = {
        "first_name": "A",
        "last_name": "B",
        "email_address": "a@b.test",
        "status": "active",
        "roles": frozenset({"reads"}),
    }
    known = {name: User(**{"user_id": name, **person, **fields}) for name in users}
    roles = {"reads": role or Role("reads", "reads", "Reads", frozenset({"x"}), frozenset())}

    def read_secret(mount: str, path: str, version: int = 0) -> dict[str, str] | None:
        assert (mount, path) == ("secret", "nexus/svc-a")
        return versions[version - 1 if version else -1] if versions else None

    vault = SimpleNamespace(
        read_secret=read_secret,
        read=lambda path: {"current_version": len(versions)} if "/metadata/" in path else None,
    )
    of_users = SimpleNamespace(find=known.get, accepts=lambda _, password: password in accepted)
    nexus = SimpleNamespace(users=of_users, roles=SimpleNamespace(find=roles.get))
    return cast("Systems", SimpleNamespace(vault=vault, nexus=nexus))


def planned(given: Systems, said: Any = None) -> Plan:
    return make_plan(declared_by(said or preview()), given, "secret", "ciaccess")


def by_urn(plan: Plan) -> dict[str, Step]:
    return {each.resource.urn: each for each in plan.steps}


def test_an_account_is_adopted_with_its_password_under_a_variables_name() -> None:
    plan = planned(systems())
    steps = by_urn(plan)
    assert all(each.becomes is Becomes.ADOPTED for each in plan.steps)
    assert steps[USER].identity == "svc-a:env:CIACCESS_ADOPTED_PASSWORD_0_0"
    assert steps[PASSWORD_URN].identity == "env:CIACCESS_ADOPTED_PASSWORD_0_0:1"
    assert steps[SECRET].identity == "secret/nexus/svc-a"
    assert steps[USER].changes == ("last_name",)
    assert plan.passwords == {"CIACCESS_ADOPTED_PASSWORD_0_0": PASSWORD}
    assert PASSWORD not in json.dumps(import_file(plan)) + repr(plan)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (systems(accepted=()), "does not log in"),
        (systems(versions=()), "its secret does not exist"),
        (systems(users=()), "Nexus has no user svc-a"),
        (systems(versions=({"username": "other", "password": PASSWORD},)), "none of the account's"),
        (systems(status="disabled"), "up would activate it"),
        (systems(last_name="(managed by other-team)"), "managed by other-team"),
        (
            systems(role=Role("reads", "reads", "Reads (managed by other-team)", frozenset(), frozenset())),
            "managed by other-team",
        ),
    ],
)
def test_an_account_that_would_get_another_password_or_is_anothers_is_refused_as_a_whole(
    given: Systems, reason: str
) -> None:
    plan = planned(given)
    of_account = [each for each in plan.steps if each.kind == "account"]
    assert {each.becomes for each in of_account} == {Becomes.REFUSED}
    assert any(reason in each.reason for each in plan.steps)
    assert not [each for each in import_file(plan)["resources"] if each["name"].startswith("svc-a")]


def test_what_is_there_in_no_part_is_made() -> None:
    plan = planned(systems(users=(), versions=()))
    assert {each.becomes for each in plan.steps if each.kind == "account"} == {Becomes.MADE}
    assert plan.passwords == {}


def test_of_two_users_each_is_taken_over_with_the_version_that_names_it() -> None:
    versions = ({"username": "svc-a", "password": "first"}, {"username": "svc-a-b", "password": "second"})
    plan = planned(
        systems(users=("svc-a", "svc-a-b"), versions=versions, accepted=("first", "second")),
        preview(*second_user()),
    )
    assert set(plan.passwords.values()) == {"first", "second"}
    assert {each.becomes for each in plan.steps} == {Becomes.ADOPTED}


def test_the_idle_users_password_is_left_to_up_only_where_nobody_can_use_it() -> None:
    versions = ({"username": "svc-a", "password": "stale"}, {"username": "svc-a-b", "password": "second"})
    plan = planned(
        systems(users=("svc-a", "svc-a-b"), versions=versions, accepted=("second",)), preview(*second_user())
    )
    steps = by_urn(plan)
    assert steps[USER].identity == "svc-a"
    assert steps[USER].changes == ("last_name", "login", "password")
    assert steps[PASSWORD_URN].becomes is Becomes.MADE


def test_further_keys_of_a_secret_are_a_change_that_the_plan_names() -> None:
    data = {"username": "svc-a", "password": PASSWORD, "url": "x"}
    assert by_urn(planned(systems(versions=(data,))))[SECRET].changes == ("dataJson",)


def test_nexus_own_role_is_refused_and_so_is_what_needs_it() -> None:
    own = Role("reads", "reads", "Reads", frozenset({"x"}), frozenset(), read_only=True)
    steps = by_urn(planned(systems(role=own)))
    assert steps[ROLE_URN].reason == "it is Nexus's own"
    assert steps[SECRET].becomes is Becomes.REFUSED


def test_a_choice_takes_along_what_it_depends_on_and_no_more() -> None:
    plan = planned(systems())
    assert set(by_urn(plan.chosen([], ["svc-a"]))) == {ROLE_URN, USER, PASSWORD_URN, SECRET}
    assert set(by_urn(plan.chosen(["role"], []))) == {ROLE_URN}
    for kinds, accounts in ((["rolle"], []), ([], ["svc-b"])):
        with pytest.raises(AdoptionError, match="There are"):
            plan.chosen(kinds, accounts)


def test_the_import_file_names_parent_and_provider_of_each() -> None:
    found = import_file(planned(systems()))
    role = next(each for each in found["resources"] if each["type"] == "ciaccess:nexus:Role")
    assert role["id"] == "reads"
    assert role["name"] == "nexus-role-reads"
    assert found["nameTable"][role["parent"]] == NEXUS
    assert found["nameTable"][role["provider"]] == PROVIDER


def test_what_is_in_the_state_is_done_and_its_path_is_the_stacks_own() -> None:
    plan = planned(systems(), preview(role_op="same"))
    assert by_urn(plan)[ROLE_URN].becomes is Becomes.IN_STATE
    assert adopted_paths(plan.declared, "secret") == "secret/data/nexus/svc-a"
    assert {PROVIDER, CONDITIONS, NEXUS, ACCOUNT} == set(foundation(plan))


def test_a_change_that_the_plan_does_not_name_is_found() -> None:
    plan = planned(systems())
    said = {
        "steps": [
            {"op": "same", "urn": ROLE_URN},
            {"op": "update", "urn": USER, "detailedDiff": {"last_name": {}, "roles[0]": {}}},
            {"op": "update", "urn": SECRET, "detailedDiff": {"deleteAllVersions": {}}},
            {"op": "replace", "urn": PASSWORD_URN, "diffReasons": ["version"]},
        ]
    }
    found = unplanned(plan, changes_in(said))
    assert sorted(map(str, found)) == [
        "svc-a-password: replace version",
        "svc-a-user: update last_name, roles",
    ]


def test_a_preview_of_another_shape_is_said() -> None:
    with pytest.raises(AdoptionError, match="shape"):
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
