"""All checks: first whether each system can be checked, then everything that can, in parallel.

Owns the order, and which questions are worth asking: four lists of Nexus, one login probe an account, and a request
or two for each object of Vault. The engine is not asked; `read_state` gives what its state knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ciaccess.access.desired.state import Desired, DesiredAccount
from ciaccess.access.model.checks_dates import today
from ciaccess.clients import connect
from ciaccess.clients.could_not_look import CouldNotLook, CouldNotLookError
from ciaccess.clients.errors import ForbiddenError
from ciaccess.clients.vault import rights
from ciaccess.drift import credentials, rotations, vault_auth, vault_secrets, vault_undeclared
from ciaccess.drift import nexus as nexus_checks
from ciaccess.drift.applied import Applied
from ciaccess.drift.check_run import Check, CheckRun
from ciaccess.drift.findings import UNSEEN, Report
from ciaccess.drift.gitlab import check_gitlab
from ciaccess.drift.nexus_objects import Ours
from ciaccess.engine.settings import claim
from ciaccess.engine.state import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from ciaccess.access import Access
    from ciaccess.clients.nexus import Nexus
    from ciaccess.clients.vault.client import Vault
    from ciaccess.clients.vault.secret import SecretSnapshot
    from ciaccess.drift.findings import Finding, Unseen

VAULT, NEXUS, GITLAB, STATE = "Vault", "Nexus", "GitLab", "Pulumi"


@dataclass(frozen=True)
class Subject:
    """What is checked, and the time limit of an answer.

    `read_state` returns the stack's state, None to do without, and raises CouldNotLookError.
    """

    access: Access
    stack: str
    read_state: Callable[[], State] | None = None
    timeout_seconds: float = 20.0

    @cached_property
    def desired(self) -> Desired:
        """The desired state."""
        return Desired.of(self.access)


@dataclass(frozen=True)
class _Against:
    """What the secrets are compared with."""

    vault: Vault
    nexus: Future[Nexus | Unseen]
    state: Future[State | Unseen]


def examine(subject: Subject) -> Report:
    """Check everything and return the report. Writes nothing."""
    run = CheckRun()
    try:
        state = _check(subject, run)
        run.finish()
    finally:
        run.close()
    return Report(
        stack=subject.stack,
        findings=tuple(map(_applied_state(subject, state).mark, run.findings)),
        could_not_look=run.could_not_look,
        remarks=run.remarks,
        looked_at=run.looked_at,
    )


def _check(subject: Subject, run: CheckRun) -> Future[State | Unseen]:
    access = subject.access
    state = run.start(STATE, f"the state of the stack {subject.stack}", _state_reader(subject, run))
    nexus = run.start(NEXUS, "Nexus", lambda: connect.checked_nexus(access, subject.timeout_seconds))
    run.start(NEXUS, "the objects of Nexus", lambda: _check_nexus(subject, run, nexus, state))
    run.found(*rotations.overdue(access, today()))
    run.start(GITLAB, "GitLab", lambda: check_gitlab(access, subject.desired, run, subject.timeout_seconds))
    vault = run.ask(VAULT, "Vault", lambda: connect.checked_vault(access, subject.timeout_seconds))
    if vault is not UNSEEN:
        _check_vault(subject, run, vault, nexus, state)
    return state


def _applied_state(subject: Subject, state: Future[State | Unseen]) -> Applied:
    known = state.result()
    return Applied(subject.desired, State() if known is UNSEEN else known)


def _check_nexus(
    subject: Subject, run: CheckRun, nexus: Future[Nexus | Unseen], state: Future[State | Unseen]
) -> None:
    found = nexus.result()
    if found is not UNSEEN:
        ours = Ours(subject.access, subject.desired, frozenset(_applied_state(subject, state).removed))
        nexus_checks.check_nexus(ours, found, run)


def _state_reader(subject: Subject, run: CheckRun) -> Callable[[], State]:
    def read() -> State:
        if subject.read_state is None:
            run.remark(
                "the state was not read: a password that was changed to the same value in Vault and Nexus is not found"
            )
            return State()
        return subject.read_state()

    return read


def _check_vault(
    subject: Subject,
    run: CheckRun,
    vault: Vault,
    nexus: Future[Nexus | Unseen],
    state: Future[State | Unseen],
) -> None:
    access, desired = subject.access, subject.desired
    checks = vault_auth.checks(desired, vault)
    lacking = run.ask(VAULT, "what the token may read", lambda: _missing_rights(access, vault, checks))
    if lacking is UNSEEN:
        return

    def can(about: str, *paths: str) -> bool:
        refused = [path for path in paths if path in lacking]
        for path in refused:
            run.not_checked(CouldNotLook(VAULT, about, *rights.refusal(path, lacking[path])))
        return not refused

    for each in checks:
        if can(each.subject, *each.reads):
            run.check(VAULT, each.subject, each.question)
    # All are read before the first is held against Nexus and the state, which takes its time to come.
    secrets = {
        name: run.start(VAULT, f"secret of {name}", _secret_reader(account, vault, run))
        for name, account in desired.accounts.items()
    }
    for name, secret in secrets.items():
        _check_account(subject, run, desired.accounts[name], secret, _Against(vault, nexus, state))
    if can("the list of secrets", vault_secrets.folder(access)):
        run.check(VAULT, "the list of secrets", lambda: vault_secrets.undeclared_secrets(access, vault))
    vault_undeclared.check_undeclared(access, vault, run, can)
    if any(account.idle_user for account in desired.accounts.values()):
        run.remark("the password of an idle user is tried only where an older version of its secret has it")


def _missing_rights(access: Access, vault: Vault, checks: list[Check]) -> dict[str, str]:
    # Not those of the accounts: of thousands of paths Vault tells the rights more slowly than it gives what is there.
    paths = {path for check in checks for path in check.reads}
    paths |= {vault_secrets.folder(access), *vault_undeclared.READS}
    return rights.unreadable(vault, paths)


def _secret_reader(account: DesiredAccount, vault: Vault, run: CheckRun) -> Callable[[], SecretSnapshot]:
    def read() -> SecretSnapshot:
        try:
            return credentials.read_secret(account, vault)
        except ForbiddenError:
            lacking = rights.unreadable(vault, (account.secret.metadata_path, account.secret.api_path))
            if not lacking:
                raise
        first, *others = lacking.items()
        for each in others:
            run.not_checked(CouldNotLook(VAULT, f"secret of {account.name}", *rights.refusal(*each)))
        raise CouldNotLookError(*rights.refusal(*first))

    return read


def _check_account(
    subject: Subject,
    run: CheckRun,
    account: DesiredAccount,
    reading: Future[SecretSnapshot | Unseen],
    against: _Against,
) -> None:
    def check() -> list[Finding]:
        secret, client, known = reading.result(), against.nexus.result(), against.state.result()
        if secret is UNSEEN:
            return []
        fingerprint = "" if known is UNSEEN else known.fingerprints.get(account.active_user, "")
        run.found(*credentials.secret_findings(account, secret, claim(subject.stack), fingerprint))
        if client is UNSEEN:
            return []
        if known is not UNSEEN:
            run.found(*rotations.idle_password(account, secret, known, against.vault, client))
        return list(credentials.password_findings(account, secret, fingerprint, against.vault, client))

    run.check(VAULT, f"password of {account.name}", check)
