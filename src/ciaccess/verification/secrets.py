"""An account's secret in Vault: jobs of which JWT roles can read it, and that no others can."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ciaccess.access import Access
from ciaccess.access.desired import rotation
from ciaccess.access.desired.vault import secret_of
from ciaccess.clients.errors import ApiError
from ciaccess.clients.vault.client import Vault
from ciaccess.clients.vault.secret import Credentials, VaultSecret
from ciaccess.local_stack.processes import StackError
from ciaccess.verification.id_tokens import TokenError
from ciaccess.verification.logins import KIND as LOGIN
from ciaccess.verification.logins import Logins, log_out, refusal
from ciaccess.verification.results import Check, Result
from ciaccess.verification.token_sources import TokenSource

KIND = "secret"
_CHANGING = {"create", "update", "patch", "delete", "sudo", "root"}


@dataclass
class SecretProof:
    """Checks one account's secret with every JWT role, and keeps its `credentials`."""

    access: Access
    account: str
    logins: Logins
    tokens: TokenSource
    credentials: Credentials | None = None
    _was_tried: bool = False

    @property
    def _path(self) -> str:
        return secret_of(self.access, self.account).api_path

    def results(self) -> Iterator[Result]:
        """Log in with each role, and read the secret where the role may, and where it may not."""
        readers = [name for name, role in self.access.vault.roles.items() if self.account in role.accounts]
        for role_name in self.access.vault.roles:
            yield from self._with_role(role_name, reads=role_name in readers)
        if readers and not self._was_tried:
            why = f"{' or '.join(readers)} does not admit this token. Run this in a job of a project that may read the secret"
            yield Check(self.account, KIND, "read its secret").not_checked(why)

    def as_administrator(self, vault: Vault) -> Result:
        """Read the secret of an account that no role reads, so that the rest of it can be proved."""
        return self._read(Check(self.account, KIND, "secret, as Vault's administrator"), vault)

    def _with_role(self, role_name: str, *, reads: bool) -> Iterator[Result]:
        title = f"login with role {role_name}"
        try:
            token = self.tokens.valid_token(role_name, self.account)
        except (StackError, TokenError) as error:
            yield Check(self.account, LOGIN, title).not_checked(str(error))
            self._was_tried = True
            return
        admitted = self.logins.admits(role_name, token)
        if not admitted and not reads:
            return  # the role's own checks show that it refuses, and the account does not need it
        check = Check(self.account, LOGIN, f"{title} by {token.job}", allowed=admitted)
        result, vault = self.logins.admit(check, role_name, token.text)
        yield result
        self._was_tried |= reads and admitted
        if vault is None:
            return
        try:
            yield from self._with_token(vault, role_name, reads=reads and admitted)
        finally:
            log_out(vault)

    def _with_token(self, vault: Vault, role_name: str, *, reads: bool) -> Iterator[Result]:
        path = self._path
        check = Check(self.account, KIND, f"read {path} with role {role_name}", allowed=reads)
        yield self._read(check, vault)
        check = Check(self.account, KIND, f"change {path} with role {role_name}", allowed=False)
        try:
            rights = vault.capabilities([path])[path]
        except ApiError as error:
            yield refusal(check, error)
            return
        reason = f"the token's capabilities there: {', '.join(sorted(rights))}"
        yield check.succeed(reason) if rights & _CHANGING else check.refuse(reason)

    def _read(self, check: Check, vault: Vault) -> Result:
        """Read the secret, and keep its credentials where the check is allowed."""
        try:
            secret = VaultSecret(vault, self._path).read()
        except ApiError as error:
            return refusal(check, error)
        if not secret.exists:
            return check.fail("not found in Vault. Provision it: pulumi up --refresh")
        credentials = secret.credentials
        if credentials is None:
            return check.fail("username or password is missing. Repair: pulumi up --refresh")
        if credentials.username != rotation.active(self.access, self.account).user_id:
            return check.fail("the username is not the account's user. Repair: pulumi up --refresh")
        if not check.allowed:
            return check.succeed("Vault returned it")
        self.credentials = credentials
        return check.succeed(f"the account's user, and a password of {len(credentials.password)} characters")
