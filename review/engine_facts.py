"""Who may do what, as facts of the engine's resources in one of their states: the same facts that analysis takes from YAML.

What the YAML alone knows (which repositories hold releases) is taken from the YAML's facts. The YAML's facts leave out
ciaccess's own identities, so whose facts are wanted can be chosen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from analysis.facts import AccessFacts, AccountFacts, Holder, RoleFacts, Trust, grants_of
from config import identities
from config.permissions import NexusObjects, NexusPrivilege, NexusRole, NexusSelector, role_id
from config.rotation import SECOND
from review.resources import (
    JWT_BACKEND,
    JWT_ROLE,
    POLICY,
    PRECONDITIONS,
    PRIVILEGE,
    ROLE,
    SECRET,
    SELECTOR,
    USER,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from review.events import Inputs

_RULE = re.compile(r'path\s+"([^"]+)"\s*\{[^}]*capabilities\s*=\s*\[([^\]]*)\]')
_OWN = frozenset(
    (
        *identities.IDENTITIES,
        identities.READER,
        identities.WRITER,
        identities.NEXUS_READER,
        identities.NEXUS_WRITER,
    )
)
_READING = ('"read"', '"sudo"')


def is_own(name: str) -> bool:
    """Tell whether an account, Nexus role or JWT role is one of ciaccess's own jobs."""
    return name in _OWN


def facts(
    objects: Iterable[tuple[str, Inputs]], declared: AccessFacts, concerns: Callable[[str], bool]
) -> AccessFacts:
    """Return the facts of resources, given as (type, inputs), about the accounts and roles that `concerns` chooses.

    `declared` are the YAML's, for what no resource tells.
    """
    by_type: dict[str, list[Inputs]] = {}
    for type_, inputs in objects:
        by_type.setdefault(type_, []).append(inputs)

    def of(type_: str) -> list[Inputs]:
        return by_type.get(type_, [])

    mount = next((each["kv_mount"] for each in of(PRECONDITIONS) if each.get("kv_mount")), "")
    paths = {each["path"].rpartition("/")[2]: api_path(each["path"], mount) for each in of(SECRET)}
    secrets = {name: path for name, path in paths.items() if concerns(name)}
    known = {name: account.secret for name, account in declared.accounts.items()} | secrets
    users: dict[str, list[Inputs]] = {}
    for user in of(USER):
        users.setdefault(_account(user["user_id"], known.keys() | paths.keys()), []).append(user)
    accounts = {name: _account_facts(name, each, known) for name, each in users.items() if concerns(name)}
    roles = tuple(map(_role, of(ROLE)))
    single = {role_id(name) for name in (*users, *paths)}
    # In Nexus a description also says who manages it.
    named = {
        role.id: declared.named_roles.get(role.id, role.description)
        for role in roles
        if role.id not in single and concerns(role.id)
    }
    holders = {Holder(name): account.roles for name, account in accounts.items()}
    holders |= {Holder(name, is_role=True): (name,) for name in named}
    selectors, privileges = tuple(map(_selector, of(SELECTOR))), tuple(map(_privilege, of(PRIVILEGE)))
    grants, rights = grants_of(NexusObjects(roles, selectors, privileges), holders)
    policies = {each["name"]: str(each.get("policy", "")) for each in of(POLICY)}
    return AccessFacts(
        accounts=accounts,
        named_roles=named,
        grants=grants,
        rights=rights,
        roles={
            each["roleName"]: _role_facts(each, policies, secrets)
            for each in of(JWT_ROLE)
            if concerns(each["roleName"])
        },
        trust=next(map(_trust, of(JWT_BACKEND)), declared.trust),
        releases=declared.releases,
    )


def api_path(path: str, mount: str) -> str:
    """Return `secret/data/nexus/svc-x` of `secret/nexus/svc-x`; a managed mount, of which no check tells, has one part."""
    prefix = mount or path.partition("/")[0]
    return f"{prefix}/data{path.removeprefix(prefix)}"


def _account(user_id: str, accounts: Collection[str]) -> str:
    """Return whose user it is: the account of the same name, or the one whose users take turns."""
    first = user_id.removesuffix(SECOND)
    return first if user_id not in accounts and first in accounts else user_id


def _account_facts(name: str, users: list[Inputs], secrets: Mapping[str, str]) -> AccountFacts:
    """Return the facts of an account; who has the secret may do what either of its users may."""
    roles = {role for user in users for role in user["roles"]}
    return AccountFacts(name, users[0]["first_name"], tuple(sorted(roles)), secrets.get(name, ""))


def _role(role: Inputs) -> NexusRole:
    return NexusRole(
        role["role_id"], role["name"], role["description"], tuple(role["privileges"]), tuple(role["roles"])
    )


def _selector(selector: Inputs) -> NexusSelector:
    return NexusSelector(selector["name"], selector["description"], selector["expression"])


def _privilege(privilege: Inputs) -> NexusPrivilege:
    return NexusPrivilege(
        name=privilege["name"],
        description=privilege["description"],
        format=privilege.get("format", ""),
        repository=privilege.get("repository", ""),
        content_selector=privilege.get("content_selector", ""),
        actions=tuple(privilege["actions"]),
    )


def _role_facts(role: Inputs, policies: Mapping[str, str], secrets: Mapping[str, str]) -> RoleFacts:
    texts = [policies.get(name, "") for name in role.get("tokenPolicies") or ()]
    patterns = [
        path
        for text in texts
        for path, capabilities in _RULE.findall(_without_comments(text))
        if any(right in capabilities for right in _READING)
    ]
    ttl = int(role.get("tokenTtl") or 0)
    return RoleFacts(
        name=role["roleName"],
        claims={claim: _set(values) for claim, values in (role.get("boundClaims") or {}).items()},
        audiences=frozenset(role.get("boundAudiences") or ()),
        accounts=frozenset(
            name for name, path in secrets.items() if any(_covers(each, path) for each in patterns)
        ),
        ttl_seconds=ttl,
        max_ttl_seconds=int(role.get("tokenMaxTtl") or ttl),
        token_type=role.get("tokenType") or "service",
    )


def _without_comments(policy: str) -> str:
    return "\n".join(line for line in policy.splitlines() if not line.lstrip().startswith(("#", "//")))


def _covers(pattern: str, path: str) -> bool:
    """Tell whether a policy's path admits an API path: + is one part, a * at the end is anything."""
    expression = "[^/]+".join(map(re.escape, pattern.removesuffix("*").split("+")))
    return re.fullmatch(expression + (".*" if pattern.endswith("*") else ""), path) is not None


def _set(values: Any) -> frozenset[str]:
    return frozenset(str(values).split(","))


def _trust(backend: Inputs) -> Trust:
    urls = (backend.get("oidcDiscoveryUrl"), backend.get("jwksUrl"))
    keys = (*filter(None, urls), *(backend.get("jwtValidationPubkeys") or ()))
    return Trust(backend.get("boundIssuer") or "", keys, f"auth/{backend['path']}/login")
