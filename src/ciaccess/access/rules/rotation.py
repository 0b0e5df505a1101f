"""Rotation: the second user of an account has a unique name, and a max_age has a date."""

from __future__ import annotations

from ciaccess.access.desired.rotation import ALTERNATE, second_user
from ciaccess.access.model.checks import MOST_NAME_CHARACTERS
from ciaccess.access.reading.faults import display
from ciaccess.access.rules.lenient_view import Faults, LenientView, Name, Rule


def second_users(view: LenientView) -> Faults:
    """The second user of an account is not an account of its own, and its id is valid in Nexus."""
    names = {name.text.lower(): name for name in view.names}
    for name in view.names:
        if not _alternates(view, name):
            continue
        second = second_user(name.text)
        if taken := names.get(second.lower()):
            message = f"{display(taken.text)} is the second user of {display(name.text)}, whose password is rotated by turns"
            remedy = f"Rename one of the two, or give {name.text} rotation: {{strategy: in-place}}"
            yield taken.node.fault(message, "another name", remedy, key=True)
        if len(name.text) <= MOST_NAME_CHARACTERS < len(second):
            message = f"its second user {display(second)} would have {len(second)} characters"
            yield name.node.fault(message, f"at most {MOST_NAME_CHARACTERS}", "Shorten the name", key=True)


def _alternates(view: LenientView, name: Name) -> bool:
    strategy = name.node["rotation"]["strategy"].text
    return strategy == ALTERNATE if strategy else name.account.name in view.readers


def dates(view: LenientView) -> Faults:
    """The age of a password counts from a day."""
    for node in (*(name.node for name in view.names), view["pipeline"]):
        rotation = node["rotation"]
        if "max_age" in rotation.mapping and "date" not in rotation.mapping:
            message = "it has no date, so it is due at once"
            remedy = "Add the date of the last rotation, or let ./ciaccess rotate --due do it"
            yield rotation["max_age"].warning(message, "max_age beside date", remedy, key=True)


RULES: tuple[Rule, ...] = (second_users, dates)
