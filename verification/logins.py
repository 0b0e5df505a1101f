"""Logins at Vault with a JWT role, and what Vault's answer means: admitted, refused with its reason, or no answer at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analysis.admission import Outcome, judge
from clients.errors import ApiError
from clients.vault import Vault
from config.permissions import policy_name
from verification.id_tokens import TokenError
from verification.results import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clients.http import HttpOptions
    from config import Access
    from verification.id_tokens import IdToken
    from verification.results import Result
    from verification.token_sources import TokenSource

KIND = "login"
REFUSALS = (400, 403)
# Vault could not ask the issuer for its keys: that says nothing about the token.
_NO_KEYS = re.compile(
    r"fetching keys|oidc discovery|unable to get provider|failed to fetch|connection refused", re.IGNORECASE
)


class Logins:
    """Logs in at the Vault of access.yaml."""

    def __init__(self, access: Access, options: HttpOptions) -> None:
        self._access = access
        self._options = options

    def admit(self, check: Check, role_name: str, token: str) -> tuple[Result, Vault | None]:
        """Try a login; return its result, and Vault as it is asked with the token that was given. The caller logs out."""
        nobody = Vault(self._access.vault.address, "", options=self._options)
        try:
            vault = nobody.log_in(self._access.vault.jwt.mount, role_name, token)
        except ApiError as error:
            return refusal(check, error), None
        finally:
            nobody.close()
        return check.worked("admitted"), vault

    def must_be_refused(self, role_name: str, tokens: TokenSource) -> Iterator[Result]:
        """Try every login that must be refused, with Vault's reason in each result."""
        subject = f"role {role_name}"
        try:
            good = tokens.good(role_name, "")
            for bad in tokens.bad(role_name):
                yield self._refused(subject, role_name, bad.why, bad.token.text)
        except TokenError as error:
            yield Check(subject, KIND, "tokens that must be refused", allowed=False).not_looked(str(error))
            return
        yield from self._forged(subject, role_name, good)
        policy = policy_name(role_name, self._access.vault.roles[role_name])
        if policy not in self._access.vault.roles:
            yield self._refused(subject, policy, f"the policy {policy} named as the role", good.text)

    def _forged(self, subject: str, role_name: str, good: IdToken) -> Iterator[Result]:
        yield self._refused(subject, role_name, "a token of algorithm none", good.unsigned())
        yield self._refused(subject, role_name, "a token signed by another key", good.signed_by_another_key())
        yield self._refused(subject, role_name, "a token with a changed signature", good.tampered())

    def _refused(self, subject: str, role_name: str, why: str, token: str) -> Result:
        check = Check(subject, KIND, why, allowed=False)
        result, vault = self.admit(check, role_name, token)
        if vault is not None:
            log_out(vault)
        return result

    def admits(self, role_name: str, token: IdToken) -> bool:
        """Tell whether the role admits a token with these claims, by access.yaml."""
        return judge(self._access, role_name, token.claims).outcome is Outcome.ADMITTED


def refusal(check: Check, error: ApiError) -> Result:
    """Return what an error of Vault's means for a try."""
    if error.status not in REFUSALS or _NO_KEYS.search(error.said):
        return check.not_looked(f"{error.said}. {error.remedy}")
    return check.refused(error.said)


def log_out(vault: Vault) -> None:
    """Revoke the token; a batch token, or one that Vault cannot revoke now, ends by itself within its lifetime."""
    try:
        vault.log_out()
    except ApiError:
        pass
    finally:
        vault.close()
