"""Vault: verification of tokens, the jobs of each JWT role, and names of roles and policies."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic_core import PydanticCustomError

from ciaccess.access.model.checks import duration
from ciaccess.access.policies.tokens import BUILT_IN
from ciaccess.access.reading.document import YamlPath
from ciaccess.access.reading.faults import display
from ciaccess.access.rules.lenient_view import Faults, LenientView, Rule

_ROLES = ("vault", "roles")
_KEY_SOURCES = ("discovery_url", "jwks_url", "public_keys")
_AUTHORITIES = {"oidc_discovery_ca_pem": "discovery_url", "jwks_ca_pem": "jwks_url"}
_MOST_LISTED, _MOST_SHOWN = 10, 40


def verification(view: LenientView) -> Faults:
    """Vault takes the issuer's keys from exactly one source, and the issuer is GitLab."""
    here: YamlPath = ("vault", "jwt")
    jwt = view.mapping(*here)
    given = [key for key in _KEY_SOURCES if jwt.get(key)]
    if jwt and len(given) != 1:
        message = (
            f"{' and '.join(given)} are both set" if given else "the place of the issuer's keys is missing"
        )
        path = (*here, given[-1]) if given else here
        remedy = "Keep one of them" if given else "Add discovery_url: ${gitlab.url}"
        yield view.fault(path, message, f"one of {', '.join(_KEY_SOURCES)}", remedy, key=True)
    for certificate, source in _AUTHORITIES.items():
        if jwt.get(certificate) and not jwt.get(source):
            message = f"the authority of {source} does nothing without it"
            allowed = f"{certificate} beside {source}"
            yield view.fault((*here, certificate), message, allowed, f"Add {source}, or remove it", key=True)
    issuer, gitlab = view.text(*here, "issuer"), view.text("gitlab", "url")
    if issuer and gitlab and issuer != gitlab:
        message = f"{display(issuer)} is not gitlab.url, which is what GitLab's tokens name as their issuer"
        remedy = "Write ${gitlab.url}, unless GitLab is reached under another name than its external URL"
        yield view.fault((*here, "issuer"), message, "${gitlab.url}", remedy, severity="warning")


def folders(view: LenientView) -> Faults:
    """A prefix is a folder inside the mount, and the pipeline's one is not the accounts'."""
    mount = view.text("vault", "kv", "mount") or "secret"
    prefix, secrets = view.text("vault", "kv", "prefix"), view.text("pipeline", "secrets")
    paths: dict[YamlPath, str] = {("vault", "kv", "prefix"): prefix, ("pipeline", "secrets"): secrets}
    for path, folder in paths.items():
        if folder.split("/")[0] == mount:
            message = f"{display(folder)} repeats the mount {display(mount)}"
            remedy = f"Leave {mount}/ out: the two are joined"
            yield view.fault(path, message, "the folder inside the mount", remedy)
    accounts, own = prefix or "nexus", secrets or "ciaccess"
    overlap = f"{own}/".startswith(f"{accounts}/") or f"{accounts}/".startswith(f"{own}/")
    if view.mapping("pipeline") and overlap and secrets.split("/")[0] != mount:
        message = f"{display(own)} and vault.kv.prefix, {display(accounts)}, overlap"
        remedy = "Name a folder of its own, such as ciaccess"
        yield view.fault(("pipeline", "secrets"), message, "another folder than the accounts'", remedy)


def policies(view: LenientView) -> Faults:
    """No role has a policy's name: jobs that log in with the policy's name have failed often."""
    roles = view.mapping(*_ROLES)
    owners: dict[str, str] = {}
    for role in roles:
        policy = view.policy(role)
        path: YamlPath = (*_ROLES, role, "policy")
        if policy in roles:
            where = "its own role" if policy == role else f"the role in line {view.line((*_ROLES, policy))}"
            message = f"the policy {display(policy)} has the name of {where}"
            allowed = "names that no JWT role has"
            remedy = (
                f"Rename it, such as {role}-read-policy: a job must name the role, and would name the policy"
            )
            yield view.fault(path, message, allowed, remedy)
        if policy in BUILT_IN:
            message = f"{display(policy)} is one of Vault's own policies"
            yield view.fault(path, message, "another name", f"Rename it, such as {role}-policy")
        first = owners.setdefault(policy, role)
        if first != role:
            message = f"the policy {display(policy)} is that of the role {display(first)} too"
            remedy = "Give each role a policy of its own: one would overwrite the other"
            yield view.fault(path, message, "one policy for each role", remedy)


def audiences(view: LenientView) -> Faults:
    """A role has an audience: Vault silently creates one without, which then refuses every login."""
    for role in view.mapping(*_ROLES):
        path: YamlPath = (*_ROLES, role, "bound_audiences")
        if view.value(*path) == []:
            message = "no audience is bound, so Vault would refuse every job"
            yield view.fault(path, message, "at least one", "Add the aud of the pipelines' id_tokens")


def lifetimes(view: LenientView) -> Faults:
    """A token may be renewed for at least as long as it lives."""
    for role in view.mapping(*_ROLES):
        shorter = _seconds(view.value(*_ROLES, role, "token_max_ttl"))
        longer = _seconds(view.value(*_ROLES, role, "token_ttl")) or _seconds("10m")
        if shorter and longer and shorter < longer:
            message = f"{shorter} s are less than token_ttl, {longer} s"
            remedy = "Raise token_max_ttl, or lower token_ttl"
            yield view.fault((*_ROLES, role, "token_max_ttl"), message, f"{longer}s or more", remedy)
        if view.text(*_ROLES, role, "token_type") == "batch" and view.value(*_ROLES, role, "token_num_uses"):
            message = "Vault does not count the uses of a batch token"
            path: YamlPath = (*_ROLES, role, "token_num_uses")
            yield view.fault(path, message, "token_type: service", "Remove token_num_uses, or token_type")


def _seconds(value: object) -> int | None:
    try:
        return duration(value) if value is not None else None
    except PydanticCustomError:
        return None


def readable(view: LenientView) -> Faults:
    """A role reads secrets of existing accounts, and of none with more than repository rights."""
    accounts = view.mapping("accounts")
    former = {name.text: name.account for name in view.names if name.is_former}
    for role in view.mapping(*_ROLES):
        path: YamlPath = (*_ROLES, role, "accounts")
        if view.value(*path) == []:
            message = "the role names no account, so a job could read nothing"
            yield view.fault(path, message, "at least one account", "Name an account, or remove the role")
        for here, account in view.texts(*path):
            if account not in accounts:
                if not accounts:
                    continue  # reported already, for the section
                if account in former:
                    message = f"{display(account)} is a former name of {former[account]}"
                    remedy = f"Write {former[account]}: who reads its secret reads the former one's too"
                    yield view.fault(here, message, "accounts by their names of now", remedy)
                    continue
                message = f"there is no account {display(account)}"
                remedy = view.suggest(account, list(accounts), "Declare it under accounts, or remove it here")
                yield view.fault(here, message, _first_names(accounts), remedy)
            elif beyond := view.beyond_repositories(account):
                privilege, given_by = beyond
                message = f"{account} holds {display(privilege)} by its role {given_by}, which is more than work on repositories"
                allowed = "accounts with privileges nx-repository-view-…, on content selectors, or listed in nexus.repository_privileges or read_privileges"
                remedy = "Remove it here: any job that this role admits would have that right"
                yield view.fault(here, message, allowed, remedy)


def _first_names(names: Iterable[str]) -> str:
    """Return names for a message, the first ten of many."""
    listed = [name if len(name) <= _MOST_SHOWN else f"{name[:_MOST_SHOWN]}…" for name in names]
    more = len(listed) - _MOST_LISTED
    return ", ".join(listed[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")


RULES: tuple[Rule, ...] = (
    verification,
    folders,
    policies,
    audiences,
    lifetimes,
    readable,
)
