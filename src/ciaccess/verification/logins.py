"""Logins at Vault with a JWT role: admitted, refused with its reason, or without a response."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ciaccess.access import Access
from ciaccess.access.desired.vault import policy_name
from ciaccess.analysis.admission import Outcome as Admission
from ciaccess.analysis.admission import judge
from ciaccess.clients.errors import ApiError
from ciaccess.clients.http.session import HttpOptions
from ciaccess.clients.vault.client import Vault
from ciaccess.local_stack.processes import StackError
from ciaccess.verification.id_tokens import IdToken, TokenError
from ciaccess.verification.results import Check, Outcome, Result
from ciaccess.verification.token_sources import TokenSource, with_own_roles

KIND = "login"
REFUSALS = (400, 403)
# Vault could not ask the issuer for its keys: the token itself may be valid.
_NO_KEYS = re.compile(r"configuring token validator|keyset|fetching keys|oidc discovery", re.IGNORECASE)


class Logins:
    """Logs in at the Vault of access.yaml."""

    def __init__(self, access: Access, options: HttpOptions) -> None:
        self._access = with_own_roles(access)
        self._options = options

    def admit(self, check: Check, role_name: str, token: str) -> tuple[Result, Vault | None]:
        """Log in; return the result, and a client with the token, which the caller must log out."""
        anonymous = Vault(self._access.vault.address, "", options=self._options)
        try:
            vault = anonymous.log_in(self._access.vault.jwt.mount, role_name, token)
        except ApiError as error:
            return refusal(check, error), None
        finally:
            anonymous.close()
        return check.succeed("admitted"), vault

    def refused_logins(self, role_name: str, tokens: TokenSource) -> Iterator[Result]:
        """Try every login that must be refused, with Vault's reason; stop if Vault does not respond."""
        subject = f"role {role_name}"
        try:
            for asked, why, token in self._attempts(role_name, tokens):
                check = Check(subject, KIND, why, allowed=False)
                result, vault = self.admit(check, asked, token)
                if vault is not None:
                    log_out(vault)
                yield result
                if result.outcome is Outcome.NOT_LOOKED:
                    return
        except (StackError, TokenError) as error:
            yield Check(subject, KIND, "invalid tokens", allowed=False).not_checked(str(error))

    def _attempts(self, role_name: str, tokens: TokenSource) -> Iterator[tuple[str, str, str]]:
        """Yield (the role that is asked for, why it must be refused, the token)."""
        good = tokens.valid_token(role_name, "")
        for why, bad in tokens.refused_tokens(role_name):
            yield role_name, why, bad.text
        yield role_name, "a token with algorithm none", good.without_signature()
        yield role_name, "a token signed by another key", good.with_another_key()
        yield role_name, "a token with a changed signature", good.with_changed_signature()
        policy = policy_name(role_name, self._access.vault.roles[role_name])
        if policy not in self._access.vault.roles:
            yield policy, f"the policy's name {policy} used as the role", good.text

    def admits(self, role_name: str, token: IdToken) -> bool:
        """Tell whether the role admits a token with these claims, by access.yaml."""
        return judge(self._access, role_name, token.claims).outcome is Admission.ADMITTED


def refusal(check: Check, error: ApiError) -> Result:
    """Return what an error of Vault's means for a try."""
    if error.status not in REFUSALS:
        return check.no_answer(error)
    if _NO_KEYS.search(error.reason):
        return check.not_checked(
            f"Vault cannot fetch the issuer's keys: {error.reason}. Check that Vault can reach GitLab."
        )
    return check.refuse(error.reason)


def log_out(vault: Vault) -> None:
    """Revoke the token; a batch token, or one that cannot be revoked now, expires by itself."""
    try:
        vault.log_out()
    except ApiError:
        pass
    finally:
        vault.close()
