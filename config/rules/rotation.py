"""Rotation: the second user of an account collides with nobody, and what has an age has a date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.checks import MOST_NAME_CHARACTERS
from config.faults import shown
from config.rotation import ALTERNATE, second_user

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config.document import YamlPath
    from config.faults import Fault
    from config.rules.outline import Outline, Rule


def second_users(outline: Outline) -> Iterator[Fault]:
    """The user that takes turns with an account's first one is no account of its own, and Nexus takes its id."""
    declared = {name.lower(): name for name in outline.mapping("accounts")}
    for account in outline.mapping("accounts"):
        if not _takes_turns(outline, account):
            continue
        second = second_user(account)
        if taken := declared.get(second.lower()):
            message = (
                f"{shown(taken)} is the second user of {shown(account)}, whose password is rotated by turns"
            )
            remedy = f"Rename one of the two, or give {account} rotation: {{strategy: in-place}}"
            yield outline.fault(("accounts", taken), message, "another name", remedy, key=True)
        if len(account) <= MOST_NAME_CHARACTERS < len(second):
            message = f"its second user {shown(second)} would have {len(second)} characters"
            allowed = f"at most {MOST_NAME_CHARACTERS}"
            yield outline.fault(("accounts", account), message, allowed, "Shorten the name", key=True)


def _takes_turns(outline: Outline, account: str) -> bool:
    strategy = outline.text("accounts", account, "rotation", "strategy")
    return strategy == ALTERNATE if strategy else account in outline.readers


def dated(outline: Outline) -> Iterator[Fault]:
    """The age of a password counts from a day."""
    entries: list[YamlPath] = [("accounts", account, "rotation") for account in outline.mapping("accounts")]
    for path in (*entries, ("pipeline", "rotation")):
        declared = outline.mapping(*path)
        if "max_age" in declared and "date" not in declared:
            message = "nothing says since when, so that it is due at once"
            remedy = "Add the date of the last rotation, or let ./ciaccess rotate --due do it"
            allowed = "max_age beside date"
            yield outline.fault((*path, "max_age"), message, allowed, remedy, key=True, severity="warning")


RULES: tuple[Rule, ...] = (second_users, dated)
