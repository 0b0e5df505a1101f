"""The section `vault.roles`: JWT roles, with their jobs and the secrets that they read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from ciaccess.access.desired.objects import LEFT_BY_ENGINE
from ciaccess.access.desired.pipeline_identities import IDENTITIES
from ciaccess.access.model.checks import LEAST_TTL_SECONDS, MOST_TTL_SECONDS
from ciaccess.access.model.models import JwtRole
from ciaccess.access.policies.acl import ISSUING, WRITE, Acl, Decision, Right
from ciaccess.access.policies.tokens import policies_at_login
from ciaccess.adoption.accounts import Accounts
from ciaccess.adoption.draft import Draft
from ciaccess.adoption.inventory import Inventory
from ciaccess.adoption.vault_reading import policies_of

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
    for name in inventory.vault.roles:
        role = _Role(inventory, accounts, name, draft)
        if rule := role.rule_apart():
            apart.setdefault(rule, []).append(name)
        elif readable := role.readable():
            found[name] = role.describe(readable, taken)
    for rule, names in sorted(apart.items()):
        text, remedy = _APART[rule]
        about = text.format(folder=f"{inventory.vault.mount}/{inventory.vault.prefix}")
        draft.remark(rule, PATH, f"{', '.join(sorted(names))}: {about}", remedy)
    return found


class _Role:
    """A role of the inventory, with what a token of it can read of each secret of the folder."""

    def __init__(self, inventory: Inventory, accounts: Accounts, name: str, draft: Draft) -> None:
        self._inventory, self._accounts, self._name, self._draft = inventory, accounts, name, draft
        self._role = inventory.vault.roles[name]
        self._acl = self._acl_of(policies_at_login(self._role))
        others = inventory.vault.secrets.keys() - accounts.declared.keys()
        names = [*accounts.declared, *sorted(others)]
        self._rights = {each: self._acl.may(inventory.vault.api_path(each)) for each in names}
        if self._acl.may_with_sudo(ISSUING).right is not Right.NO:
            self._rights = {
                each: _ISSUED if decision.right is Right.NO else decision
                for each, decision in self._rights.items()
            }

    def rule_apart(self) -> str:
        """Return the rule by which it is not described, "" if it may be."""
        vault = self._inventory.vault
        if self._name in IDENTITIES:
            return "own-pipeline"
        if self._name not in vault.jwt_roles:
            return "role-oidc"
        if any(each.right is not Right.NO for each in self._rights.values()):
            return ""
        writes = (self._acl.may(vault.api_path(each), WRITE) for each in self._rights)
        return "role-writes" if any(each.right is not Right.NO for each in writes) else "role-left-out"

    def readable(self) -> list[str]:
        """Return the accounts whose secrets it reads; remark on other secrets, and on unclear rights."""
        granted = [account for account, it in self._rights.items() if it.right is Right.YES]
        readable = [account for account in granted if account in self._accounts.declared]
        unclear = {name: it.reason for name, it in self._rights.items() if it.right is Right.CANNOT_TELL}
        if unclear:
            reasons = "; ".join(dict.fromkeys(unclear.values()))
            text = f"cannot tell whether this JWT role reads {', '.join(sorted(unclear))}: {reasons}"
            remedy = "Find out what its jobs read: up grants only the accounts of a role"
            self._draft.remark("role-unclear", PATH, f"{self._name}: {text}", remedy)
        if others := sorted(set(granted) - set(readable)):
            effect = "up removes that" if readable else "the role is left out, too, and left alone"
            text = f"this JWT role reads secrets that are left out of the accounts, {', '.join(others)}: {effect}"
            remedy = (
                "If jobs need them, do what the comments on them advise, and crawl again before the first up"
            )
            self._draft.remark("left-out-readable", PATH, f"{self._name}: {text}", remedy)
        return readable

    def describe(self, readable: list[str], taken: dict[str, str]) -> dict[str, Any]:
        """Return it as in the YAML; `taken` are the policies of the roles before, with their roles."""
        user_claim = self._role.get("user_claim")
        administrators = sorted(self._accounts.administrators.intersection(readable))
        described = {
            "policy": self._policy(taken),
            "bound_audiences": self._audiences(),
            "bound_claims": self._claims(),
            **({"user_claim": user_claim} if user_claim in _USER_CLAIMS else {}),
            **self._lifetimes(),
            **{field: self._role[field] for field in _LIMITS if self._role.get(field)},
            "accounts": [account for account in readable if account not in administrators],
        }
        self._remark_on_rules()
        self._remark_on_fields()
        for account in administrators:
            text = f"jobs of this role read {account}, which may administer Nexus; it is left out, and up removes access"
            remedy = "Before the first up, give the jobs that need it an account with fewer rights"
            self._remark("administrator-readable", text, remedy, "accounts")
        return described

    def _remark(self, rule: str, text: str, remedy: str, *below: str) -> None:
        self._draft.remark(rule, (*PATH, self._name, *below), text, remedy)

    def _acl_of(self, names: Iterable[str]) -> Acl:
        known = self._inventory.vault.policies
        return Acl.of({name: known[name] for name in names if name in known})

    def _policy(self, taken: dict[str, str]) -> str:
        """Return the name of its policy, a new one if the present name is a role's or shared."""
        present, own = policies_of(self._role), f"{self._name}-policy"
        policy = present[0] if present else own
        if policy in self._inventory.vault.jwt_roles:
            new = f"{policy.removesuffix('-policy')}-secrets"
            text = f"the policy {policy} has the name of a JWT role; the role keeps its name, by which jobs log in"
            remedy = f"up creates the policy {new} and leaves {policy} alone: delete that afterwards"
            self._remark("role-named-as-policy", text, remedy, "policy")
            policy = new
        elif policy in taken:
            text = f"the role {taken[policy]} has the policy {policy} as well"
            self._remark("policy-shared", text, f"up gives this role the policy {own} instead", "policy")
            policy = own
        taken[policy] = self._name
        if more := present[1:]:
            text = f"the role also has {', '.join(more)}; in access.yaml a role has one policy, for secrets of accounts only"
            remedy = "up removes the others: if jobs need them, create another role with them first"
            self._remark("more-policies", text, remedy, "policy")
        return policy

    def _audiences(self) -> list[str]:
        if present := self._role.get("bound_audiences"):
            return sorted(present)
        roles = self._inventory.vault.jwt_roles.values()
        others = {each for role in roles for each in role.get("bound_audiences") or []}
        text = "no audience is bound, so Vault refuses every id_token with an audience"
        remedy = "The value is from other roles, or GitLab's address: compare it with aud in the pipelines"
        self._remark("no-bound-audience", text, remedy, "bound_audiences")
        return sorted(others or {self._inventory.gitlab_url})

    def _claims(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for claim, value in sorted((self._role.get("bound_claims") or {}).items()):
            values = [str(each) for each in (value if isinstance(value, list) else [value])]
            narrowed = list(dict.fromkeys(part for each in values for part in _narrow(claim, each)))
            if narrowed != values:
                text = f"{claim} {', '.join(values)} also accepts groups whose names begin with the same text"
                remedy = "up narrows it to the group and its subgroups"
                self._remark("open-claim", text, remedy, "bound_claims", claim)
            found[claim] = narrowed
        has_star = any("*" in each for values in found.values() for each in values)
        if has_star and self._role.get("bound_claims_type") != "glob":
            text = "the role compares * literally, so it matches nothing; in access.yaml it is a wildcard"
            self._remark("literal-star", text, "Remove it, unless a wildcard is intended", "bound_claims")
        if found.keys().isdisjoint(_PLACES):
            text = "no claim names a project or namespace, so every job of the GitLab instance may log in"
            remedy = "The crawled groups are filled in: before the first up, add all others that log in with this role"
            self._remark("no-bound-claim", text, remedy, "bound_claims")
            groups = self._inventory.groups
            found["namespace_path"] = [each for it in groups for each in (it.path, f"{it.path}/*")]
        return found

    def _lifetimes(self) -> dict[str, Any]:
        fields = ("token_ttl", "token_max_ttl", "token_explicit_max_ttl")
        ttl, longest, end = (int(self._role.get(field) or 0) for field in fields)
        chosen = min(max(ttl or _TTL_SECONDS, LEAST_TTL_SECONDS), MOST_TTL_SECONDS)
        most = min(max(longest or chosen, chosen), MOST_TTL_SECONDS)
        found: dict[str, Any] = {"token_ttl": chosen}
        if most != chosen:
            found["token_max_ttl"] = most
        if end:
            found["token_explicit_max_ttl"] = min(max(end, LEAST_TTL_SECONDS), MOST_TTL_SECONDS)
        if self._role.get("token_type") == "batch":
            found["token_type"] = "batch"  # noqa: S105 a kind of token
        if chosen != ttl or (longest and most != longest) or end != found.get("token_explicit_max_ttl", 0):
            lived = " to ".join(str(each or "as many as the mount allows") for each in (ttl, end or longest))
            text = f"the tokens live {lived} seconds; allowed are {LEAST_TTL_SECONDS} to {MOST_TTL_SECONDS}"
            remedy = "Check that no job reads its secret later than this after its login"
            self._remark("token-lifetime", text, remedy, "token_ttl")
        return found

    def _remark_on_rules(self) -> None:
        vault = self._inventory.vault
        exact = {vault.api_path(account) for account in vault.secrets}
        rules = sorted(self._acl_of(policies_of(self._role)).rules, key=lambda rule: rule.path)
        if paths := [each.path for each in rules if not each.names_one_path and "read" in each.capabilities]:
            text = f"its policy reads {', '.join(paths)}, now and in future"
            self._remark("wildcard-policy", text, "up replaces this by the secrets of the accounts below")
        if paths := [each.path for each in rules if each.names_one_path and each.path not in exact]:
            folder = f"{vault.mount}/data/{vault.prefix}/"
            text = f"its policy has {', '.join(paths)}, not the secret of an account in {folder}"
            self._remark("policy-beyond", text, "up removes this: if jobs need it, move it to another policy")
        if paths := [each.path for each in rules if each.capabilities & _WRITING]:
            self._remark(
                "policy-writes", f"its policy lets jobs write {', '.join(paths)}", "up allows reading only"
            )

    def _remark_on_fields(self) -> None:
        if (user_claim := self._role.get("user_claim")) not in _USER_CLAIMS:
            text = f"its user_claim is {user_claim}, which access.yaml does not allow"
            remedy = "up changes it to project_id: Vault then has an entity per project"
            self._remark("user-claim", text, remedy)
        for fields, remedy in (
            (_UNUSED, "up removes it"),
            (LEFT_BY_ENGINE, "up leaves it, and drift reports it with the command that removes it"),
        ):
            if odd := sorted(field for field in fields if self._role.get(field)):
                self._remark(
                    "role-field", f"it has {', '.join(odd)}, which access.yaml cannot describe", remedy
                )


def _narrow(claim: str, value: str) -> list[str]:
    """Return `group` and `group/*` for a `group*`, which also accepts `group-evil`."""
    stem = value.removesuffix("*")
    if claim not in _PATHS or stem == value or not stem or "*" in stem or stem.endswith("/"):
        return [value]
    return [stem, f"{stem}/*"] if claim == "namespace_path" else [f"{stem}/*"]
