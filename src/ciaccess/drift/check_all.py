"""The look at everything: first whether each system can be looked at, then all that can, at once.

Owns the order, and which questions are worth asking: four lists of Nexus, one login probe an account, and a request
or two for each object of Vault. The engine is not asked; `read_state` gives what its state knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ciaccess.access.desired.state import Desired, DesiredAccount
from ciaccess.access.model.checks_dates import today
from ciaccess.clients.could_not_look import CannotLookError
from ciaccess.clients.errors import ForbiddenError
from ciaccess.clients.vault import rights
from ciaccess.drift import credentials, rotations, vault_auth, vault_secrets, vault_undeclared
from ciaccess.drift import nexus as nexus_look
from ciaccess.drift.findings import UNSEEN, Report
from ciaccess.drift.gitlab import look_at_gitlab
from ciaccess.drift.look import Check, Look
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
    """What is examined, and how long an answer may take.

    `read_state` returns the stack's state, None to do without, and raises CannotLookError.
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
    """What the secrets are held against."""

    vault: Vault
    nexus: Future[Nexus | Unseen]
    state: Future[State | Unseen]


def examine(subject: Subject) -> Report:
    """Look at everything and return what there is to say. Writes nothing, anywhere."""
    look = Look()
    try:
        _look(subject, look)
        look.finish()
    finally:
        look.close()
    return Report(
        stack=subject.stack,
        findings=look.findings,
        blind=look.blind_spots,
        remarks=look.remarks,
        looked_at=look.looked_at,
    )


def _look(subject: Subject, look: Look) -> None:
    access = subject.access
    state = look.start(STATE, f"the state of the stack {subject.stack}", _state_reader(subject, look))
    nexus = look.start(NEXUS, "Nexus", lambda: nexus_look.connect(access, subject.timeout_seconds))
    look.start(NEXUS, "the objects of Nexus", lambda: _look_at_nexus(subject, look, nexus))
    look.found(*rotations.overdue(access, today()))
    look.start(
        GITLAB, "GitLab", lambda: look_at_gitlab(access, subject.desired, look, subject.timeout_seconds)
    )
    vault = look.ask(VAULT, "Vault", lambda: rights.connect(access, subject.timeout_seconds))
    if vault is not UNSEEN:
        _look_at_vault(subject, look, vault, nexus, state)


def _look_at_nexus(subject: Subject, look: Look, nexus: Future[Nexus | Unseen]) -> None:
    found = nexus.result()
    if found is not UNSEEN:
        nexus_look.look_at_nexus(subject.access, subject.desired, found, look)


def _state_reader(subject: Subject, look: Look) -> Callable[[], State]:
    def read() -> State:
        if subject.read_state is None:
            look.remark("the state was not read: a password changed alike in Vault and Nexus is not seen")
            return State()
        return subject.read_state()

    return read


def _look_at_vault(
    subject: Subject,
    look: Look,
    vault: Vault,
    nexus: Future[Nexus | Unseen],
    state: Future[State | Unseen],
) -> None:
    access, desired = subject.access, subject.desired
    checks = vault_auth.checks(desired, vault)
    lacking = look.ask(VAULT, "what the token may read", lambda: _lacking(access, vault, checks))
    if lacking is UNSEEN:
        return

    def can(about: str, *paths: str) -> bool:
        refused = [path for path in paths if path in lacking]
        for path in refused:
            look.blind(VAULT, about, *rights.refusal(path, lacking[path]))
        return not refused

    for each in checks:
        if can(each.subject, *each.reads):
            look.check(VAULT, each.subject, each.question)
    # All are read before the first is held against Nexus and the state, which takes its time to come.
    secrets = {
        name: look.start(VAULT, f"secret of {name}", _secret_reader(account, vault, look))
        for name, account in desired.accounts.items()
    }
    for name, secret in secrets.items():
        _check_account(subject, look, desired.accounts[name], secret, _Against(vault, nexus, state))
    if can("the list of secrets", vault_secrets.folder(access)):
        look.check(VAULT, "the list of secrets", lambda: vault_secrets.undeclared(access, vault))
    vault_undeclared.look_outside(access, vault, look, can)
    if any(account.idle_user for account in desired.accounts.values()):
        look.remark("the password of an idle user is tried only where an older version of its secret has it")


def _lacking(access: Access, vault: Vault, checks: list[Check]) -> dict[str, str]:
    # Not those of the accounts: of thousands of paths Vault tells the rights more slowly than it gives what is there.
    paths = {path for check in checks for path in check.reads}
    paths |= {
        vault_secrets.folder(access),
        vault_undeclared.POLICIES,
        vault_undeclared.MOUNTS,
        vault_undeclared.GROUPS,
    }
    return rights.unreadable(vault, paths)


def _secret_reader(account: DesiredAccount, vault: Vault, look: Look) -> Callable[[], SecretSnapshot]:
    def read() -> SecretSnapshot:
        try:
            return credentials.read_secret(account, vault)
        except ForbiddenError:
            lacking = rights.unreadable(vault, (account.secret.metadata_path, account.secret.api_path))
            if not lacking:
                raise
        first, *others = lacking.items()
        for each in others:
            look.blind(VAULT, f"secret of {account.name}", *rights.refusal(*each))
        raise CannotLookError(*rights.refusal(*first))

    return read


def _check_account(
    subject: Subject,
    look: Look,
    account: DesiredAccount,
    reading: Future[SecretSnapshot | Unseen],
    against: _Against,
) -> None:
    def check() -> list[Finding]:
        secret, client, known = reading.result(), against.nexus.result(), against.state.result()
        if secret is UNSEEN:
            return []
        fingerprint = "" if known is UNSEEN else known.fingerprints.get(account.active_user, "")
        look.found(*credentials.secret_findings(account, secret, claim(subject.stack), fingerprint))
        if client is UNSEEN:
            return []
        if known is not UNSEEN:
            look.found(*rotations.idle_password(account, secret, known, against.vault, client))
        return list(credentials.password_findings(account, secret, fingerprint, against.vault, client))

    look.check(VAULT, f"password of {account.name}", check)
