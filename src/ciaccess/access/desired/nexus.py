"""The desired state of Nexus: users, roles, selectors and privileges, by least privilege.

The one place that turns grants into objects: a push gives browse, read, edit and add on the named repositories, never
delete and never admin. Names are predictable: the role of an account is `ci-<account>`, its content selector
`ci-<account>-<format>`, the privilege on it `ci-<account>-<repository>`. access/rules makes sure that no two are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import pairwise

from ciaccess.access.desired import pipeline_identities
from ciaccess.access.desired.objects import ACTIVE, SCOPED, ContentSelector, Privilege, Role, User
from ciaccess.access.desired.ownership import marker
from ciaccess.access.desired.pipeline_identities import own_nexus_roles
from ciaccess.access.model.models import Access, Account, NamedRole

READ = ("browse", "read")
# A raw upload by PUT needs edit, one through the components API add as well (facts on Nexus).
WRITE = ("browse", "read", "edit", "add")
AccountObjects = tuple[Role | None, tuple[ContentSelector, ...], tuple[Privilege, ...]]


@dataclass(frozen=True)
class Grant:
    """The actions of an account in a repository, limited to the folder `path` unless that is empty."""

    format: str
    repository: str
    actions: tuple[str, ...]
    path: str = ""


def role_id(account: str) -> str:
    """Return the id of the Nexus role that holds an account's own grants."""
    return f"ci-{account}"


def selector_name(account: str, format_: str) -> str:
    """Return the name of the content selector that limits an account's push of a format to its path."""
    return f"{role_id(account)}-{format_}"


def privilege_name(account: str, repository: str) -> str:
    """Return the name of an account's privilege on its content selector in a repository."""
    return f"{role_id(account)}-{repository}"


def user_roles(access: Access, account: str) -> frozenset[str]:
    """Return the roles of an account's users: its own one if it has grants, and those it names."""
    declared = pipeline_identities.account(access, account)
    own = [role_id(account)] if declared.push or declared.pull or declared.promote else []
    return frozenset({*own, *declared.roles})


def nexus_user(access: Access, account: str, user_id: str) -> User:
    """Return a user of an account; its users differ in their ids alone."""
    return User(
        user_id=user_id,
        first_name=pipeline_identities.account(access, account).purpose,
        last_name=marker(access.owner),
        email_address=f"{user_id}@{access.nexus.email_domain}",
        status=ACTIVE,
        roles=user_roles(access, account),
    )


def named_roles(access: Access) -> tuple[Role, ...]:
    """Return the roles of access.yaml and of ciaccess's own accounts, contained ones first."""
    roles = [_named_role(access, name, access.nexus.roles[name]) for name in _contained_first(access)]
    roles += [_named_role(access, name, role) for name, role in own_nexus_roles(access).items()]
    return tuple(roles)


def account_objects(access: Access, account: str) -> AccountObjects:
    """Return an account's role, if it has grants, and the selectors and privileges of its path."""
    declared = pipeline_identities.account(access, account)
    if role_id(account) not in user_roles(access, account):
        return None, (), ()
    given = grants(access, declared)
    limited = [_path_scope(access, account, grant) for grant in given if grant.path]
    held = {privilege.name for _, privilege in limited}
    held |= {
        _built_in(each.format, each.repository, action)
        for each in given
        if not each.path
        for action in each.actions
    }
    own, description = role_id(account), f"CI: {declared.purpose} {marker(access.owner)}"
    role = Role(own, own, description, frozenset(held), frozenset())
    return role, tuple(each for each, _ in limited), tuple(each for _, each in limited)


def grants(access: Access, account: Account) -> tuple[Grant, ...]:
    """Return the rights of an account by repository; two grants for one repository are added up."""
    found: list[Grant] = []
    for format_ in account.push:
        repository = _environments(access, format_)["dev"]
        found.append(Grant(format_, repository, WRITE, account.path or ""))
    for format_, promotion in account.promote.items():
        found += _promotions(access, format_, promotion.to)
    for format_ in account.pull:
        group = access.nexus.repositories[format_].group
        readable = [group] if group else _environments(access, format_).values()
        found += [Grant(format_, repository, READ) for repository in readable]
    return tuple(found)


def _promotions(access: Access, format_: str, to: Sequence[str] | None) -> list[Grant]:
    """Return a promotion's rights: it writes to each target, and reads the environment before."""
    environments = list(_environments(access, format_).items())
    steps = [
        (source, target) for (_, source), (name, target) in pairwise(environments) if to is None or name in to
    ]
    targets = [target for _, target in steps]
    read = [Grant(format_, source, READ) for source, _ in steps if source not in targets]
    return read + [Grant(format_, target, WRITE) for target in targets]


def _environments(access: Access, format_: str) -> dict[str, str]:
    return access.nexus.repositories[format_].by_environment()


def _contained_first(access: Access) -> Iterable[str]:
    declared = access.nexus.roles
    within = {name: [each for each in role.roles if each in declared] for name, role in declared.items()}
    return TopologicalSorter(within).static_order()


def _named_role(access: Access, name: str, role: NamedRole) -> Role:
    pulled = {_built_in(format_, "*", action) for format_ in role.pull for action in READ}
    description = f"{role.description} {marker(access.owner)}"
    return Role(name, name, description, frozenset(pulled | set(role.privileges)), frozenset(role.roles))


def _built_in(format_: str, repository: str, action: str) -> str:
    """Return the name of the privilege that Nexus itself makes for an action on a repository."""
    return f"nx-repository-view-{format_}-{repository}-{action}"


def _path_scope(access: Access, account: str, grant: Grant) -> tuple[ContentSelector, Privilege]:
    selector = ContentSelector(
        selector_name(account, grant.format),
        f"{grant.format} under {grant.path} {marker(access.owner)}",
        f'format == "{grant.format}" and path =^ "{grant.path}"',
    )
    privilege = Privilege(
        name=privilege_name(account, grant.repository),
        type=SCOPED,
        description=f"{grant.repository} under {grant.path} {marker(access.owner)}",
        actions=frozenset(grant.actions),
        format=grant.format,
        repository=grant.repository,
        content_selector=selector.name,
    )
    return selector, privilege
