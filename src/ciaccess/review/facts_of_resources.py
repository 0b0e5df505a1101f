"""Who may do what, by the engine's resources in one of their states, as facts of analysis.

What the YAML alone knows (which repositories hold releases) is taken from the YAML's facts. The YAML's facts leave out
ciaccess's own identities, so whose facts are wanted can be chosen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from ciaccess.access.desired import pipeline_identities
from ciaccess.access.desired.objects import ContentSelector, Privilege, Role
from ciaccess.access.policies.acl import ROOT, Acl, Right
from ciaccess.access.policies.tokens import DEFAULT, normalize_names
from ciaccess.analysis.facts import AccessFacts, AccountFacts, RoleFacts, Trust, held_by
from ciaccess.clients.nexus.wire import camel_case
from ciaccess.engine import resource_types as types
from ciaccess.engine.events import Inputs
from ciaccess.review.account import Parts, parts

T = TypeVar("T", ContentSelector, Privilege, Role, RoleFacts)
_OWN = frozenset(
    (
        *pipeline_identities.IDENTITIES,
        pipeline_identities.READER,
        pipeline_identities.WRITER,
        pipeline_identities.NEXUS_READER,
        pipeline_identities.NEXUS_WRITER,
    )
)


def is_own(name: str) -> bool:
    """Tell whether an account, Nexus role or JWT role is one of ciaccess's own jobs."""
    return name in _OWN


def facts(
    objects: Iterable[tuple[str, Inputs]],
    declared: AccessFacts,
    concerns: Callable[[str], bool],
    known_policies: frozenset[str],
) -> AccessFacts:
    """Return the facts of resources (type, inputs) on the accounts and roles that `concerns` chooses.

    `declared` are the YAML's, for what no resource tells. `known_policies` are those of any state: one that is missing in
    this state allows nothing.
    """
    by_type = _group(objects)
    held = {each["account"]: parts(each) for each in by_type[types.ACCOUNT]}
    secrets = {
        name: path
        for name, found in held.items()
        if concerns(name)
        for path in _parts_of_type(found, types.SECRET)
    }
    # Also where no version of it is left.
    paths = {each["account"]: each["secret"]["path"] for each in by_type[types.ACCOUNT]}
    accounts = {
        name: _account_facts(name, users, paths[name])
        for name, found in held.items()
        if concerns(name) and (users := list(_parts_of_type(found, types.USER).values()))
    }
    named_roles = _by_id(Role, "role_id", by_type[types.ROLE])
    # In Nexus a description also names the owner.
    named = {
        name: declared.named_roles.get(name, role.description)
        for name, role in named_roles.items()
        if concerns(name)
    }
    policies = {each["name"]: str(each.get("policy", "")) for each in by_type[types.POLICY]}
    return replace(
        declared,
        accounts=accounts,
        named_roles=named,
        held=held_by(
            *_nexus_objects(named_roles, held.values()),
            {name: each.roles for name, each in accounts.items()},
            named,
        ),
        roles={
            each["roleName"]: _role_facts(each, policies, secrets, known_policies)
            for each in by_type[types.JWT_ROLE]
            if concerns(each["roleName"])
        },
        trust=next(map(_trust, by_type[types.BACKEND]), declared.trust),
    )


def _group(objects: Iterable[tuple[str, Inputs]]) -> dict[str, list[Inputs]]:
    by_type: dict[str, list[Inputs]] = defaultdict(list)
    for type_, inputs in objects:
        by_type[type_].append(inputs)
    return by_type


def _nexus_objects(
    named_roles: dict[str, Role], held: Iterable[Parts]
) -> tuple[dict[str, Role], dict[str, ContentSelector], dict[str, Privilege]]:
    """Return the named roles together with what accounts hold."""
    by_type = _group((type_, part) for found in held for (type_, _), part in found.items())
    return (
        named_roles | _by_id(Role, "role_id", by_type[types.ROLE]),
        _by_id(ContentSelector, "name", by_type[types.SELECTOR]),
        _by_id(Privilege, "name", ({"type": "", **each} for each in by_type[types.PRIVILEGE])),
    )


def _by_id(type_: type[T], identity: str, found: Iterable[Inputs]) -> dict[str, T]:
    return {each[identity]: _object(type_, each) for each in found}


def _parts_of_type(held: Parts, type_: str) -> dict[str, Inputs]:
    """Return an account's parts of one type by name."""
    return {name: part for (sort, name), part in held.items() if sort == type_}


def _account_facts(name: str, users: list[Inputs], secret: str) -> AccountFacts:
    """Return the facts of an account; its secret gives the rights of either of its users."""
    roles = {role for user in users for role in user["roles"]}
    return AccountFacts(name, users[0]["first_name"], tuple(sorted(roles)), secret)


def _object(type_: type[T], inputs: Inputs, **given: Any) -> T:
    """Return an object of a resource's inputs, which may be in camel case, or missing."""
    found = {each.name: inputs.get(each.name, inputs.get(camel_case(each.name))) for each in fields(type_)}
    values: dict[str, Any] = {
        name: frozenset(value) if isinstance(value, list) else value
        for name, value in found.items()
        if value is not None
    }
    return type_(**(values | given))


def policy_names(objects: Iterable[tuple[str, Inputs]]) -> frozenset[str]:
    """Return the names of the policies among resources (type, inputs)."""
    return frozenset(inputs["name"] for type_, inputs in objects if type_ == types.POLICY)


def _role_facts(
    role: Inputs, policies: Mapping[str, str], secrets: Mapping[str, str], known_policies: frozenset[str]
) -> RoleFacts:
    names = frozenset(normalize_names(role.get("tokenPolicies") or ()))
    found = _object(
        RoleFacts,
        role,
        name=role["roleName"],
        token_type=role.get("tokenType") or "service",
        bound_claims={
            claim: frozenset(str(values).split(","))
            for claim, values in (role.get("boundClaims") or {}).items()
        },
        accounts=frozenset(secrets) if ROOT in names else _readable(names, policies, secrets),
        other_policies=names - policies.keys() - known_policies - {DEFAULT},
    )
    return replace(found, token_max_ttl=found.token_max_ttl or found.token_ttl)


def _readable(
    names: Iterable[str], policies: Mapping[str, str], secrets: Mapping[str, str]
) -> frozenset[str]:
    """Return the accounts whose secrets these policies allow to read, or may allow."""
    acl = Acl.of({name: policies[name] for name in names if name in policies})
    return frozenset(name for name, path in secrets.items() if acl.may(path).right is not Right.NO)


def _trust(backend: Inputs) -> Trust:
    urls = (backend.get("oidcDiscoveryUrl"), backend.get("jwksUrl"))
    keys = (*filter(None, urls), *(backend.get("jwtValidationPubkeys") or ()))
    return Trust(backend.get("boundIssuer") or "", keys, f"auth/{backend['path']}/login")
