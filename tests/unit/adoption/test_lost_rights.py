"""An adoption tells which rights in Nexus users would lose, by what their roles hold and not by the roles' names."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from ciaccess.access.desired.state import Desired
from ciaccess.adoption.lost_rights import lost_rights
from ciaccess.adoption.plan import Plan, PlannedAction, Step
from ciaccess.engine.declared import Declared
from ciaccess.engine.resource_types import ACCOUNT

if TYPE_CHECKING:
    from ciaccess.access import Access
    from ciaccess.access.desired.objects import Role, User
    from ciaccess.clients.nexus import Nexus

TOOL = "svc-tool"


def plan(account: str = TOOL, becomes: PlannedAction = PlannedAction.ADOPTED) -> Plan:
    urn = f"urn:pulumi:local::ciaccess::{ACCOUNT}::{account}"
    resource = Declared(urn, ACCOUNT, "", "", True, False, {}, ())  # noqa: FBT003 as the engine says it
    return Plan((resource,), (Step(resource, becomes),))


def nexus(desired: Desired, users: list[User], *roles: Role) -> Nexus:
    """Return a Nexus with an account's selectors and privileges, and these users and roles."""
    account = desired.accounts[TOOL]

    def listing(*items: tuple[str, object]) -> SimpleNamespace:
        return SimpleNamespace(all=lambda: dict(items))

    return cast(
        "Nexus",
        SimpleNamespace(
            users=listing(*((each.user_id, each) for each in users)),
            roles=listing(*((each.role_id, each) for each in roles)),
            content_selectors=listing(*((each.name, each) for each in account.selectors)),
            privileges=listing(*((each.name, each) for each in account.privileges)),
        ),
    )


def by_hand(desired: Desired, *more: str) -> tuple[User, Role]:
    """Return the account's user with a role of another name that holds what is declared, and more."""
    account = desired.accounts[TOOL]
    assert account.role
    role = replace(account.role, role_id="team", privileges=account.role.privileges | set(more))
    return replace(account.users[TOOL], roles=frozenset({"team"})), role


def test_another_role_with_the_same_content_loses_nothing(small_access: Access) -> None:
    desired = Desired.of(small_access)
    user, role = by_hand(desired)
    assert lost_rights(plan(), desired, nexus(desired, [user], role)) == {}


def test_a_right_that_is_not_declared_is_lost(small_access: Access) -> None:
    desired = Desired.of(small_access)
    user, role = by_hand(desired, "nx-repository-view-raw-raw-prod-edit", "nx-search-read")
    live = nexus(desired, [user], role)
    assert lost_rights(plan(), desired, live) == {TOOL: "edit in raw-prod; nx-search-read"}
    assert lost_rights(plan(becomes=PlannedAction.REFUSED), desired, live) == {}, "it is not brought in line"


def test_another_user_with_the_accounts_own_role_loses_by_it_too(small_access: Access) -> None:
    desired = Desired.of(small_access)
    user, role = by_hand(desired, "nx-search-read")
    own = replace(role, role_id=f"ci-{TOOL}")
    person = replace(user, user_id="jane", roles=frozenset({own.role_id}))
    live = nexus(desired, [replace(user, roles=person.roles), person], own)
    assert lost_rights(plan(), desired, live) == {"jane": "nx-search-read", TOOL: "nx-search-read"}
