"""What becomes of one account: found as an import finds it, taken over as a whole, or refused before anything is touched."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.access.desired.rotation import Turn
from ciaccess.adoption.existing import Existing
from ciaccess.adoption.takeover import take_over
from tests.support.adoption.live_account import (
    CLAIMED,
    PASSWORD,
    PRIVILEGE,
    ROLE,
    SECRET,
    SELECTOR,
    STACK,
    Live,
    alternating,
    desired,
    handed_out,
    privilege,
    role,
    selector,
    user,
)

if TYPE_CHECKING:
    from ciaccess.access.desired.state import DesiredAccount

BY_HAND: dict[str, Any] = {"custom": {}}
WHOLE = f"svc-a@1:{SECRET}:{ROLE}"
OTHER = "(managed by other-team)"


def taken(live: Live, declared: DesiredAccount | None = None) -> Existing:
    found = take_over(declared or desired(), live.systems(), STACK)
    assert found is not None
    return found


def refusal(live: Live, declared: DesiredAccount | None = None) -> str:
    found = taken(live, declared)
    assert found.obstacle
    return found.obstacle


def test_what_is_as_declared_is_taken_over_without_a_change() -> None:
    live = Live()
    assert taken(live) == Existing(WHOLE)
    assert live.asked == [f"{SECRET} 1", "login svc-a"], "a look at the secret and a login, no more"


def test_what_was_made_by_hand_is_taken_over_and_each_field_that_changes_is_planned() -> None:
    live = Live(
        users=(user("svc-a", last_name="CI", roles=frozenset({"reads"})),),
        roles=(role(PRIVILEGE, "nx-all", description="by hand"),),
        privileges=(privilege(actions=frozenset({"read", "delete"})),),
        selectors=(selector(expression="y"),),
        versions=(handed_out() | {"url": "https://nexus.example"},),
        custom={"team": "a"},
    )
    found = taken(live)
    assert not found.obstacle
    assert found.differences == (
        "metadata.nexus_user",
        "metadata.owner",
        "metadata.rotation",
        "metadata.stack",
        f'privileges["{PRIVILEGE}"].actions',
        "role.description",
        "role.privileges",
        "secret.holds",
        f'selectors["{SELECTOR}"].expression',
        'users["svc-a"].last_name',
        'users["svc-a"].roles',
    )


def test_parts_that_do_not_exist_are_made_by_the_first_up() -> None:
    live = Live(roles=(), privileges=(), selectors=(), **BY_HAND)
    found = taken(live)
    assert (found.identity, found.obstacle) == (WHOLE, "")
    assert found.missing == (f'privileges["{PRIVILEGE}"]', "role", f'selectors["{SELECTOR}"]')


def test_a_role_alone_is_taken_over_and_users_and_secret_are_made() -> None:
    found = taken(Live(users=(), versions=(), **BY_HAND))
    assert found.obstacle == ""
    assert found.missing == ('users["svc-a"]',)
    assert "secret.holds" in found.differences


def test_parts_that_nobody_declares_are_named_as_deleted() -> None:
    extra, its_selector = (
        privilege("ci-svc-a-old", content_selector="ci-svc-a-older"),
        selector("ci-svc-a-older"),
    )
    other = privilege("by-hand", content_selector="by-hand")
    live = Live(
        roles=(role(PRIVILEGE, extra.name, other.name),),
        privileges=(privilege(), extra, other),
        selectors=(selector(), its_selector, selector("by-hand")),
    )
    found = taken(live)
    assert found.undeclared == ('privileges["ci-svc-a-old"]', 'selectors["ci-svc-a-older"]')
    assert found.differences == ("role.privileges",)


def test_an_account_of_which_nothing_exists_is_made() -> None:
    live = Live(users=(), roles=(), privileges=(), selectors=(), versions=(), **BY_HAND)
    assert take_over(desired(), live.systems(), STACK) is None


def test_an_account_that_another_stack_has_destroyed_is_made() -> None:
    left = {"owner": "ciaccess", "stack": "ciaccess/prod"}
    live = Live(users=(), roles=(), privileges=(), selectors=(), versions=(handed_out(), None), custom=left)
    assert take_over(desired(), live.systems(), STACK) is None


def test_an_account_without_grants_of_its_own_has_no_role_in_its_id() -> None:
    declared = desired(role=None, selectors=(), privileges=())
    assert taken(Live(), declared).identity == f"svc-a@1:{SECRET}"


@pytest.mark.parametrize(
    ("live", "reason"),
    [
        (Live(accepted=()), "Nexus refuses the password"),
        (Live(versions=(), **BY_HAND), "its secret does not exist"),
        (Live(versions=(None,)), "its secret does not exist"),
        (Live(users=(), **BY_HAND), "Nexus has no user svc-a"),
        (Live(versions=(handed_out("other"),)), "not one of the account's users"),
        (Live(versions=({"user": "svc-a"},)), "not one of the account's users"),
        (Live(users=(user("svc-a", status="disabled"),)), "up would activate it"),
        (
            Live(users=(user("svc-a", last_name=OTHER),)),
            "user svc-a: it is managed by other-team",
        ),
        (Live(roles=(role(description=f"x {OTHER}"),)), f"role {ROLE}: it is managed by"),
        (Live(privileges=(privilege(description=OTHER),)), f"privilege {PRIVILEGE}: it is managed by"),
        (Live(selectors=(selector(description=OTHER),)), f"content selector {SELECTOR}: it is managed by"),
        (
            Live(custom={"owner": "other-team"}),
            "secret secret/nexus/svc-a: it is managed by other-team",
        ),
        (Live(custom={"owner": "ciaccess", "stack": "ciaccess/prod"}), "claimed by the stack ciaccess/prod"),
        (Live(roles=(role(read_only=True),)), "it is built into Nexus"),
        (Live(privileges=(privilege(type="wildcard"),)), "it is of type wildcard"),
    ],
)
def test_an_account_that_would_get_another_password_or_is_anothers_is_refused(
    live: Live, reason: str
) -> None:
    assert reason in refusal(live)


def test_a_part_that_nobody_declares_and_another_owner_claims_is_not_deleted() -> None:
    extra = privilege("ci-svc-a-old", description=OTHER, content_selector="by-hand")
    live = Live(roles=(role(PRIVILEGE, extra.name),), privileges=(privilege(), extra))
    assert "ci-svc-a-old: it is managed by other-team" in refusal(live)


def test_a_selector_that_the_role_does_not_reach_is_somebody_elses_unless_it_is_just_as_declared() -> None:
    unreached: dict[str, Any] = {"roles": (), "privileges": (), **BY_HAND}
    assert "does not contain it" in refusal(Live(selectors=(selector(expression="y"),), **unreached))
    assert f'selectors["{SELECTOR}"]' in taken(Live(**unreached)).missing


def test_a_part_that_is_marked_as_ours_in_an_account_that_is_claimed_needs_no_role_to_be_ours() -> None:
    live = Live(roles=(), privileges=(), selectors=(selector(expression="y"),))
    assert f'selectors["{SELECTOR}"]' in taken(live).missing


def test_an_account_that_a_killed_run_of_this_stack_began_is_left_to_up() -> None:
    begun = Live(versions=(), custom={"owner": "ciaccess", "stack": "ciaccess/local"})
    assert take_over(desired(), begun.systems(), STACK) is None
    assert "its secret does not exist" in refusal(replace(begun, custom={"owner": "ciaccess"}))


IN_TURN = (handed_out("svc-a", "first"), handed_out("svc-a-b", "second"))
BOTH = (user("svc-a"), user("svc-a-b"))


def test_two_users_are_named_with_their_versions_the_accounts_own_first() -> None:
    live = Live(
        users=BOTH, versions=IN_TURN, accepted=("first", "second"), custom=CLAIMED | {"nexus_user": "svc-a-b"}
    )
    assert taken(live, alternating(2, 1)) == Existing(f"svc-a@2,svc-a-b@1:{SECRET}:{ROLE}")


@pytest.mark.parametrize(
    ("rotated", "versions", "due"),
    [
        ("4", "svc-a@2,svc-a-b@2", ['users["svc-a"].password_version']),
        ("3", "svc-a@2,svc-a-b@1", ['users["svc-a"].password_version', 'users["svc-a-b"].password_version']),
        ("1", "svc-a@1,svc-a-b@2", ['users["svc-a"].password_version']),
        ("6", "svc-a@3,svc-a-b@2", []),
        ("often", "svc-a@3,svc-a-b@2", []),
    ],
)
def test_a_rotation_that_was_declared_and_never_carried_out_is_left_to_the_first_up(
    rotated: str, versions: str, due: list[str]
) -> None:
    declared = alternating(3, 2, active="svc-a", rotation="5")
    custom = CLAIMED | {"rotation": rotated}
    live = Live(users=BOTH, versions=IN_TURN, accepted=("first", "second"), custom=custom)
    found = taken(live, declared)
    assert found.identity == f"{versions}:{SECRET}:{ROLE}"
    assert [path for path in found.differences if path.endswith("password_version")] == due
    assert taken(replace(live, custom={"rotation": rotated}), declared).identity.startswith(
        "svc-a@3,svc-a-b@2:"
    )


def test_a_rotation_in_place_is_as_much_left_to_the_first_up() -> None:
    declared = desired(
        turns=(Turn("svc-a", 3, is_active=True),), metadata={**desired().metadata, "rotation": "3"}
    )
    found = taken(Live(custom=CLAIMED | {"rotation": "2"}), declared)
    assert found.identity == f"svc-a@2:{SECRET}:{ROLE}"
    assert found.differences == ("metadata.rotation", 'users["svc-a"].password_version')


def test_whose_turn_it_is_may_differ_and_is_then_a_change_of_the_secret_alone() -> None:
    live = Live(users=BOTH, versions=IN_TURN, accepted=("first", "second"))
    assert taken(live, alternating(active="svc-a")).differences == ("secret.user",)


def test_the_second_user_is_made_where_the_first_rotation_is_still_to_come() -> None:
    found = taken(Live(), alternating())
    assert found.missing == ('users["svc-a-b"]',)
    assert found.differences == ("metadata.nexus_user", "secret.user")


@pytest.mark.parametrize(
    "versions",
    [
        IN_TURN,  # its earlier password is another one by now
        (None, IN_TURN[1]),
    ],
)
def test_an_idle_user_whose_password_nobody_can_use_gets_one_by_the_first_up(versions: Any) -> None:
    accepted = ("second",) if versions == IN_TURN else ("first", "second")
    live = Live(users=BOTH, versions=versions, accepted=accepted, custom=CLAIMED | {"nexus_user": "svc-a-b"})
    assert taken(live, alternating()).differences == ('users["svc-a"].login',)


def test_no_password_is_in_what_was_found() -> None:
    assert PASSWORD not in repr(taken(Live(**BY_HAND)))
