"""What is asked of Nexus: its users (listed already), roles and privileges, the declared content selectors, one setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ciaccess.clients.could_not_look import http_options
from ciaccess.clients.credentials import require
from ciaccess.drift import nexus_objects as objects
from ciaccess.drift import nexus_users
from ciaccess.drift.findings import UNSEEN, Finding
from ciaccess.drift.manual_commands import disabling_anonymous_access, releasing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ciaccess.access import Access
    from ciaccess.access.desired.objects import ContentSelector, Role
    from ciaccess.clients.nexus import Nexus
    from ciaccess.drift.look import Look
    from ciaccess.engine.resource_types import Target

SYSTEM = "Nexus"
# So many are read one by one; the list of all of them is for more.
_MOST_READ_SINGLY = 20
_OTHER_SOURCES = "users that Nexus takes from LDAP, SAML or another source cannot be listed whole"


def connect(access: Access, timeout_seconds: float) -> Nexus:
    """Return Nexus with its list of users: who may not read that may not look at all.

    Raises:
        CredentialsError, ApiError: they may not, or it does not answer.
    """
    from ciaccess.clients.nexus import Nexus as Client  # noqa: PLC0415 imported while the other systems are asked

    found = require("NEXUS_USERNAME", "NEXUS_PASSWORD")
    options = http_options(timeout_seconds)
    nexus = Client(access.nexus.url, found["NEXUS_USERNAME"], found["NEXUS_PASSWORD"], options=options)
    nexus.users.all()
    return nexus


def look_at_nexus(access: Access, nexus: Nexus, look: Look) -> None:
    """Ask, and keep what is found."""
    declared = objects.Declared.of(access)
    roles = look.start(SYSTEM, "the roles", nexus.roles.all)
    privileges = look.start(SYSTEM, "the privileges", nexus.privileges.all)
    look.check(SYSTEM, "anonymous access", lambda: _anonymous(access, nexus))
    look.check(SYSTEM, "read-only mode", lambda: _mode(access, nexus))
    if len(declared.selectors) > _MOST_READ_SINGLY:
        look.check(SYSTEM, "the content selectors", lambda: _listed(nexus, declared))
    else:
        for wanted, repaired in declared.selectors:
            look.check(SYSTEM, f"content selector {wanted.name}", _one(nexus, wanted, repaired))
    look.remark(_OTHER_SOURCES)
    found_roles, found_privileges = roles.result(), privileges.result()
    if found_privileges is not UNSEEN:
        look.found(*objects.privileges_findings(access, declared, found_privileges))
    if found_roles is not UNSEEN:
        # Without the list nx-all is still known to be everything.
        administering = objects.admin_privileges({} if found_privileges is UNSEEN else found_privileges)
        look.found(*_roles_and_users(access, declared, nexus, found_roles, administering))


def _roles_and_users(
    access: Access,
    declared: objects.Declared,
    nexus: Nexus,
    roles: dict[str, Role],
    administering: frozenset[str],
) -> Iterator[Finding]:
    admins = objects.admin_roles(roles, administering)
    of_roles = [
        *objects.declared_roles(declared, roles, administering, admins),
        *objects.other_roles(access, declared, roles, administering, admins),
    ]
    yield from of_roles
    # Who administers by a role that is told of already is not told of again.
    told = {finding.object for finding in of_roles if finding.id == "nexus.role.admin"}
    rightly = frozenset(role for role in admins if f"role {role}" not in told)
    users = nexus.users.all()
    yield from nexus_users.declared_users(access, users, rightly)
    yield from nexus_users.other_users(access, users, rightly)


def _one(nexus: Nexus, wanted: ContentSelector, repaired: Target) -> Callable[[], Iterator[Finding]]:
    return lambda: objects.selector_findings(wanted, repaired, nexus.content_selectors.read(wanted.name))


def _listed(nexus: Nexus, declared: objects.Declared) -> Iterator[Finding]:
    found = nexus.content_selectors.all()
    for wanted, repaired in declared.selectors:
        yield from objects.selector_findings(wanted, repaired, found.get(wanted.name))


def _anonymous(access: Access, nexus: Nexus) -> Iterator[Finding]:
    if nexus.anonymous_access():
        command = disabling_anonymous_access(access)
        yield Finding("nexus.anonymous.enabled", "anonymous access", "off", "on", by_hand=command)


def _mode(access: Access, nexus: Nexus) -> Iterator[Finding]:
    if not nexus.takes_writes():
        yield Finding("nexus.mode.readonly", "Nexus", "writable", "read-only", by_hand=releasing(access))
