"""Renamed accounts: each also stays under its former name until the date in the YAML.

Owns what `formerly` amounts to. A former account is its successor under the former name: it may do the same, the same JWT
roles read its secret, and its rotation is its own, so that the renaming changes none of its passwords. The loader puts
former accounts among the others, so that readers of `access.accounts` and `access.vault.roles` get them too. What is
over is not among them: it is no longer declared, and the next `up` removes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from pydantic import Field

from ciaccess.access.model.models import Access, Account, Former

# Before every day that a YAML can name.
ALWAYS = date.min


class FormerAccount(Account):
    """An account under a former name, derived from its successor and never read from the YAML."""

    successor: str = Field(description="Name of the account that it has become.")
    until: date = Field(description="Last day on which it stays.")


@dataclass(frozen=True)
class FormerName:
    """A former name of an account; `is_over` once its date has passed and it is no longer an account."""

    name: str
    successor: str
    until: date
    is_over: bool

    def __str__(self) -> str:
        """Return it as the end of a sentence."""
        end = "which ended with" if self.is_over else "until"
        return f"former name of {self.successor}, {end} {self.until.isoformat()}"

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {**asdict(self), "until": self.until.isoformat()}


def expand_former_accounts(access: Access, on: date) -> Access:
    """Return what is declared on a day: with the former accounts that stay on it, and no others."""
    accounts: dict[str, Account] = {}
    names: dict[str, list[str]] = {}
    for name, account in access.accounts.items():
        if isinstance(account, FormerAccount):
            continue
        current = {old: entry for old, entry in account.formerly.items() if entry.until >= on}
        former = {old: _former_account(account, name, entry) for old, entry in current.items()}
        accounts |= {name: account, **former}
        names[name] = [name, *former]
    if accounts.keys() == access.accounts.keys():
        return access
    roles = {}
    for role, declared in access.vault.roles.items():
        readable = [each for name in declared.accounts for each in names.get(name, ())]
        roles[role] = declared.model_copy(update={"accounts": readable})
    vault = access.vault.model_copy(update={"roles": roles})
    return access.model_copy(update={"accounts": accounts, "vault": vault})


def former_names(access: Access) -> Iterator[FormerName]:
    """Return every former name that the YAML has, those that are over too."""
    for name, account in access.accounts.items():
        for old, entry in account.formerly.items():
            yield FormerName(old, name, entry.until, is_over=old not in access.accounts)


def entry_of(access: Access, account: str) -> tuple[str, ...]:
    """Return the path of an account's section; a former name is in its successor's."""
    declared = access.accounts[account]
    if isinstance(declared, FormerAccount):
        return ("accounts", declared.successor, "formerly", account)
    return ("accounts", account)


def _former_account(account: Account, name: str, entry: Former) -> FormerAccount:
    own = {"rotation": entry.rotation, "purge": entry.purge, "formerly": {}}
    return FormerAccount(**{**dict(account), **own}, successor=name, until=entry.until)
