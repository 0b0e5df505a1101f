"""Nexus's users against access.yaml: those that are declared, and those that look like them or have gained too much."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ciaccess.access.desired.difference import differing
from ciaccess.access.desired.nexus import nexus_users
from ciaccess.access.desired.pipeline_identities import service_accounts
from ciaccess.drift.comparing import listed, shown
from ciaccess.drift.findings import Finding
from ciaccess.drift.former_accounts import Ended, undeclared
from ciaccess.drift.manual_commands import deleting
from ciaccess.engine import resource_types

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ciaccess.access import Access
    from ciaccess.access.desired.objects import User

ACTIVE = "active"
_SERVICE_ACCOUNT = re.compile(r"svc-", re.IGNORECASE)
# What may follow an id in one that is taken for it: Nexus itself finds users by the beginning of their ids.
_CONTINUED = re.compile(r"[-_.0-9]")
# The one administrator that every Nexus has.
_BUILT_IN = "admin"


def declared_users(
    access: Access, users: Mapping[str, User], admin_roles: frozenset[str]
) -> Iterator[Finding]:
    """Return what differs in the accounts' users; `admin_roles` are the roles that administer Nexus."""
    for account, wanted in _every_user(access):
        found = users.get(wanted.user_id)
        what, target = f"user {wanted.user_id}", (resource_types.account(account),)
        if found is None:
            yield Finding("nexus.user.missing", what, "an active user", "nothing", targets=target)
            continue
        if found.status != ACTIVE:
            yield Finding("nexus.user.status", what, ACTIVE, found.status, targets=target)
        if found.roles != frozenset(wanted.roles):
            gained = found.roles - frozenset(wanted.roles)
            identity = "nexus.user.admin" if gained & admin_roles else "nexus.user.roles"
            yield Finding(identity, what, listed(wanted.roles), listed(found.roles), targets=target)
        profile = {name: getattr(wanted, name) for name in ("first_name", "last_name", "email_address")}
        if names := differing(profile, vars(found)):
            seen = shown(vars(found), names)
            yield Finding("nexus.user.profile", what, shown(profile, names), seen, targets=target)


def other_users(access: Access, users: Mapping[str, User], admin_roles: frozenset[str]) -> Iterator[Finding]:
    """Return the users that nobody declared, where they are service accounts, twins or administrators."""
    declared = {user.user_id for _, user in _every_user(access)}
    by_case = {user_id.lower(): user_id for user_id in declared}
    ended = Ended(access)
    for user_id, user in users.items():
        if user_id in declared:
            continue
        what, command, former = f"user {user_id}", deleting(access, "users", user_id), ended.user(user_id)
        if user_id != _BUILT_IN and (held := user.roles & admin_roles):
            seen = f"roles {listed(held)}"
            yield undeclared(
                "nexus.user.admin", what, "no administrator", seen, by_hand=command, former=former
            )
        seen = f"a user, {user.status}"
        if former is None and (twin := _twin(by_case, user_id)):
            yield Finding("nexus.user.twin", what, f"only {twin}", user_id, by_hand=command)
        elif former or _SERVICE_ACCOUNT.match(user_id):
            yield undeclared(
                "nexus.user.undeclared", what, "no such user", seen, by_hand=command, former=former
            )


def _every_user(access: Access) -> Iterator[tuple[str, User]]:
    """Return the users of all accounts with their account, those whose turn it is and those whose turn it is not."""
    for account in service_accounts(access):
        for user in nexus_users(access, account):
            yield account, user


def _twin(by_case: Mapping[str, str], user_id: str) -> str | None:
    """Return the declared user that an id may be taken for: by case, or because it begins with it."""
    lowered = user_id.lower()
    for end in range(len(lowered), 0, -1):
        other, rest = by_case.get(lowered[:end]), lowered[end:]
        if other and (not rest or _CONTINUED.match(rest) or _SERVICE_ACCOUNT.match(other)):
            return other
    return None
