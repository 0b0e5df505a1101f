"""The rotation of an account, from its secret's metadata and its users.

`max_age` is in no system: it is copied from the previous access.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ciaccess.access.desired.rotation import ALTERNATE, IN_PLACE, second_user
from ciaccess.access.model.checks_dates import day
from ciaccess.access.reading.document import Document
from ciaccess.adoption.inventory import Inventory

_COUNT = re.compile("[1-9][0-9]{0,5}")


def describe(inventory: Inventory, account: str, max_age: str | None) -> dict[str, Any]:
    """Return an account's rotation as in the YAML, {} for the default."""
    custom = inventory.vault.secrets[account].custom
    count = recorded_count(custom) or 1
    strategy = IN_PLACE if count > 1 else None
    if alternates(inventory, account):
        strategy = ALTERNATE
        is_first = inventory.vault.secrets[account].username == account
        if custom.get("owner"):
            # ciaccess writes the metadata before the secret: the rotation of a killed run is still to be finished.
            count = max(count, 2)
        elif count == 1 or (count % 2 == 1) is not is_first:
            # With an odd count the first user is current. Without a recorded count, any such count will do.
            count = 3 if is_first else 2
    further = {"date": _day(custom.get("rotated_at")), "strategy": strategy, "max_age": max_age}
    found = {key: value for key, value in further.items() if value is not None}
    return {"count": count, **found} if found else {}


def recorded_count(custom: Mapping[str, str]) -> int | None:
    """Return the count in a secret's custom metadata, None if it has none."""
    count = custom.get("rotation", "")
    return int(count) if _COUNT.fullmatch(count) else None


def alternates(inventory: Inventory, account: str) -> bool:
    """Tell whether an account has a second user with the same roles."""
    first, second = (inventory.nexus.users.get(each) for each in (account, second_user(account)))
    return first is not None and second is not None and first.roles == second.roles


def max_ages_in(document: Document) -> dict[str, str]:
    """Return the max_age of accounts in an access.yaml."""
    accounts = document.at(("accounts",))
    found = {
        name: document.at(("accounts", name, "rotation", "max_age"))
        for name in (accounts if isinstance(accounts, dict) else ())
    }
    return {name: age for name, age in found.items() if isinstance(age, str)}


def _day(text: str | None) -> str | None:
    """Return a day of the metadata, None if it is invalid or in the future."""
    try:
        return None if text is None else day(text).isoformat()
    except ValueError:
        return None
