"""The decision of Vault's JWT plugin about an id_token and a role, with its own message.

Owns the claims part of a login: issuer, audience, user claim, bound claims. Signature and lifetime are taken as good:
they depend on the moment, not on the YAML. Compared with the real Vault in tests/integration/analysis/test_admission.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

from ciaccess.access.desired.pipeline_identities import jwt_roles, service_accounts
from ciaccess.access.desired.vault import bound_claims_type, policy_of, secret_of
from ciaccess.access.model.checks_claims import matches
from ciaccess.access.model.models import Access, JwtRole
from ciaccess.access.policies.acl import Acl, Right


class Unknown(Enum):
    """A claim of the token with a value that is unknown offline."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN


class Outcome(StrEnum):
    """The result of a check or a login; `unknown` if it depends on a claim unknown offline."""

    ADMITTED = "admitted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Check:
    """One comparison: `wanted` are the accepted values, `found` the token's, None without the claim.

    `reason` is what Vault answers when this check refuses, "" when it does not.
    """

    claim: str
    wanted: tuple[str, ...]
    found: Any
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True)
class Verdict:
    """The result of a login with a role; `accounts` are those whose secrets it may then read."""

    role: str
    checks: tuple[Check, ...]
    accounts: tuple[str, ...]

    @property
    def outcome(self) -> Outcome:
        """Return the whole's outcome: one refusal decides, one unknown leaves it open."""
        found = {check.outcome for check in self.checks}
        for outcome in (Outcome.REFUSED, Outcome.UNKNOWN):
            if outcome in found:
                return outcome
        return Outcome.ADMITTED

    @property
    def refusals(self) -> tuple[Check, ...]:
        """Return every check that refuses; Vault reports one of them, of several bound claims any one."""
        return tuple(check for check in self.checks if check.outcome is Outcome.REFUSED)


def judge(access: Access, role_name: str, claims: Mapping[str, Any]) -> Verdict:
    """Decide a login with a JWT role, ciaccess's own too, by claims, some of them UNKNOWN."""
    role = jwt_roles(access)[role_name]
    checks = [
        _issuer(access.vault.jwt.issuer, claims.get("iss")),
        _audience(role, claims.get("aud")),
        _user_claim(role, claims.get(role.user_claim)),
    ]
    glob = bound_claims_type(role) == "glob"
    for claim, values in role.bound_claims.items():
        checks.append(_bound_claim(claim, tuple(values), claims.get(claim), glob=glob))
    return Verdict(role_name, tuple(checks), _readable(access, role_name))


def _readable(access: Access, role_name: str) -> tuple[str, ...]:
    policy = policy_of(access, role_name)
    acl = Acl.of({policy.name: policy.text})
    paths = {account: secret_of(access, account).api_path for account in service_accounts(access)}
    return tuple(sorted(account for account, path in paths.items() if acl.may(path).right is Right.YES))


def _verdict(claim: str, wanted: tuple[str, ...], found: Any, reason: str) -> Check:
    return Check(claim, wanted, found, Outcome.REFUSED if reason else Outcome.ADMITTED, reason)


def _issuer(wanted: str, found: Any) -> Check:
    reason = "" if found == wanted else "error validating token: invalid issuer (iss) claim"
    return _verdict("iss", (wanted,), found, reason)


def _audience(role: JwtRole, found: Any) -> Check:
    audiences = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    wanted = tuple(role.bound_audiences)
    reason = ""
    if not wanted and audiences not in ([], [""]):
        reason = "audience claim found in JWT but no audiences bound to the role"
    elif wanted and not set(wanted) & {item for item in audiences if isinstance(item, str)}:
        reason = (
            "error validating token: invalid audience (aud) claim: "
            "audience claim does not match any expected audience"
        )
    return _verdict("aud", wanted, found, reason)


def _user_claim(role: JwtRole, found: Any) -> Check:
    reason = ""
    if found is None:
        reason = f'claim "{role.user_claim}" not found in token'
    elif found is not UNKNOWN and not isinstance(found, str):
        reason = f'claim "{role.user_claim}" could not be converted to string'
    elif found == "":
        reason = "missing name in alias"
    return _verdict(role.user_claim, (), found, reason)


def _bound_claim(claim: str, wanted: tuple[str, ...], found: Any, *, glob: bool) -> Check:
    """Compare as Vault does, text with text: true or 12 in a token never equals "true" or "12"."""
    if found is UNKNOWN:
        open_ = not (glob and "*" in wanted)
        return Check(claim, wanted, found, Outcome.UNKNOWN if open_ else Outcome.ADMITTED)
    if found is None:
        return _verdict(claim, wanted, found, f'error validating claims: claim "{claim}" is missing')
    if isinstance(found, dict):
        kinds = "error validating claims: received claim is not a string, bool, int or list"
        return _verdict(claim, wanted, found, kinds)
    texts = [item for item in (found if isinstance(found, list) else [found]) if isinstance(item, str)]
    same = matches if glob else str.__eq__
    if any(same(value, text) for value in wanted for text in texts):
        return _verdict(claim, wanted, found, "")
    reason = f'error validating claims: claim "{claim}" does not match any associated bound claim values'
    return _verdict(claim, wanted, found, reason)
