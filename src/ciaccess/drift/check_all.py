"""All checks: first whether each system can be checked, then everything that can, in parallel.

Owns the order, and which questions are worth asking: four lists of Nexus, one login probe an account, and a request
or two for each object of Vault. Of the engine only the state is read (applied).
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cached_property, partial

from ciaccess.access import Access
from ciaccess.access.desired.state import Desired, DesiredAccount
from ciaccess.access.model.checks_dates import today
from ciaccess.clients import connect
from ciaccess.clients.could_not_look import CouldNotLook, CouldNotLookError
from ciaccess.clients.errors import ForbiddenError
from ciaccess.clients.vault.client import Vault, refusal
from ciaccess.clients.vault.secret import SecretSnapshot
from ciaccess.drift import credentials, vault_auth, vault_secrets, vault_undeclared
from ciaccess.drift import nexus as nexus_checks
from ciaccess.drift.applied import Applied, read_state
from ciaccess.drift.check_run import Check, CheckRun
from ciaccess.drift.findings import UNSEEN, Finding, Report, Unseen
from ciaccess.drift.gitlab import check_gitlab
from ciaccess.drift.nexus_objects import Ours
from ciaccess.engine.settings import claim
from ciaccess.engine.state import State

VAULT, NEXUS, GITLAB, STATE = "Vault", "Nexus", "GitLab", "Pulumi"


@dataclass(frozen=True)
class Subject:
    """What is checked, with or without the stack's state, and the time limit of a response."""

    access: Access
    stack: str
    timeout_seconds: float
    with_state: bool = True


def examine(subject: Subject) -> tuple[Report, State]:
    """Check everything; return the report, and the stack's state. Writes nothing."""
    run = CheckRun()
    try:
        checks = _Checks(subject, run)
        checks.start()
        run.finish()
    finally:
        run.close()
    report = Report(
        stack=subject.stack,
        findings=tuple(map(checks.applied.mark, run.findings)),
        could_not_look=run.could_not_look,
        remarks=run.remarks,
        looked_at=run.looked_at,
    )
    return report, checks.state


class _Checks:
    """The checks of one run; what several need, such as the state, is read once, in a thread."""

    def __init__(self, subject: Subject, run: CheckRun) -> None:
        self._subject, self._run = subject, run
        self._access, self._desired = subject.access, Desired.of(subject.access)
        self._state = run.start(STATE, f"the state of the stack {subject.stack}", self._read_state)
        connected = partial(connect.checked_nexus, subject.access, subject.timeout_seconds)
        self._nexus = run.start(NEXUS, "Nexus", connected)

    @property
    def state(self) -> State:
        """Return the stack's state, an empty one where it is not known."""
        known = self._state.result()
        return State() if known is UNSEEN else known

    @cached_property
    def applied(self) -> Applied:
        """The state beside the desired state."""
        return Applied(self._desired, self.state)

    def start(self) -> None:
        """Start all checks."""
        access, run, seconds = self._access, self._run, self._subject.timeout_seconds
        run.start(NEXUS, "the objects of Nexus", self._check_nexus)
        run.found(*credentials.overdue(access, today()))
        run.start(GITLAB, "GitLab", partial(check_gitlab, access, self._desired, run, seconds))
        vault = run.ask(VAULT, "Vault", partial(connect.checked_vault, access, seconds))
        if vault is not UNSEEN:
            self._check_vault(vault)

    def _read_state(self) -> State:
        if self._subject.with_state:
            return read_state(self._subject.stack)
        self._run.remark(
            "the state was not read: a password that was changed to the same value in Vault and Nexus is not found"
        )
        return State()

    def _check_nexus(self) -> None:
        nexus = self._nexus.result()
        if nexus is not UNSEEN:
            ours = Ours(self._access, self._desired, frozenset(self.applied.removed))
            nexus_checks.check_nexus(ours, nexus, self._run)

    def _check_vault(self, vault: Vault) -> None:
        access, run, accounts = self._access, self._run, self._desired.accounts
        checks = vault_auth.checks(self._desired, vault)
        lacking = run.ask(VAULT, "what the token may read", partial(_missing_rights, access, vault, checks))
        if lacking is UNSEEN:
            return

        def can(about: str, *paths: str) -> bool:
            refused = [path for path in paths if path in lacking]
            for path in refused:
                run.not_checked(CouldNotLook(VAULT, about, *refusal(path, lacking[path])))
            return not refused

        for each in checks:
            if can(each.subject, *each.reads):
                run.check(VAULT, each.subject, each.question)
        # All are read before the first is compared with Nexus and the state, which come later.
        secrets = {
            name: run.start(VAULT, f"secret of {name}", partial(self._read_secret, account, vault))
            for name, account in accounts.items()
        }
        for name, secret in secrets.items():
            check = partial(self._password_findings, accounts[name], secret, vault)
            run.check(VAULT, f"password of {name}", check)
        if can("the list of secrets", vault_secrets.folder(access)):
            run.check(VAULT, "the list of secrets", partial(vault_secrets.undeclared_secrets, access, vault))
        vault_undeclared.check_undeclared(self._desired, vault, run, can)
        if access.vault.namespace:
            run.remark(f"not checked: policies of the namespaces above {access.vault.namespace}")
        if any(account.idle_user for account in accounts.values()):
            run.remark(
                "the password of an idle user is tried only where an older version of its secret has it"
            )

    def _read_secret(self, account: DesiredAccount, vault: Vault) -> SecretSnapshot:
        try:
            return credentials.read_secret(account, vault)
        except ForbiddenError:
            lacking = vault.unreadable((account.secret.metadata_path, account.secret.api_path))
            if not lacking:
                raise
        first, *others = lacking.items()
        for each in others:
            self._run.not_checked(CouldNotLook(VAULT, f"secret of {account.name}", *refusal(*each)))
        raise CouldNotLookError(*refusal(*first))

    def _password_findings(
        self, account: DesiredAccount, reading: Future[SecretSnapshot | Unseen], vault: Vault
    ) -> Iterable[Finding]:
        """Return what is wrong with a password; findings of the secret alone are kept at once."""
        secret, nexus = reading.result(), self._nexus.result()
        if secret is UNSEEN:
            return ()
        state, stack = self.state, claim(self._subject.stack)
        known = state.fingerprints.get(account.active_user, "")
        self._run.found(*credentials.secret_findings(account, secret, stack, known))
        if nexus is UNSEEN:
            return ()
        self._run.found(*credentials.idle_password(account, secret, state, vault, nexus))
        return credentials.password_findings(account, secret, known, vault, nexus)


def _missing_rights(access: Access, vault: Vault, checks: list[Check]) -> dict[str, str]:
    # Not those of the accounts: of thousands of paths Vault tells the rights more slowly than it gives what is there.
    paths = {path for check in checks for path in check.reads}
    paths |= {vault_secrets.folder(access), *vault_undeclared.READS}
    return vault.unreadable(paths)
