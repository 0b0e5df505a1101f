"""Vault: verification of tokens, the jobs of each JWT role, and names of roles and policies."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic_core import PydanticCustomError

from ciaccess.access.model.checks import duration
from ciaccess.access.policies.tokens import BUILT_IN
from ciaccess.access.reading.faults import display
from ciaccess.access.rules.lenient_view import Faults, LenientView, Node, Rule

_KEY_SOURCES = ("discovery_url", "jwks_url", "public_keys")
_AUTHORITIES = {"oidc_discovery_ca_pem": "discovery_url", "jwks_ca_pem": "jwks_url"}
_MOST_LISTED, _MOST_SHOWN = 10, 40


def verification(view: LenientView) -> Faults:
    """Vault takes the issuer's keys from exactly one source, and the issuer is GitLab."""
    jwt = view["vault"]["jwt"]
    given = [key for key in _KEY_SOURCES if jwt[key].value]
    if jwt.mapping and len(given) != 1:
        message = (
            f"{' and '.join(given)} are both set" if given else "the place of the issuer's keys is missing"
        )
        node = jwt[given[-1]] if given else jwt
        remedy = "Keep one of them" if given else "Add discovery_url: ${gitlab.url}"
        yield node.fault(message, f"one of {', '.join(_KEY_SOURCES)}", remedy, key=True)
    for certificate, source in _AUTHORITIES.items():
        if jwt[certificate].value and not jwt[source].value:
            message = f"the authority of {source} does nothing without it"
            allowed = f"{certificate} beside {source}"
            yield jwt[certificate].fault(message, allowed, f"Add {source}, or remove it", key=True)
    issuer, gitlab = jwt["issuer"], view["gitlab"]["url"].text
    if issuer.text and gitlab and issuer.text != gitlab:
        message = (
            f"{display(issuer.text)} is not gitlab.url, which is what GitLab's tokens name as their issuer"
        )
        remedy = "Write ${gitlab.url}, unless GitLab is reached under another name than its external URL"
        yield issuer.warning(message, "${gitlab.url}", remedy)


def folders(view: LenientView) -> Faults:
    """A prefix is a folder inside the mount, and the pipeline's one is not the accounts'."""
    mount = view["vault"]["kv"]["mount"].text or "secret"
    prefix, secrets = view["vault"]["kv"]["prefix"], view["pipeline"]["secrets"]
    for folder in (prefix, secrets):
        if folder.text.split("/")[0] == mount:
            message = f"{display(folder.text)} repeats the mount {display(mount)}"
            remedy = f"Leave {mount}/ out: the two are joined"
            yield folder.fault(message, "the folder inside the mount", remedy)
    accounts, own = prefix.text or "nexus", secrets.text or "ciaccess"
    overlap = f"{own}/".startswith(f"{accounts}/") or f"{accounts}/".startswith(f"{own}/")
    if view["pipeline"].mapping and overlap and secrets.text.split("/")[0] != mount:
        message = f"{display(own)} and vault.kv.prefix, {display(accounts)}, overlap"
        remedy = "Name a folder of its own, such as ciaccess"
        yield secrets.fault(message, "another folder than the accounts'", remedy)


def policies(view: LenientView) -> Faults:
    """No role has a policy's name: jobs that log in with the policy's name have failed often."""
    owners: dict[str, str] = {}
    for role in view.jwt_roles:
        node = role["policy"]
        policy = node.text or f"{role.name}-policy"
        if policy in view.jwt_roles.mapping:
            other = view.jwt_roles[policy]
            where = "its own role" if policy == role.name else f"the role in line {other.line()}"
            message = f"the policy {display(policy)} has the name of {where}"
            remedy = f"Rename it, such as {role.name}-read-policy: a job must name the role, and would name the policy"
            yield node.fault(message, "names that no JWT role has", remedy)
        if policy in BUILT_IN:
            message = f"{display(policy)} is one of Vault's own policies"
            yield node.fault(message, "another name", f"Rename it, such as {role.name}-policy")
        first = owners.setdefault(policy, role.name)
        if first != role.name:
            message = f"the policy {display(policy)} is that of the role {display(first)} too"
            remedy = "Give each role a policy of its own: one would overwrite the other"
            yield node.fault(message, "one policy for each role", remedy)


def audiences(view: LenientView) -> Faults:
    """A role has an audience: Vault silently creates one without, which then refuses every login."""
    for role in view.jwt_roles:
        if role["bound_audiences"].value == []:
            message = "no audience is bound, so Vault would refuse every job"
            remedy = "Add the aud of the pipelines' id_tokens"
            yield role["bound_audiences"].fault(message, "at least one", remedy)


def lifetimes(view: LenientView) -> Faults:
    """A token may be renewed for at least as long as it lives."""
    for role in view.jwt_roles:
        longest, uses = role["token_max_ttl"], role["token_num_uses"]
        shorter, longer = _seconds(longest.value), _seconds(role["token_ttl"].value) or _seconds("10m")
        if shorter and longer and shorter < longer:
            message = f"{shorter} s are less than token_ttl, {longer} s"
            yield longest.fault(message, f"{longer}s or more", "Raise token_max_ttl, or lower token_ttl")
        if role["token_type"].text == "batch" and uses.value:
            message = "Vault does not count the uses of a batch token"
            yield uses.fault(message, "token_type: service", "Remove token_num_uses, or token_type")


def _seconds(value: object) -> int | None:
    try:
        return duration(value) if value is not None else None
    except PydanticCustomError:
        return None


def readable(view: LenientView) -> Faults:
    """A role reads secrets of existing accounts, and of none with more than repository rights."""
    former = {name.text: name.account.name for name in view.names if name.is_former}
    for role in view.jwt_roles:
        if role["accounts"].value == []:
            message = "the role names no account, so a job could read nothing"
            remedy = "Name an account, or remove the role"
            yield role["accounts"].fault(message, "at least one account", remedy)
        # Without any account, the section is at fault, and reported already.
        for account in role["accounts"].texts() if view.accounts.mapping else ():
            if account.text in view.accounts.mapping:
                yield from _more_than_repositories(view, account)
            elif account.text in former:
                name = former[account.text]
                message = f"{display(account.text)} is a former name of {name}"
                remedy = f"Write {name}: who reads its secret reads the former one's too"
                yield account.fault(message, "accounts by their names of now", remedy)
            else:
                known = list(view.accounts.mapping)
                message = f"there is no account {display(account.text)}"
                remedy = view.suggest(account.text, known, "Declare it under accounts, or remove it here")
                yield account.fault(message, _first_names(known), remedy)


def _more_than_repositories(view: LenientView, account: Node) -> Faults:
    if beyond := view.beyond_repositories(account.text):
        privilege, given_by = beyond
        message = f"{account.text} holds {display(privilege)} by its role {given_by}, which is more than work on repositories"
        allowed = "accounts with privileges nx-repository-view-…, on content selectors, or listed in nexus.repository_privileges or read_privileges"
        remedy = "Remove it here: any job that this role admits would have that right"
        yield account.fault(message, allowed, remedy)


def _first_names(names: Iterable[str]) -> str:
    """Return names for a message, the first ten of many."""
    listed = [name if len(name) <= _MOST_SHOWN else f"{name[:_MOST_SHOWN]}…" for name in names]
    more = len(listed) - _MOST_LISTED
    return ", ".join(listed[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")


RULES: tuple[Rule, ...] = (verification, folders, policies, audiences, lifetimes, readable)
