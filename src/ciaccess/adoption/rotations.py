"""The rotation of an account: how often its password was changed, when, and how, as far as its secret's metadata and users tell.

`max_age` stands in no system: it is kept from the access.yaml of before.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ciaccess.access.desired.rotation import ALTERNATE, IN_PLACE, second_user
from ciaccess.access.model.checks_dates import day

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ciaccess.access.reading.document import Document
    from ciaccess.adoption.world import World

_COUNT = re.compile("[1-9][0-9]{0,5}")


def describe(world: World, account: str, max_age: str | None) -> dict[str, Any]:
    """Return what the YAML says of an account's rotation, {} where that is what it is by itself."""
    custom = world.vault.secrets[account].custom
    count = counted(custom) or 1
    strategy = IN_PLACE if count > 1 else None
    if takes_turns(world, account):
        strategy = ALTERNATE
        is_first = world.vault.secrets[account].username == account
        if custom.get("owner"):
            # Of ours the metadata are written before the secret: a turn that a killed run did not publish is still to be ended.
            count = max(count, 2)
        elif count == 1 or (count % 2 == 1) is not is_first:
            # Odd is the first user's turn. Where nobody has counted, how often they took it matters to nobody.
            count = 3 if is_first else 2
    further = {"date": _day(custom.get("rotated_at")), "strategy": strategy, "max_age": max_age}
    found = {key: value for key, value in further.items() if value is not None}
    return {"count": count, **found} if found else {}


def counted(custom: Mapping[str, str]) -> int | None:
    """Return the counter that a secret's custom metadata say, None where nobody has counted."""
    said = custom.get("rotation", "")
    return int(said) if _COUNT.fullmatch(said) else None


def takes_turns(world: World, account: str) -> bool:
    """Tell whether an account's user has a second one that is like it."""
    first, second = (world.nexus.users.get(each) for each in (account, second_user(account)))
    return first is not None and second is not None and first.roles == second.roles


def max_ages_in(document: Document) -> dict[str, str]:
    """Return the max_age of each account of an access.yaml that has one."""
    accounts = document.at(("accounts",))
    found = {
        name: document.at(("accounts", name, "rotation", "max_age"))
        for name in (accounts if isinstance(accounts, dict) else ())
    }
    return {name: age for name, age in found.items() if isinstance(age, str)}


def _day(text: str | None) -> str | None:
    """Return a day of the metadata, None for what is no day up to today."""
    try:
        return None if text is None else day(text).isoformat()
    except ValueError:
        return None
