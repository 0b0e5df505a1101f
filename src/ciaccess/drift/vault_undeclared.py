"""Who else gets at the secrets: policies, JWT roles, and roles of other auth mounts that nobody declared.

Lists what can be listed. What kind of auth mount has no list that is known here is said, and so is what no list shows:
policies that were given to single entities, and tokens made with them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from shlex import quote
from typing import TYPE_CHECKING, Any

from ciaccess.access.desired.pipeline_identities import jwt_roles, service_accounts
from ciaccess.access.desired.vault import secret_of, vault_policies
from ciaccess.analysis.vault_policies import reaches
from ciaccess.drift.findings import UNSEEN, Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from ciaccess.access import Access
    from ciaccess.clients.vault.client import Vault
    from ciaccess.drift.check_run import CheckRun

SYSTEM = "Vault"
POLICIES = "sys/policies/acl/"
MOUNTS = "sys/auth"
GROUPS = "identity/group/id/"
_ALMIGHTY = "root"
# By the type of an auth mount: below which paths what logs in there is listed.
_LISTS = {
    "approle": ("role",),
    "aws": ("roles",),
    "azure": ("role",),
    "cert": ("certs",),
    "gcp": ("roles",),
    "jwt": ("role",),
    "kerberos": ("groups",),
    "kubernetes": ("role",),
    "ldap": ("groups", "users"),
    "oidc": ("role",),
    "okta": ("groups", "users"),
    "radius": ("users",),
    "token": ("roles",),
    "userpass": ("users",),
}
# Where aws reads what it lists elsewhere.
_READ_BELOW = {("aws", "roles"): "role", ("gcp", "roles"): "role"}
_POLICY_FIELDS = ("token_policies", "policies", "allowed_policies")
_NOT_LISTED = "policies given to single entities of Vault, and tokens that exist already, cannot be listed"


@dataclass(frozen=True)
class Holder:
    """What logs in and gets policies: `path` is where it is read and deleted."""

    path: str
    policies: frozenset[str]


@dataclass
class _Seen:
    policies: dict[str, Future[Any]] = field(default_factory=dict)
    holders: dict[str, Future[Any]] = field(default_factory=dict)


def check_undeclared(access: Access, vault: Vault, run: CheckRun, can: Callable[[str, str], bool]) -> None:
    """Ask for everything, and keep what is found. `can(subject, path)` tells whether a path may be read, and notes if not."""
    seen = _Seen()
    if can("the list of policies", POLICIES):
        names = run.ask(SYSTEM, "the list of policies", lambda: vault.keys(POLICIES.rstrip("/")))
        if names is not UNSEEN:
            _read_policies(access, vault, run, names, seen)
    if can("the list of auth mounts", MOUNTS):
        mounts = run.ask(SYSTEM, "the list of auth mounts", lambda: vault.read(MOUNTS) or {})
        if mounts is not UNSEEN:
            _read_holders(access, vault, run, mounts, seen)
    if can("the groups of identities", GROUPS):
        _read_list(vault, run, GROUPS.rstrip("/"), "identity/group/id", seen)
    run.remark(_NOT_LISTED)
    run.found(*_findings(access, seen))


def _read_policies(access: Access, vault: Vault, run: CheckRun, names: list[str], seen: _Seen) -> None:
    ours = {policy.name for policy in vault_policies(access).values()}
    for name in names:
        if name not in ours and name != _ALMIGHTY:
            path = f"{POLICIES}{name}"
            seen.policies[name] = run.start(SYSTEM, f"policy {name}", _reader(vault, path))


def _reader(vault: Vault, path: str) -> Callable[[], dict[str, Any]]:
    # Gone since it was listed: then it holds nothing.
    return lambda: vault.read(path) or {}


def _read_holders(access: Access, vault: Vault, run: CheckRun, mounts: dict[str, Any], seen: _Seen) -> None:
    for path, mount in sorted(mounts.items()):
        if not isinstance(mount, dict) or "type" not in mount:
            continue  # the envelope's own fields
        kind = str(mount["type"])
        if kind not in _LISTS:
            run.remark(f"the auth mount {path} is of type {kind}, whose roles are not known here")
        for part in _LISTS.get(kind, ()):
            below = f"auth/{path}{_READ_BELOW.get((kind, part), part)}"
            _read_list(vault, run, f"auth/{path}{part}", below, seen)
    ours = {f"auth/{access.vault.jwt.mount}/role/{name}" for name in jwt_roles(access)}
    for path in ours & seen.holders.keys():
        del seen.holders[path]


def _read_list(vault: Vault, run: CheckRun, listed: str, below: str, seen: _Seen) -> None:
    names = run.ask(SYSTEM, f"the list {listed}", lambda: vault.keys(listed))
    for name in names if names is not UNSEEN else ():
        path = f"{below}/{name}"
        seen.holders[path] = run.start(SYSTEM, path, _reader(vault, path))


def _findings(access: Access, seen: _Seen) -> Iterator[Finding]:
    jwt = access.vault.jwt.mount
    folders = sorted(
        {secret_of(access, name).api_path.rpartition("/")[0] for name in service_accounts(access)}
    )
    reaching = {policy.name for policy in vault_policies(access).values()} | {_ALMIGHTY}
    for name, future in seen.policies.items():
        policy = future.result()
        text = "" if policy is UNSEEN else str(policy.get("policy", ""))
        reached = [f"{folder}/*" for folder in folders if reaches(text, folder)]
        if reached:
            reaching.add(name)
            yield Finding(
                "vault.policy.undeclared",
                f"policy {name}",
                "no way to the secrets",
                f"it reaches {' and '.join(reached)}",
                by_hand=f"vault policy delete {quote(name)}",
            )
    for path, future in seen.holders.items():
        data = future.result()
        if data is UNSEEN:
            continue
        given = _policies_of(data) & reaching | _requestable(data, reaching)
        if given:
            is_jwt = path.startswith(f"auth/{jwt}/role/")
            yield Finding(
                "vault.role.undeclared" if is_jwt else "vault.auth.role",
                f"JWT role {path.rpartition('/')[2]}" if is_jwt else _named(path, data),
                "no policy that reaches the secrets",
                f"policies {', '.join(sorted(given))}",
                by_hand=f"vault delete {quote(path)}",
            )


def _policies_of(data: dict[str, Any]) -> set[str]:
    """Return the policies that a holder names; Vault folds their names to lower case at the login."""
    return {str(name).lower() for field_ in _POLICY_FIELDS for name in data.get(field_) or ()}


def _requestable(data: dict[str, Any], policies: set[str]) -> set[str]:
    """Return which of these policies a token role's caller may ask for by a pattern, or by what it does not forbid.

    Vault's rule: allowed_policies and allowed_policies_glob are what may be asked for; without both, a role that forbids
    some policies (disallowed_policies, disallowed_policies_glob) lets all others be asked for, but root.
    """
    globs, allowed, forbidden, forbidden_globs = (
        [str(name).lower() for name in data.get(field_) or ()]
        for field_ in (
            "allowed_policies_glob",
            "allowed_policies",
            "disallowed_policies",
            "disallowed_policies_glob",
        )
    )
    asked = {name for name in policies if _matches(name, globs)}
    if not globs and not allowed and (forbidden or forbidden_globs):
        asked = policies - {_ALMIGHTY}
    return {name for name in asked if name not in forbidden and not _matches(name, forbidden_globs)}


def _matches(name: str, globs: list[str]) -> bool:
    """Tell whether a pattern of Vault's, in which * alone is special, matches a name."""
    return any(re.fullmatch(".*".join(map(re.escape, glob.split("*"))), name, re.DOTALL) for glob in globs)


def _named(path: str, data: dict[str, Any]) -> str:
    """Return what a holder is called: identity groups are read by an id that tells nobody anything."""
    return f"identity group {data['name']}" if path.startswith(GROUPS) and "name" in data else path
