"""Rotation: the second user of an account has a unique name, and a max_age has a date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ciaccess.access.desired.rotation import ALTERNATE, second_user
from ciaccess.access.model.checks import MOST_NAME_CHARACTERS
from ciaccess.access.reading.faults import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ciaccess.access.reading.document import YamlPath
    from ciaccess.access.reading.faults import Fault
    from ciaccess.access.rules.lenient_view import Name, Outline, Rule


def second_users(outline: Outline) -> Iterator[Fault]:
    """The second user of an account is not an account of its own, and its id is valid in Nexus."""
    names = {name.text.lower(): name for name in outline.names}
    for name in outline.names:
        if not _takes_turns(outline, name):
            continue
        second = second_user(name.text)
        if taken := names.get(second.lower()):
            message = f"{shown(taken.text)} is the second user of {shown(name.text)}, whose password is rotated by turns"
            remedy = f"Rename one of the two, or give {name.text} rotation: {{strategy: in-place}}"
            yield outline.fault(taken.path, message, "another name", remedy, key=True)
        if len(name.text) <= MOST_NAME_CHARACTERS < len(second):
            message = f"its second user {shown(second)} would have {len(second)} characters"
            allowed = f"at most {MOST_NAME_CHARACTERS}"
            yield outline.fault(name.path, message, allowed, "Shorten the name", key=True)


def _takes_turns(outline: Outline, name: Name) -> bool:
    strategy = outline.text(*name.path, "rotation", "strategy")
    return strategy == ALTERNATE if strategy else name.account in outline.readers


def dated(outline: Outline) -> Iterator[Fault]:
    """The age of a password counts from a day."""
    entries: list[YamlPath] = [(*name.path, "rotation") for name in outline.names]
    for path in (*entries, ("pipeline", "rotation")):
        declared = outline.mapping(*path)
        if "max_age" in declared and "date" not in declared:
            message = "it has no date, so it is due at once"
            remedy = "Add the date of the last rotation, or let ./ciaccess rotate --due do it"
            allowed = "max_age beside date"
            yield outline.fault((*path, "max_age"), message, allowed, remedy, key=True, severity="warning")


RULES: tuple[Rule, ...] = (second_users, dated)
