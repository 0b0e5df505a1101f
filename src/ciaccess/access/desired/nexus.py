"""What access.yaml amounts to: the policies in Vault, and the roles, selectors and privileges in Nexus.

The one place that turns grants into objects, by least privilege: a push gives browse, read, edit and add on the
named repositories, never delete and never admin. Names are predictable: the role of an account is `ci-<account>`,
its content selector `ci-<account>-<format>`, the privilege on it `ci-<account>-<repository>`. config/rules sees to it
that no two of them are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ciaccess.access.desired import pipeline_identities, rotation
from ciaccess.access.desired.pipeline_identities import (
    jwt_roles,
    own_jwt_roles,
    own_nexus_roles,
    secret_folder,
)
from ciaccess.access.desired.vault_policies import own_rules, policy_text, reading

if TYPE_CHECKING:
    from ciaccess.access.model.models import Access, Account, JwtRole, NamedRole

READ = ("browse", "read")
# A raw upload by PUT needs edit, one through the components API add as well (facts on Nexus).
WRITE = ("browse", "read", "edit", "add")


@dataclass(frozen=True)
class VaultPolicy:
    """A policy and the JWT role that gives it."""

    name: str
    role: str
    text: str


@dataclass(frozen=True)
class Grant:
    """Actions of one account in one repository, limited to the paths under `path` unless that is empty."""

    format: str
    repository: str
    actions: tuple[str, ...]
    path: str = ""


@dataclass(frozen=True)
class NexusRole:
    """A role of Nexus with what it holds, sorted."""

    id: str
    name: str
    description: str
    privileges: tuple[str, ...]
    roles: tuple[str, ...]


@dataclass(frozen=True)
class NexusSelector:
    """A content selector of Nexus; the expression is CSEL."""

    name: str
    description: str
    expression: str


@dataclass(frozen=True)
class NexusPrivilege:
    """A privilege of type repository-content-selector."""

    name: str
    description: str
    format: str
    repository: str
    content_selector: str
    actions: tuple[str, ...]


@dataclass(frozen=True)
class NexusUser:
    """An account's user of Nexus; it is active, and of the source default."""

    user_id: str
    first_name: str
    last_name: str
    email_address: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class NexusObjects:
    """What Nexus must hold besides users; a role stands after those it contains."""

    roles: tuple[NexusRole, ...]
    selectors: tuple[NexusSelector, ...] = ()
    privileges: tuple[NexusPrivilege, ...] = ()


def policy_name(role: str, declared: JwtRole) -> str:
    """Return the name of a JWT role's policy."""
    return declared.policy or f"{role}-policy"


def secret_path(access: Access, account: str) -> str:
    """Return an account's secret as `vault kv` names it: `secret/nexus/svc-x`."""
    return f"{access.vault.kv.mount}/{secret_folder(access, account)}/{account}"


def secret_api_path(access: Access, account: str) -> str:
    """Return an account's secret as the API and policies name it: `secret/data/nexus/svc-x`."""
    return f"{access.vault.kv.mount}/data/{secret_folder(access, account)}/{account}"


def secret_metadata_path(access: Access, account: str) -> str:
    """Return the metadata of an account's secret as the API names it: `secret/metadata/nexus/svc-x`."""
    return f"{access.vault.kv.mount}/metadata/{secret_folder(access, account)}/{account}"


def secret_metadata(access: Access, account: str) -> dict[str, str]:
    """Return the custom metadata of an account's secret: which turn it is and since when, whose user, who manages it."""
    declared = pipeline_identities.account(access, account).rotation
    return {
        "rotated_at": declared.date.isoformat() if declared.date else "",
        "rotation": str(declared.count),
        "nexus_user": rotation.active(access, account).user_id,
        "owner": access.owner,
    }


def vault_policies(access: Access) -> tuple[VaultPolicy, ...]:
    """Return one policy for each JWT role; that of a role of the YAML lists each secret by its whole path."""
    declared = {name: policy_name(name, role) for name, role in access.vault.roles.items()}
    rules = {
        name: reading(secret_api_path(access, account) for account in role.accounts)
        for name, role in access.vault.roles.items()
    }
    rules |= {name: own_rules(access, name, declared.values()) for name in own_jwt_roles(access)}
    return tuple(
        VaultPolicy(policy_name(name, role), name, policy_text(name, rules[name], access.owner))
        for name, role in jwt_roles(access).items()
    )


def bound_claims_type(role: JwtRole) -> str:
    """Return `glob` for a role with a * in a claim's value, else `string`."""
    return (
        "glob" if any("*" in value for values in role.bound_claims.values() for value in values) else "string"
    )


def role_id(account: str) -> str:
    """Return the id of the Nexus role that holds an account's own grants."""
    return f"ci-{account}"


def selector_name(account: str, format_: str) -> str:
    """Return the name of the content selector that limits an account's push of a format to its path."""
    return f"{role_id(account)}-{format_}"


def privilege_name(account: str, repository: str) -> str:
    """Return the name of an account's privilege on its content selector in a repository."""
    return f"{role_id(account)}-{repository}"


def user_roles(access: Access, account: str) -> tuple[str, ...]:
    """Return the roles of an account's Nexus user, sorted: its own one if it has grants, and those it names."""
    declared = pipeline_identities.account(access, account)
    own = [role_id(account)] if declared.push or declared.pull or declared.promote else []
    return tuple(sorted({*own, *declared.roles}))


def marker(access: Access) -> str:
    """Return the words by which an object says whose it is; adoption refuses what another owner has marked."""
    return f"(managed by {access.owner})"


def nexus_user(access: Access, account: str) -> NexusUser:
    """Return the user of Nexus that an account's secret hands out, its roles sorted."""
    return _nexus_user(access, account, rotation.active(access, account).user_id)


def nexus_users(access: Access, account: str) -> tuple[NexusUser, ...]:
    """Return every user that an account has, in the order of its turns; they differ in their ids alone."""
    return tuple(_nexus_user(access, account, turn.user_id) for turn in rotation.turns(access, account))


def _nexus_user(access: Access, account: str, user_id: str) -> NexusUser:
    return NexusUser(
        user_id=user_id,
        first_name=pipeline_identities.account(access, account).purpose,
        last_name=marker(access),
        email_address=f"{user_id}@{access.nexus.email_domain}",
        roles=user_roles(access, account),
    )


def nexus_objects(access: Access) -> NexusObjects:
    """Return what Nexus must hold for all accounts and named roles."""
    own = [account_objects(access, name) for name in access.accounts]
    return NexusObjects(
        named_roles(access) + tuple(role for each in own for role in each.roles),
        tuple(selector for each in own for selector in each.selectors),
        tuple(privilege for each in own for privilege in each.privileges),
    )


def named_roles(access: Access) -> tuple[NexusRole, ...]:
    """Return the roles that access.yaml names, and those of ciaccess's own accounts."""
    roles = [_named_role(access, name, access.nexus.roles[name]) for name in _contained_first(access)]
    roles += [_named_role(access, name, role) for name, role in own_nexus_roles(access).items()]
    return tuple(roles)


def account_objects(access: Access, account: str) -> NexusObjects:
    """Return what Nexus must hold for one account: its role, and the selectors and privileges of its path."""
    declared = pipeline_identities.account(access, account)
    if role_id(account) not in user_roles(access, account):
        return NexusObjects(())
    limited = [_limited(access, account, grant) for grant in grants(access, declared) if grant.path]
    given = {privilege.name for _, privilege in limited}
    for grant in grants(access, declared):
        if not grant.path:
            given |= {_built_in(grant.format, grant.repository, action) for action in grant.actions}
    role = NexusRole(
        role_id(account),
        role_id(account),
        f"CI: {declared.purpose} {marker(access)}",
        tuple(sorted(given)),
        (),
    )
    return NexusObjects((role,), tuple(each for each, _ in limited), tuple(each for _, each in limited))


def grants(access: Access, account: Account) -> tuple[Grant, ...]:
    """Return what an account may do where. Two grants may concern one repository: the account then has both."""
    found: list[Grant] = []
    for format_ in account.push:
        repository = _environments(access, format_)["dev"]
        found.append(Grant(format_, repository, WRITE, account.path or ""))
    for format_ in account.promote:
        source, *targets = _environments(access, format_).values()
        found.append(Grant(format_, source, READ))
        found += [Grant(format_, target, WRITE) for target in targets]
    for format_ in account.pull:
        group = access.nexus.repositories[format_].group
        readable = [group] if group else _environments(access, format_).values()
        found += [Grant(format_, repository, READ) for repository in readable]
    return tuple(found)


def _environments(access: Access, format_: str) -> dict[str, str]:
    return access.nexus.repositories[format_].by_environment()


def _contained_first(access: Access) -> list[str]:
    ordered: list[str] = []

    def visit(name: str) -> None:
        if name in access.nexus.roles and name not in ordered:
            for contained in access.nexus.roles[name].roles:
                visit(contained)
            ordered.append(name)

    for name in access.nexus.roles:
        visit(name)
    return ordered


def _named_role(access: Access, name: str, role: NamedRole) -> NexusRole:
    privileges = {_built_in(format_, "*", action) for format_ in role.pull for action in READ}
    return NexusRole(
        name,
        name,
        f"{role.description} {marker(access)}",
        tuple(sorted(privileges | set(role.privileges))),
        tuple(sorted(role.roles)),
    )


def _built_in(format_: str, repository: str, action: str) -> str:
    """Return the name of the privilege that Nexus itself makes for an action on a repository."""
    return f"nx-repository-view-{format_}-{repository}-{action}"


def _limited(access: Access, account: str, grant: Grant) -> tuple[NexusSelector, NexusPrivilege]:
    selector = NexusSelector(
        selector_name(account, grant.format),
        f"{grant.format} under {grant.path} {marker(access)}",
        f'format == "{grant.format}" and path =^ "{grant.path}"',
    )
    privilege = NexusPrivilege(
        privilege_name(account, grant.repository),
        f"{grant.repository} under {grant.path} {marker(access)}",
        grant.format,
        grant.repository,
        selector.name,
        grant.actions,
    )
    return selector, privilege
