"""Renamed accounts: a former name is unique, and is kept for a limited time."""

from __future__ import annotations

from datetime import timedelta

from pydantic_core import PydanticCustomError

from ciaccess.access.model.checks_dates import last_day
from ciaccess.access.reading.faults import display
from ciaccess.access.rules.lenient_view import Faults, LenientView, Rule

_LONGEST = timedelta(days=366)


def name_conflicts(view: LenientView) -> Faults:
    """A former name is not an account or second user: both would have the same user and secret."""
    owners = {name.text: name for name in view.names if not name.is_former}
    for name in view.names:
        owner = owners.setdefault(name.text, name)
        if owner is name or not name.is_former:
            continue
        allowed, remedy = "a name that no account has", "Remove this entry, or rename the account"
        if owner.is_former:
            message = f"{display(name.text)} is a former name of {owner.account.name} too"
            allowed, remedy = "each former name once", "Remove one of the two"
        elif owner.account is name.account:
            message = f"{display(name.text)} is the account's own name"
        else:
            message = f"{display(name.text)} is an account of its own, in line {owner.node.line(key=True)}"
        yield name.node.fault(message, allowed, remedy, key=True)


def ends(view: LenientView) -> Faults:
    """A former name ends on a day to come, and within a year."""
    for name in view.names:
        node = name.node["until"]
        try:
            until = last_day(node.value) if name.is_former else view.on
        except PydanticCustomError:
            continue  # reported already, for the value
        if until < view.on:
            message = f"{name.text} ended with {until.isoformat()}: no longer declared; the next `pulumi up` deletes it"
            remedy = "Remove the entry once that is applied, or give it another day"
            yield node.warning(message, "a day to come", remedy)
        elif until > view.on + _LONGEST:
            message = f"{display(until)} is more than a year ahead"
            remedy = "Choose a nearer day, which can be put off, or leave the account its name"
            yield node.fault(message, "a day within a year", remedy)


RULES: tuple[Rule, ...] = (name_conflicts, ends)
