"""Checks of Nexus: users, roles, privileges, selectors, settings, usage limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ciaccess.access.desired.administration import admin_privileges, admin_roles, roles_containing
from ciaccess.drift import nexus_objects as objects
from ciaccess.drift.findings import UNSEEN, Finding
from ciaccess.drift.manual_commands import activate_realms, disable_anonymous_access, release_read_only
from ciaccess.drift.nexus_users import undeclared_users

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ciaccess.access import Access
    from ciaccess.access.desired.objects import Role
    from ciaccess.clients.nexus import Nexus
    from ciaccess.drift.check_run import CheckRun
    from ciaccess.drift.nexus_objects import Ours

SYSTEM = "Nexus"
_DEFAULT_ROLE = "DefaultRole"
_WITHIN_LIMITS = "Under limits"
_OWN_REALMS = ("NexusAuthenticatingRealm", "NexusAuthorizingRealm")
_OTHER_SOURCES = "users that Nexus takes from LDAP, SAML or another source cannot be listed whole"


def check_nexus(ours: Ours, nexus: Nexus, run: CheckRun) -> None:
    """Ask, and keep what is found."""
    access, desired = ours.access, ours.desired
    roles = run.start(SYSTEM, "the roles", nexus.roles.all)
    privileges = run.start(SYSTEM, "the privileges", nexus.privileges.all)
    run.check(SYSTEM, "anonymous access", lambda: _anonymous(access, nexus))
    run.check(SYSTEM, "the active realms", lambda: _realms(access, nexus, run))
    run.check(SYSTEM, "the usage limits", lambda: check_usage(nexus, run))
    run.check(SYSTEM, "read-only mode", lambda: _mode(access, nexus))
    selectors = nexus.content_selectors.all
    about = "the content selectors"
    run.check(SYSTEM, about, lambda: objects.declared_objects(desired, "content selector", selectors()))
    run.remark(_OTHER_SOURCES)
    found_roles, found_privileges = roles.result(), privileges.result()
    if found_privileges is not UNSEEN:
        run.found(*objects.declared_objects(desired, "privilege", found_privileges))
        run.found(*objects.undeclared_privileges(ours, found_privileges))
        run.found(*objects.wider_privileges(ours, found_privileges))
    if found_roles is not UNSEEN:
        # Without the list nx-all is still known to be everything.
        administering = admin_privileges({} if found_privileges is UNSEEN else found_privileges)
        run.found(*_roles_and_users(ours, nexus, found_roles, administering))


def _roles_and_users(
    ours: Ours, nexus: Nexus, roles: dict[str, Role], administering: frozenset[str]
) -> Iterator[Finding]:
    desired = ours.desired
    admins = admin_roles(roles, administering)
    of_roles = [
        *objects.declared_objects(desired, "role", roles, administering | admins),
        *objects.undeclared_roles(ours, roles, administering, admins),
    ]
    yield from of_roles
    # The users of a role that is reported are reported again only where that is accepted.
    reported = {finding.object for finding in of_roles if finding.id == "nexus.role.admin"}
    expected = frozenset(role for role in admins if f"role {role}" not in reported)
    users = nexus.users.all()
    yield from objects.declared_objects(desired, "user", users, expected)
    our_roles = roles_containing(roles, desired.objects("role"))
    yield from undeclared_users(ours, users, expected, our_roles, admins - expected)


def _anonymous(access: Access, nexus: Nexus) -> Iterator[Finding]:
    if nexus.anonymous_access():
        command = disable_anonymous_access(access)
        yield Finding("nexus.anonymous.enabled", "anonymous access", "off", "on", command)


def _realms(access: Access, nexus: Nexus, run: CheckRun) -> Iterator[Finding]:
    active = nexus.active_realms()
    if _DEFAULT_ROLE in active:
        command = activate_realms(access, [each for each in active if each != _DEFAULT_ROLE])
        yield Finding("nexus.realm.defaultrole", f"realm {_DEFAULT_ROLE}", "not active", "active", command)
    if others := [each for each in active if each not in (*_OWN_REALMS, _DEFAULT_ROLE)]:
        run.remark(f"Nexus also accepts credentials by the realms {', '.join(others)}, which are not checked")


def check_usage(nexus: Nexus, run: CheckRun) -> Iterator[Finding]:
    """Yield exceeded usage limits and malware, by Nexus's own report."""
    usage = nexus.usage()
    if usage is None:
        run.remark(
            "Nexus's usage limits and malware count are not checked: its user interface does not report them"
        )
        return
    limits = ", ".join(f"{name}: {limit}" for name, limit in usage.limits)
    if usage.is_over_limits:
        since = f", enforced from {usage.enforced_from}" if usage.enforced_from else ""
        yield Finding("nexus.usage.limit", "Nexus", limits or "within limits", usage.status + since)
    elif usage.status not in ("", _WITHIN_LIMITS):
        run.remark(f"Nexus reports {usage.status} of its usage limits ({limits})")
    if usage.malware_count:
        yield Finding("nexus.content.malware", "Nexus", "none", f"{usage.malware_count} components")


def _mode(access: Access, nexus: Nexus) -> Iterator[Finding]:
    if not nexus.takes_writes():
        yield Finding("nexus.mode.readonly", "Nexus", "writable", "read-only", release_read_only(access))
