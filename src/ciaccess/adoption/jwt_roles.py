"""The section `vault.roles`: JWT roles, with their jobs and the secrets that they read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from ciaccess.access.desired.objects import LEFT_BY_ENGINE
from ciaccess.access.desired.pipeline_identities import IDENTITIES
from ciaccess.access.model.checks import LEAST_TTL_SECONDS, MOST_TTL_SECONDS
from ciaccess.access.model.models import JwtRole
from ciaccess.access.policies.acl import ISSUING, WRITE, Acl, Decision, Right
from ciaccess.access.policies.tokens import policies_at_login
from ciaccess.adoption.vault_reading import policies_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ciaccess.adoption.accounts import Accounts
    from ciaccess.adoption.draft import Draft
    from ciaccess.adoption.inventory import Inventory

PATH = ("vault", "roles")
_USER_CLAIMS = get_args(JwtRole.model_fields["user_claim"].annotation)
_PLACES = ("project_id", "project_path", "namespace_id", "namespace_path")
_PATHS = ("project_path", "namespace_path")
_TTL_SECONDS = 600
# Fields of a role that access.yaml has under the same name.
_LIMITS = ("bound_subject", "token_bound_cidrs", "token_no_default_policy", "token_num_uses")
# Fields that ciaccess declares as empty.
_UNUSED = ("groups_claim", "token_period", "verbose_oidc_logging")
_ISSUED = Decision(Right.CANNOT_TELL, "it may issue tokens with any policy at auth/token/create")
_WRITING = frozenset({"create", "update", "patch", "delete", "sudo"})


# Roles that are not described: text and remedy by rule.
_APART = {
    "own-pipeline": (
        "roles of ciaccess's own pipeline, with their accounts and policies",
        "Declare them in a section pipeline (docs/own-pipeline.md)",
    ),
    "role-writes": (
        "JWT roles that write accounts' secrets, and read none of them",
        "They are left alone; drift reports them, since a write replaces a password",
    ),
    "role-left-out": (
        "JWT roles whose own policies neither read nor write a secret in {folder}",
        "They are left alone",
    ),
    "role-oidc": (
        "roles of type oidc, for logins with a browser, which access.yaml cannot describe",
        "They are left alone; drift reports those whose policies reach the secrets",
    ),
}


def describe(inventory: Inventory, accounts: Accounts, draft: Draft) -> dict[str, dict[str, Any]]:
    """Return the roles that read accounts' secrets; remark on violated rules and on other roles."""
    found: dict[str, dict[str, Any]] = {}
    apart: dict[str, list[str]] = {}
    taken: dict[str, str] = {}
    for name, role in inventory.vault.roles.items():
        rights = _rights(inventory, role, accounts)
        if rule := _rule_apart(inventory, name, rights):
            apart.setdefault(rule, []).append(name)
        elif readable := _readable(name, rights, accounts, draft):
            kept = [account for account in readable if account not in accounts.administrators]
            found[name] = {
                "policy": _policy(inventory, name, taken, draft),
                "bound_audiences": _audiences(inventory, name, draft),
                "bound_claims": _claims(inventory, name, draft),
                **({"user_claim": role["user_claim"]} if role.get("user_claim") in _USER_CLAIMS else {}),
                **_lifetimes(name, role, draft),
                **{field: role[field] for field in _LIMITS if role.get(field)},
                "accounts": kept,
            }
            _remark_on_rules(inventory, name, draft)
            _remark_on_fields(name, role, draft)
            _remark_on_administrators(name, sorted(set(readable) - set(kept)), draft)
    for rule, names in sorted(apart.items()):
        text, remedy = _APART[rule]
        about = text.format(folder=f"{inventory.vault.mount}/{inventory.vault.prefix}")
        draft.remark(rule, PATH, f"{', '.join(sorted(names))}: {about}", remedy)
    return found


def _rule_apart(inventory: Inventory, name: str, rights: dict[str, Decision]) -> str:
    """Return the rule by which a role is not described, "" if it may be."""
    if name in IDENTITIES:
        return "own-pipeline"
    if name not in inventory.vault.jwt_roles:
        return "role-oidc"
    if any(each.right is not Right.NO for each in rights.values()):
        return ""
    acl = _acl(inventory, policies_at_login(inventory.vault.roles[name]))
    writes = (acl.may(inventory.vault.api_path(each), WRITE) for each in rights)
    return "role-writes" if any(each.right is not Right.NO for each in writes) else "role-left-out"


def _readable(name: str, rights: dict[str, Decision], accounts: Accounts, draft: Draft) -> list[str]:
    """Return the accounts whose secrets a role reads; remark on other secrets, and on unclear rights."""
    granted = [account for account, decision in rights.items() if decision.right is Right.YES]
    readable = [account for account in granted if account in accounts.declared]
    unclear = {account: it.reason for account, it in rights.items() if it.right is Right.CANNOT_TELL}
    if unclear:
        _remark_on_unclear(name, unclear, draft)
    if others := sorted(set(granted) - set(readable)):
        _remark_on_left_out(name, others, draft, is_described=bool(readable))
    return readable


def _remark_on_administrators(name: str, administrators: list[str], draft: Draft) -> None:
    for account in administrators:
        text = f"jobs of this role read {account}, which may administer Nexus; it is left out, and up removes access"
        remedy = "Before the first up, give the jobs that need it an account with fewer rights"
        draft.remark("administrator-readable", (*PATH, name, "accounts"), text, remedy)


def _rights(inventory: Inventory, role: dict[str, Any], accounts: Accounts) -> dict[str, Decision]:
    """Return whether a token of a role can read each secret of the folder, of accounts or not."""
    acl = _acl(inventory, policies_at_login(role))
    names = [*accounts.declared, *sorted(inventory.vault.secrets.keys() - accounts.declared.keys())]
    read = {name: acl.may(inventory.vault.api_path(name)) for name in names}
    if acl.may_with_sudo(ISSUING).right is Right.NO:
        return read
    return {name: _ISSUED if decision.right is Right.NO else decision for name, decision in read.items()}


def _acl(inventory: Inventory, names: Iterable[str]) -> Acl:
    known = inventory.vault.policies
    return Acl.of({name: known[name] for name in names if name in known})


def _remark_on_left_out(name: str, secrets: list[str], draft: Draft, *, is_described: bool) -> None:
    read = ", ".join(secrets)
    effect = "up removes that" if is_described else "the role is left out, too, and left alone"
    text = f"{name}: this JWT role reads secrets that are left out of the accounts, {read}: {effect}"
    remedy = "If jobs need them, do what the comments on them advise, and crawl again before the first up"
    draft.remark("left-out-readable", PATH, text, remedy)


def _remark_on_unclear(name: str, unclear: dict[str, str], draft: Draft) -> None:
    reasons = "; ".join(dict.fromkeys(unclear.values()))
    text = f"{name}: cannot tell whether this JWT role reads {', '.join(sorted(unclear))}: {reasons}"
    remedy = "Find out what its jobs read: up grants only the accounts of a role"
    draft.remark("role-unclear", PATH, text, remedy)


def _policy(inventory: Inventory, name: str, taken: dict[str, str], draft: Draft) -> str:
    """Return the name of a role's policy, a new one if the present name is a role's or shared."""
    present = policies_of(inventory.vault.roles[name])
    path = (*PATH, name, "policy")
    policy = present[0] if present else f"{name}-policy"
    if policy in inventory.vault.jwt_roles:
        new = f"{policy.removesuffix('-policy')}-secrets"
        text = (
            f"the policy {policy} has the name of a JWT role; the role keeps its name, by which jobs log in"
        )
        remedy = f"up creates the policy {new} and leaves {policy} alone: delete that afterwards"
        draft.remark("role-named-as-policy", path, text, remedy)
        policy = new
    elif policy in taken:
        text = f"the role {taken[policy]} has the policy {policy} as well"
        draft.remark("policy-shared", path, text, f"up gives this role the policy {name}-policy instead")
        policy = f"{name}-policy"
    taken[policy] = name
    if more := present[1:]:
        text = f"the role also has {', '.join(more)}; in access.yaml a role has one policy, for secrets of accounts only"
        remedy = "up removes the others: if jobs need them, create another role with them first"
        draft.remark("more-policies", path, text, remedy)
    return policy


def _audiences(inventory: Inventory, name: str, draft: Draft) -> list[str]:
    present = inventory.vault.roles[name].get("bound_audiences") or []
    if present:
        return sorted(present)
    others = {
        each for role in inventory.vault.jwt_roles.values() for each in role.get("bound_audiences") or []
    } or {inventory.gitlab_url}
    text = "no audience is bound, so Vault refuses every id_token with an audience"
    remedy = "The value is from other roles, or GitLab's address: compare it with aud in the pipelines"
    draft.remark("no-bound-audience", (*PATH, name, "bound_audiences"), text, remedy)
    return sorted(others)


def _claims(inventory: Inventory, name: str, draft: Draft) -> dict[str, list[str]]:
    role = inventory.vault.roles[name]
    path = (*PATH, name, "bound_claims")
    found: dict[str, list[str]] = {}
    for claim, value in sorted((role.get("bound_claims") or {}).items()):
        values = [str(each) for each in (value if isinstance(value, list) else [value])]
        narrowed = list(dict.fromkeys(part for each in values for part in _narrow(claim, each)))
        if narrowed != values:
            text = f"{claim} {', '.join(values)} also accepts groups whose names begin with the same text"
            draft.remark("open-claim", (*path, claim), text, "up narrows it to the group and its subgroups")
        found[claim] = narrowed
    if role.get("bound_claims_type") != "glob" and any(
        "*" in each for values in found.values() for each in values
    ):
        text = "the role compares * literally, so it matches nothing; in access.yaml it is a wildcard"
        draft.remark("literal-star", path, text, "Remove it, unless a wildcard is intended")
    if not found.keys() & set(_PLACES):
        text = "no claim names a project or namespace, so every job of the GitLab instance may log in"
        remedy = (
            "The crawled groups are filled in: before the first up, add all others that log in with this role"
        )
        draft.remark("no-bound-claim", path, text, remedy)
        found["namespace_path"] = [
            each for group in inventory.groups for each in (group.path, f"{group.path}/*")
        ]
    return found


def _narrow(claim: str, value: str) -> list[str]:
    """Return `group` and `group/*` for a `group*`, which also accepts `group-evil`."""
    stem = value.removesuffix("*")
    if claim not in _PATHS or stem == value or not stem or "*" in stem or stem.endswith("/"):
        return [value]
    return [stem, f"{stem}/*"] if claim == "namespace_path" else [f"{stem}/*"]


def _lifetimes(name: str, role: dict[str, Any], draft: Draft) -> dict[str, Any]:
    ttl, longest = int(role.get("token_ttl") or 0), int(role.get("token_max_ttl") or 0)
    chosen = min(max(ttl or _TTL_SECONDS, LEAST_TTL_SECONDS), MOST_TTL_SECONDS)
    most = min(max(longest or chosen, chosen), MOST_TTL_SECONDS)
    found: dict[str, Any] = {"token_ttl": chosen}
    if most != chosen:
        found["token_max_ttl"] = most
    end = int(role.get("token_explicit_max_ttl") or 0)
    if end:
        found["token_explicit_max_ttl"] = min(max(end, LEAST_TTL_SECONDS), MOST_TTL_SECONDS)
    if role.get("token_type") == "batch":
        found["token_type"] = "batch"  # noqa: S105 a kind of token
    if chosen != ttl or (longest and most != longest) or end != found.get("token_explicit_max_ttl", 0):
        lived = f"{ttl or 'as many as the mount allows'} to {end or longest or 'as many as the mount allows'}"
        text = f"the tokens live {lived} seconds; allowed are {LEAST_TTL_SECONDS} to {MOST_TTL_SECONDS}"
        remedy = "Check that no job reads its secret later than this after its login"
        draft.remark("token-lifetime", (*PATH, name, "token_ttl"), text, remedy)
    return found


def _remark_on_rules(inventory: Inventory, name: str, draft: Draft) -> None:
    every = _acl(inventory, policies_of(inventory.vault.roles[name])).rules
    folder = f"{inventory.vault.mount}/data/{inventory.vault.prefix}/"
    path = (*PATH, name)
    open_ones = sorted(rule.path for rule in every if not rule.names_one_path and "read" in rule.capabilities)
    if open_ones:
        text = f"its policy reads {', '.join(open_ones)}, now and in future"
        draft.remark("wildcard-policy", path, text, "up replaces this by the secrets of the accounts below")
    exact = {inventory.vault.api_path(account) for account in inventory.vault.secrets}
    others = sorted(rule.path for rule in every if rule.names_one_path and rule.path not in exact)
    if others:
        text = f"its policy has {', '.join(others)}, not the secret of an account in {folder}"
        draft.remark(
            "policy-beyond", path, text, "up removes this: if jobs need it, move it to another policy"
        )
    writing = sorted(rule.path for rule in every if rule.capabilities & _WRITING)
    if writing:
        text = f"its policy lets jobs write {', '.join(writing)}"
        draft.remark("policy-writes", path, text, "up allows reading only")


def _remark_on_fields(name: str, role: dict[str, Any], draft: Draft) -> None:
    path = (*PATH, name)
    if role.get("user_claim") not in _USER_CLAIMS:
        text = f"its user_claim is {role.get('user_claim')}, which access.yaml does not allow"
        remedy = "up changes it to project_id: Vault then has an entity per project"
        draft.remark("user-claim", path, text, remedy)
    odd = sorted(field for field in _UNUSED if role.get(field))
    if odd:
        text = f"it has {', '.join(odd)}, which access.yaml cannot describe"
        draft.remark("role-field", path, text, "up removes it")
    if kept := sorted(field for field in LEFT_BY_ENGINE if role.get(field)):
        text = f"it has {', '.join(kept)}, which access.yaml cannot describe"
        remedy = "up leaves it, and drift reports it with the command that removes it"
        draft.remark("role-field", path, text, remedy)
