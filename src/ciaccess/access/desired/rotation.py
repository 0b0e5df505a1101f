"""Rotation of accounts: their users, the current one in the secret, and when a rotation is due.

Owns the two strategies (docs/runbook-rotation.md). `alternate`: two users take turns. Counter n, where odd is the first
user's turn and even the second's; a turn gives one of them a new password while the other's stays, so what was handed
out before keeps working until the turn after. The second user appears with the first rotation. `in-place`: one user,
whose password is another one with each count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from ciaccess.access.desired import pipeline_identities
from ciaccess.access.model.models import Access, Account, Former, Pipeline, Rotation

_Section = TypeVar("_Section", Account, Former, Pipeline)
ALTERNATE, IN_PLACE = "alternate", "in-place"
SECOND = "-b"
_LONG_AGO = date.min


@dataclass(frozen=True)
class Turn:
    """A user of an account: the version of its password, and whether the secret hands it out."""

    user_id: str
    password_version: int
    is_active: bool


def second_user(account: str) -> str:
    """Return the id of the user that takes turns with the account's first one."""
    return f"{account}{SECOND}"


def strategy(access: Access, account: str) -> str:
    """Return an account's strategy: alternate if jobs read it, unless the YAML declares another."""
    chosen = rotation(access, account).strategy
    if chosen:
        return chosen
    is_read = account not in access.accounts or any(
        account in role.accounts for role in access.vault.roles.values()
    )
    return ALTERNATE if is_read else IN_PLACE


def rotation(access: Access, account: str) -> Rotation:
    """Return an account's rotation as declared in the YAML."""
    return pipeline_identities.account(access, account).rotation


def turns(access: Access, account: str) -> tuple[Turn, ...]:
    """Return an account's users, the first one first."""
    return turns_at(account, rotation(access, account).count, strategy(access, account))


def turns_at(account: str, count: int, strategy: str) -> tuple[Turn, ...]:
    """Return the users that an account has when its counter is `count`, the first one first."""
    if strategy == IN_PLACE:
        return (Turn(account, count, is_active=True),)
    first_is_active = count % 2 == 1
    first = Turn(account, (count + 1) // 2, is_active=first_is_active)
    if count == 1:
        return (first,)
    return first, Turn(second_user(account), count // 2, is_active=not first_is_active)


def active(access: Access, account: str) -> Turn:
    """Return the current user of an account, the one in its secret."""
    return next(turn for turn in turns(access, account) if turn.is_active)


def count_up(access: Access, accounts: Iterable[str], day: date) -> Access:
    """Return the YAML with these accounts' rotations counted up; own accounts share one rotation."""
    chosen = set(accounts)

    def count_section(section: _Section, *names: str) -> _Section:
        if not chosen & set(names):
            return section
        entry = section.rotation.model_copy(update={"count": section.rotation.count + 1, "date": day})
        return section.model_copy(update={"rotation": entry})

    named = {}
    for name, account in access.accounts.items():
        former = {old: count_section(each, old) for old, each in account.formerly.items()}
        named[name] = count_section(account, name).model_copy(update={"formerly": former})
    own = pipeline_identities.own_accounts(access)
    pipeline = access.pipeline and count_section(access.pipeline, *own)
    return access.model_copy(update={"accounts": named, "pipeline": pipeline})


def due_on(access: Access, account: str) -> date | None:
    """Return the day from which an account is overdue, None for never; without a date it always is."""
    declared = rotation(access, account)
    if declared.max_age is None:
        return None
    return declared.date + timedelta(days=declared.max_age + 1) if declared.date else _LONG_AGO


def is_overdue(access: Access, account: str, on: date) -> bool:
    """Tell whether an account's password is older than its max_age on a day."""
    due = due_on(access, account)
    return due is not None and due <= on
