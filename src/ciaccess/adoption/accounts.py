"""The section `accounts`: users of Nexus with a valid secret; remarks on all others.

An account is described only if adopting it changes no password. A user without a secret, or with a secret that Nexus
refuses, becomes a comment, to be added once that is fixed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ciaccess.access.desired.administration import admin_privileges, admin_roles, contained_roles
from ciaccess.access.desired.nexus import role_id
from ciaccess.access.desired.pipeline_identities import READER, WRITER
from ciaccess.access.desired.rotation import SECOND, second_user
from ciaccess.adoption import nexus_roles, rotations
from ciaccess.adoption.draft import Draft
from ciaccess.adoption.grants import GrantFinder
from ciaccess.adoption.inventory import Inventory
from ciaccess.clients.nexus import User
from ciaccess.clients.vault.secret import FIELDS

PATH = ("accounts",)
_GRANTS = ("push", "pull", "promote")
# Accounts of ciaccess's own pipeline, which adoption/jwt_roles remarks on.
_OWN = (READER, WRITER)


@dataclass(frozen=True)
class Accounts:
    """Accounts as in the YAML, the Nexus roles that they need declared, and the administrators.

    `renamed_roles` are the needed roles with another name in the YAML.
    """

    declared: dict[str, dict[str, Any]]
    roles: frozenset[str]
    administrators: frozenset[str]
    renamed_roles: Mapping[str, str] = field(default_factory=dict)


def describe(
    inventory: Inventory,
    repositories: Mapping[str, Mapping[str, str]],
    max_ages: Mapping[str, str],
    draft: Draft,
) -> Accounts:
    """Return the accounts, with their `max_ages`; remark on the users and secrets left out."""
    finder = GrantFinder(inventory.nexus, repositories)
    nexus, secrets = inventory.nexus, inventory.vault.secrets
    declared: dict[str, dict[str, Any]] = {}
    named: set[str] = set()
    for name, user in sorted(nexus.users.items()):
        if name in _OWN or _is_second(inventory, name):
            continue
        if problem := _problem(inventory, user):
            rule, text, remedy = problem
            draft.remark(rule, PATH, text, remedy)
            continue
        declared[name], needed = _describe(inventory, user, finder)
        named |= needed
        if turned := rotations.describe(inventory, name, max_ages.get(name)):
            declared[name]["rotation"] = turned
        if more := sorted(secrets[name].keys - FIELDS):
            text = f"its secret has {', '.join(more)} besides username and password; up removes these keys"
            remedy = "Move them to another secret before the first up"
            draft.remark("secret-holds-more", (*PATH, name), text, remedy)
    _remark_on_other_secrets(inventory, draft)
    renamed = _shared_roles(inventory, declared, named, draft)
    administering = admin_roles(nexus.roles, admin_privileges(nexus.privileges))
    administrators = frozenset(name for name in declared if nexus.users[name].roles & administering)
    return Accounts(declared, frozenset(named), administrators, renamed)


def _remark_on_other_secrets(inventory: Inventory, draft: Draft) -> None:
    """Remark on secrets without a user, and on those of users in other folders."""
    folder = f"{inventory.vault.mount}/{inventory.vault.prefix}"
    for name in sorted(inventory.vault.secrets.keys() - inventory.nexus.users.keys()):
        text = f"{folder}/{name} is a secret, but Nexus has no user {name}"
        remedy = f"Delete it. If {name} is needed, also declare it: up creates both"
        draft.remark("secret-without-user", PATH, text, remedy)
    for path in inventory.vault.elsewhere:
        if path.rpartition("/")[2] not in _OWN:
            text = f"{path} has the name of a Nexus user, but is in another folder"
            remedy = f"Copy it to {folder}/, or leave it where it is"
            draft.remark("secret-elsewhere", PATH, text, remedy)


def email_domain(inventory: Inventory, accounts: Accounts) -> str | None:
    """Return the most common domain of e-mail addresses of the form <account>@<domain>."""
    found = Counter(
        domain
        for name in accounts.declared
        for account, _, domain in [inventory.nexus.users[name].email_address.partition("@")]
        if account == name and domain
    )
    return found.most_common(1)[0][0] if found else None


def _problem(inventory: Inventory, user: User) -> tuple[str, str, str] | None:  # noqa: PLR0911 one a rule
    """Return rule, text and remedy if a user cannot be an account."""
    name, secret = user.user_id, inventory.vault.secrets.get(user.user_id)
    if secret is None:
        folder = f"{inventory.vault.mount}/{inventory.vault.prefix}"
        text = f"{name} is a user of Nexus without a secret in {folder}, so no pipeline reads its password from Vault"
        remedy = f"Ignore this for a person's user; otherwise write username and password to {folder}/{name} and crawl again"
        return "user-without-secret", text, remedy
    left = f"{name} is left out:"
    turns = (name, second_user(name)) if rotations.alternates(inventory, name) else (name,)
    lacking = [field for field in sorted(FIELDS, reverse=True) if not getattr(secret, field)]
    if lacking or secret.username not in turns:
        text = "its secret contains the username of another user"
        if lacking:
            text = f"its secret has no {' and no '.join(lacking)} as text; its keys are {', '.join(sorted(secret.keys)) or 'none'}"
        remedy = "Write the keys username and password to it, or rename it after the user that it contains"
        return "username-differs", f"{left} {text}", remedy
    if user.status != "active":
        text = f"{left} the user is {user.status}, and up would activate it"
        return "user-disabled", text, "Activate it or delete it first"
    if name not in inventory.nexus.accepted_secrets:
        remedy = "Correct the secret, or set the user's password to it, and crawl again: adoption changes no password"
        return "password-refused", f"{left} Nexus refuses the password in its secret", remedy
    if not user.roles:
        return "user-without-roles", f"{left} the user has no role", "Add a role, or delete the user"
    if odd := nexus_roles.obstacle(inventory.nexus, user.roles):
        remedy = "Give the user roles with allowed names, and crawl again"
        return "role-inexpressible", f"{left} {odd}", remedy
    return None


def _describe(inventory: Inventory, user: User, finder: GrantFinder) -> tuple[dict[str, Any], set[str]]:
    """Return an account, and the roles it needs declared; equal grants replace its own role."""
    found: dict[str, Any] = {"purpose": nexus_roles.text_of(user.first_name, user.user_id)}
    roles = set(user.roles)
    own = role_id(user.user_id)
    grants = finder.find(user.user_id, inventory.nexus.roles[own]) if own in roles else None
    if grants:
        roles.remove(own)
        found |= grants.formats
        if grants.path:
            found["path"] = grants.path
    if roles:
        found["roles"] = sorted(roles)
    return found, roles


def _shared_roles(
    inventory: Inventory, declared: dict[str, dict[str, Any]], named: set[str], draft: Draft
) -> dict[str, str]:
    """Return new names for needed roles that are an account's own: a role is declared only once."""
    own = {role_id(name) for name, account in declared.items() if account.keys() & set(_GRANTS)}
    needed = {*contained_roles(inventory.nexus.roles, named)}
    renamed = {role: f"shared-{role}" for role in sorted(needed & own)}
    for name, account in declared.items():
        held = account.get("roles", [])
        if found := sorted(set(held) & renamed.keys()):
            account["roles"] = sorted(renamed.get(role, role) for role in held)
            text = f"it has {', '.join(found)}, the own role of another account"
            remedy = f"up replaces it by {', '.join(renamed[role] for role in found)}, with the same content"
            draft.remark("role-of-another-account", (*PATH, name, "roles"), text, remedy)
    return renamed


def _is_second(inventory: Inventory, name: str) -> bool:
    """Tell whether a user is the second one of an account; the secret has the first one's name."""
    account = name.removesuffix(SECOND)
    return (
        account != name
        and name not in inventory.vault.secrets
        and account in inventory.vault.secrets
        and rotations.alternates(inventory, account)
    )
