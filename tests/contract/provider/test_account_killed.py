"""A run that is killed before any of its writes: the next one goes on, with the old state or, after a create, with none."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.provider.plugin import PluginError
from tests.support.servers.fault_proxy import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.provider.account import AccountCase

    Inputs = Callable[[AccountCase], dict[str, Any]]

ONE = {"X", "role", "privilege", "selector", "secret"}
TWO = ONE | {"X-b"}
UNSCOPED = {"X", "role", "secret"}


@dataclass(frozen=True)
class Change:
    """An `up` to `after`, from the states of things in `before`; what there is then, and whether readers go on undisturbed."""

    name: str
    before: tuple[Inputs, ...]
    after: Inputs
    parts: set[str]
    is_seamless: bool = True
    folder: str = "nexus"


def turn(count: int, **changes: Any) -> Inputs:
    return lambda account: account.turn(count, **changes)


def in_place(count: int, **changes: Any) -> Inputs:
    return lambda account: account.in_place(count, **changes)


CREATE = Change("create", (), turn(1), ONE)
FIRST = Change("first rotation", (turn(1),), turn(2), TWO)
NEXT = Change("next rotation", (turn(1), turn(2)), turn(3), TWO)
IN_PLACE = Change("rotation in place", (in_place(1),), in_place(2), ONE, is_seamless=False)
UPDATES = (
    FIRST,
    NEXT,
    IN_PLACE,
    Change("path scope added", (turn(1, is_scoped=False),), turn(1), ONE),
    Change("path scope removed", (turn(1),), turn(1, is_scoped=False), UNSCOPED),
    Change("all grants lost", (turn(1),), turn(1, is_scoped=False, has_role=False), {"X", "secret"}),
    Change("one user from now on", (turn(1), turn(2)), in_place(2), ONE, is_seamless=False),
    Change("secret moved", (turn(1),), turn(1, folder="moved"), ONE - {"secret"}, folder="moved"),
)


def positions(account: AccountCase, change: Change) -> Iterator[tuple[AccountCase, str]]:
    """Yield accounts that a run was killed at: before its first write, its second, …, and before the state was written."""
    writes = _begun(account, change, "0")
    writes.up(change.after(writes))
    names = writes.writes()
    many = len(names)
    assert many > 0
    for number in range(1, many + 2):
        case = _begun(account, change, str(number))
        old = {name: replace(held) for name, held in case.engine.state.items()}
        case.kill_at(number)
        if number <= many:
            with pytest.raises(PluginError, match=r"killed|Vault answered 500"):
                case.up(change.after(case))
        else:
            case.up(change.after(case))
        case.engine.state.clear()
        case.engine.state.update(old)
        case.engine.restart()
        case.live()
        yield case, f"killed at write {number} of {names}"


def _begun(account: AccountCase, change: Change, mark: str) -> AccountCase:
    case = replace(account, name=f"{account.name}{mark}")
    for inputs in change.before:
        case.up(inputs(case))
    case.engine.restart()
    case.live()
    return case


def assert_whole(case: AccountCase, change: Change, where: str) -> None:
    assert case.parts() == change.parts, where
    assert case.lets_in(case.secret(change.folder)), where
    for user, password in case.passwords.items():
        assert case.logs_in(user, password), where
    assert case.refresh() == set(), where
    assert case.up(change.after(case)) == "same", where


@pytest.mark.parametrize("change", [CREATE, *UPDATES], ids=lambda change: change.name)
def test_the_next_run_goes_on_with_the_state_that_there_is(account: AccountCase, change: Change) -> None:
    for case, where in positions(account, change):
        read = case.secret(change.folder) or case.secret()
        goes_on = change.is_seamless and case.lets_in(read)
        assert case.up(change.after(case)) in ("create", "update"), where
        assert case.lets_in(read) or not goes_on, f"{where}: who has read the secret is let in no more"
        assert_whole(case, change, where)


@pytest.mark.parametrize("change", [NEXT, IN_PLACE, *UPDATES[4:7]], ids=lambda change: change.name)
def test_a_refresh_in_between_makes_no_difference(account: AccountCase, change: Change) -> None:
    for case, where in positions(account, change):
        read = case.secret(change.folder) or case.secret()
        goes_on = change.is_seamless and case.lets_in(read)
        case.refresh()
        case.up(change.after(case))
        assert case.lets_in(read) or not goes_on, where
        assert_whole(case, change, where)


@pytest.mark.parametrize("change", [FIRST, NEXT, IN_PLACE], ids=lambda change: change.name)
def test_a_rotation_goes_on_without_any_state(account: AccountCase, change: Change) -> None:
    for case, where in positions(account, change):
        before = case.passwords
        read = case.secret()
        goes_on = change.is_seamless and case.lets_in(read)
        case.lose_state()
        assert case.up(change.after(case)) == "create", where
        assert case.lets_in(read) or not goes_on, where
        assert case.secret()["password"] not in before.values(), f"{where}: it is the old password"
        assert_whole(case, change, where)


def test_every_position_of_a_rotation_is_one_new_version(account: AccountCase) -> None:
    for case, where in positions(account, NEXT):
        case.up(NEXT.after(case))
        assert case.version() == 3, where


def test_a_rotation_that_was_killed_and_taken_back_leaves_what_was_handed_out(account: AccountCase) -> None:
    for case, where in positions(account, NEXT):
        assert case.up(turn(2)(case)) in ("same", "update"), where
        case.refresh()
        case.up(turn(2)(case))
        assert case.secret()["username"] == case.second, where
        assert_whole(case, replace(NEXT, after=turn(2)), where)


@pytest.mark.parametrize("change", [CREATE, NEXT], ids=lambda change: change.name)
def test_a_write_whose_answer_is_lost_is_not_done_twice(account: AccountCase, change: Change) -> None:
    writes = _begun(account, change, "0")
    writes.up(change.after(writes))
    for number in range(1, len(writes.writes()) + 1):
        case = _begun(account, change, str(number))
        case.proxy.expect([Fault(at=number, cut="after")])
        with contextlib.suppress(PluginError):
            case.up(change.after(case))
        case.live()
        case.engine.restart()
        case.up(change.after(case))
        assert case.version() == len(change.before) + 1, number
        assert_whole(case, change, str(number))
