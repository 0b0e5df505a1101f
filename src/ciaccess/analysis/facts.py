"""Who may do what, as facts: actions in Nexus by account and role, secrets by job.

Owns the facts, derived from the desired objects, so that they describe what Nexus and Vault will contain, not
what was intended. Differences of two states are in analysis.difference, wording in analysis.wording. `held_by` takes any Nexus
objects, a preview's as well as the YAML's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self

from ciaccess.access.desired.administration import contained_roles, is_admin_name
from ciaccess.access.desired.former_names import former_names
from ciaccess.access.desired.nexus import user_roles
from ciaccess.access.desired.objects import ContentSelector, JwtRole, Privilege, Role
from ciaccess.access.desired.other_settings import other_settings
from ciaccess.access.desired.state import Desired
from ciaccess.access.desired.trust_anchors import trust_anchors
from ciaccess.access.model.models import Access

EVERY = "*"
ADMINISTRATION = "nx-all"
_VIEW = "nx-repository-view-"
# Nexus's own roles that every installation has, and what they hold.
_BUILT_IN_ROLES = {
    "nx-admin": (ADMINISTRATION,),
    "nx-anonymous": ("nx-healthcheck-read", "nx-search-read", f"{_VIEW}*-*-browse", f"{_VIEW}*-*-read"),
}


@dataclass(frozen=True, order=True)
class Holder:
    """Who has a right: an account (a Nexus user), or everybody who is given a named role."""

    name: str
    is_role: bool = False


@dataclass(frozen=True, order=True)
class Grant:
    """An action on artifacts of a repository; `path` limits it to a folder, EVERY is a wildcard."""

    format: str
    repository: str
    action: str
    path: str = ""
    via: str = field(default="", compare=False)

    def covers(self, other: Grant) -> bool:
        """Tell whether it allows all that the other one allows."""
        return (
            self.format in (EVERY, other.format)
            and self.repository in (EVERY, other.repository)
            and self.action in (EVERY, other.action)
            and other.path.startswith(self.path)
        )


class Use(NamedTuple):
    """All that is allowed in a repository, or in a folder of it, with the roles that allow it."""

    format: str
    repository: str
    path: str
    actions: frozenset[str]
    via: frozenset[str]


@dataclass(frozen=True, order=True)
class Right:
    """A right that is not on artifacts: a privilege, or a role whose content only Nexus knows."""

    name: str
    is_role: bool = False
    via: str = field(default="", compare=False)

    @property
    def administers(self) -> bool:
        """Tell whether it changes Nexus itself; what only reads, searches or checks health does not."""
        harmless = self.name.endswith(("-read", "-browse")) or self.name.startswith("nx-healthcheck-")
        return not self.is_role and not harmless


@dataclass(frozen=True)
class Held:
    """What a holder may do in Nexus, each sorted."""

    grants: tuple[Grant, ...] = ()
    rights: tuple[Right, ...] = ()

    @property
    def administers(self) -> bool:
        """Tell whether it may do anything in Nexus."""
        return any(right.name == ADMINISTRATION for right in self.rights)

    @property
    def may_administer(self) -> bool:
        """Tell whether it can extend its own rights; no job may read such an account's secret."""
        return any(is_admin_name(right.name) for right in self.rights)

    @property
    def uses(self) -> list[Use]:
        """Return the grants, those of a repository and folder together."""
        found: dict[tuple[str, str, str], list[Grant]] = defaultdict(list)
        for grant in self.grants:
            found[grant.format, grant.repository, grant.path].append(grant)
        return [
            Use(*place, frozenset(each.action for each in grants), frozenset(each.via for each in grants))
            for place, grants in found.items()
        ]

    def covers(self, grant: Grant) -> bool:
        """Tell whether it allows all that a grant allows."""
        return self.administers or any(each.covers(grant) for each in self.grants)


NOTHING = Held()


@dataclass(frozen=True)
class AccountFacts:
    """An account: what it is for, its Nexus roles, and where its secret is in Vault's API.

    `former`, of a renamed account: its present name, and its last day. It is not access, and not compared.
    """

    name: str
    purpose: str
    roles: tuple[str, ...]
    secret: str
    former: str = field(default="", compare=False)


@dataclass(frozen=True)
class RoleFacts(JwtRole):
    """A JWT role, and whose secrets its jobs may read.

    `other_policies` are undeclared ones: what they allow is not known, but for `root`.
    """

    accounts: frozenset[str] = frozenset()
    other_policies: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Trust:
    """Whose id_tokens Vault believes: the issuer, and where its keys are from."""

    issuer: str
    keys: tuple[str, ...]
    login_path: str


@dataclass(frozen=True)
class AccessFacts:
    """All of it.

    `named_roles` are the Nexus roles that access.yaml declares, with their descriptions; `held` is what accounts and these
    roles may do; `releases` are the repositories of uat and prod, which are written once.
    """

    accounts: Mapping[str, AccountFacts]
    named_roles: Mapping[str, str]
    held: Mapping[Holder, Held]
    roles: Mapping[str, RoleFacts]
    trust: Trust
    releases: frozenset[str]
    anchors: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, access: Access) -> Self:
        """Return the facts of an access.yaml."""
        desired = Desired.of(access)
        former = {each.name: str(each) for each in former_names(access)}
        accounts = {
            name: AccountFacts(
                name,
                account.purpose,
                tuple(sorted(user_roles(access, name))),
                desired.accounts[name].secret.api_path,
                former=former.get(name, ""),
            )
            for name, account in access.accounts.items()
        }
        jwt = access.vault.jwt
        keys = (*filter(None, (jwt.discovery_url, jwt.jwks_url)), *jwt.public_keys)
        return cls(
            accounts=accounts,
            named_roles={name: role.description for name, role in access.nexus.roles.items()},
            held=held_by(
                desired.objects("role"),
                desired.objects("content selector"),
                desired.objects("privilege"),
                {name: each.roles for name, each in accounts.items()},
                access.nexus.roles,
            ),
            roles={
                name: RoleFacts(**vars(desired.jwt_roles[name]), accounts=frozenset(role.accounts))
                for name, role in access.vault.roles.items()
            },
            anchors=trust_anchors(access),
            settings=other_settings(access),
            trust=Trust(jwt.issuer, keys, f"auth/{jwt.mount}/login"),
            releases=frozenset(
                name
                for repositories in access.nexus.repositories.values()
                for environment, name in repositories.by_environment().items()
                if environment != "dev"
            ),
        )

    def only(self, *accounts: str) -> Self:
        """Return what concerns these accounts alone, in this order, as far as they are declared."""
        return replace(
            self,
            accounts={name: self.accounts[name] for name in accounts if name in self.accounts},
            named_roles={},
            held={Holder(name): self.account(name) for name in accounts},
            roles={
                name: replace(role, accounts=read)
                for name, role in self.roles.items()
                if (read := role.accounts.intersection(accounts))
            },
        )

    def account(self, name: str) -> Held:
        """Return what an account may do in Nexus."""
        return self.held.get(Holder(name), NOTHING)

    def named_role(self, name: str) -> Held:
        """Return what everybody with a named role may do in Nexus."""
        return self.held.get(Holder(name, is_role=True), NOTHING)

    def writes_releases(self, account: str) -> bool:
        """Tell whether an account may write to a repository of uat or prod."""
        return any(
            grant.repository in (EVERY, *self.releases) and grant.action not in ("read", "browse")
            for grant in self.account(account).grants
        )

    def readers(self, account: str) -> list[RoleFacts]:
        """Return the JWT roles whose jobs may read an account's secret."""
        return [role for role in self.roles.values() if account in role.accounts]


def held_by(
    roles: Mapping[str, Role],
    selectors: Mapping[str, ContentSelector],
    privileges: Mapping[str, Privilege],
    accounts: Mapping[str, Iterable[str]],
    named_roles: Iterable[str] = (),
) -> dict[Holder, Held]:
    """Return what `accounts` may do by the names of their roles, and everybody by a named one.

    Roles inside others count.
    """
    paths = {name: folder_of(selector.expression) for name, selector in selectors.items()}
    holders = {Holder(name): names for name, names in accounts.items()}
    holders |= {Holder(name, is_role=True): (name,) for name in named_roles}
    found: dict[Holder, Held] = {}
    for holder, names in holders.items():
        grants: set[Grant] = set()
        rights: set[Right] = set()
        for role in contained_roles(roles, names):
            held = roles[role].privileges if role in roles else _BUILT_IN_ROLES.get(role)
            if held is None:
                rights.add(Right(role, is_role=True, via=role))
            for name in held or ():
                granted = _grants(role, privileges.get(name), paths) or _built_in(role, name)
                grants |= granted
                if not granted:
                    rights.add(Right(name, via=role))
        found[holder] = Held(tuple(sorted(grants)), tuple(sorted(rights)))
    return found


def folder_of(expression: str) -> str:
    """Return the folder in a content selector of ours, for another expression the expression."""
    head, found, tail = expression.partition(' and path =^ "')
    return tail.removesuffix('"') if found and head.startswith("format == ") else expression


def _grants(role: str, privilege: Privilege | None, paths: Mapping[str, str]) -> set[Grant]:
    if privilege is None:
        return set()
    path = paths.get(privilege.content_selector, f"selector {privilege.content_selector}")
    return {
        Grant(privilege.format, privilege.repository, action, path, via=role) for action in privilege.actions
    }


def _built_in(role: str, privilege: str) -> set[Grant]:
    """Read nx-repository-view-<format>-<repository>-<action>; only the repository has hyphens."""
    if not privilege.startswith(_VIEW):
        return set()
    format_, _, rest = privilege.removeprefix(_VIEW).partition("-")
    repository, _, action = rest.rpartition("-")
    return {Grant(format_, repository, action, via=role)} if repository and action else set()
