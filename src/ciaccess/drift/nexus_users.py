"""Undeclared users of Nexus: service accounts, ids similar to declared ones, administrators."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ciaccess.access.desired.objects import User
from ciaccess.drift.findings import Finding, names_or_none
from ciaccess.drift.manual_commands import delete_own
from ciaccess.drift.nexus_objects import Ours, undeclared_finding

_SERVICE_ACCOUNT = re.compile(r"svc-", re.IGNORECASE)
# What may follow an id in one that is taken for it: Nexus itself finds users by the beginning of their ids.
_CONTINUED = re.compile(r"[-_.0-9]")
# Measured on 3.30.0: ids that differ in case only have one list of roles, and a deletion empties it.
_SHARED = "; an old Nexus (3.30) deletes the roles of both with it: check again with --repair afterwards"
# The one administrator that every Nexus has.
_BUILT_IN = "admin"


def undeclared_users(
    ours: Ours,
    users: Mapping[str, User],
    admin_roles: frozenset[str],
    our_roles: frozenset[str],
    reported: frozenset[str] = frozenset(),
) -> Iterator[Finding]:
    """Return one finding for each; that of an administrator names what else it is.

    A user with a reported role has one more.

    `our_roles` are the declared roles, and those that contain one; `reported` administer too, and are findings themselves.
    """
    declared = ours.desired.objects("user")
    by_case = {user_id.lower(): user_id for user_id in declared}
    for user_id, user in users.items():
        if user_id in declared:
            continue
        what, command = f"user {user_id}", delete_own(ours.access, "users", user_id, user.last_name)
        twin = None if what in ours.removed else _twin(by_case, user_id)
        is_service_account = what in ours.removed or bool(_SERVICE_ACCOUNT.match(user_id))
        kind = "a service account" if is_service_account and not twin else "a user"
        held = user.roles & admin_roles
        if not held and (implied := user.roles & reported) and user_id != _BUILT_IN:
            roles = frozenset(("nexus.role.admin", f"role {each}") for each in implied)
            seen = f"{kind} that administers Nexus by {names_or_none(implied)}"
            yield Finding("nexus.user.admin", what, "no such user", seen, command, implied_by=roles)
        if held and user_id != _BUILT_IN:
            seen = f"{kind} that administers Nexus by {names_or_none(held)}"
            seen += f", with an id like {twin}" if twin else ""
            yield Finding("nexus.user.admin", what, "no such user", seen, command)
        elif twin:
            seen = user_id + (_SHARED if twin.lower() == user_id.lower() else "")
            yield Finding("nexus.user.twin", what, f"only {twin}", seen, command)
        elif is_service_account:
            # The state has no source.
            fields, seen = vars(user) | {"source": ""}, f"a user, {user.status}"
            yield undeclared_finding("nexus.user.undeclared", "user", user_id, fields, seen, command)
        elif held := user.roles & our_roles:
            seen = names_or_none(held)
            yield Finding("nexus.user.holder", what, "no declared role", seen, command)


def _twin(by_case: Mapping[str, str], user_id: str) -> str | None:
    """Return the declared user that an id may be taken for: by case, or because it begins with it."""
    lowered = user_id.lower()
    for end in range(len(lowered), 0, -1):
        other, rest = by_case.get(lowered[:end]), lowered[end:]
        if other and (not rest or _CONTINUED.match(rest) or _SERVICE_ACCOUNT.match(other)):
            return other
    return None
