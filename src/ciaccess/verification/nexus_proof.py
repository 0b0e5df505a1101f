"""An account's rights in Nexus, tried one by one: what it must be able to do, and what it must not.

Reads and deletions of what is not there are tried by the answer alone: who may is told 404, who may not 401 or 403. The
login was proved before, so both of these are refusals.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ciaccess.clients.artifacts import FORMATS, Artifact
from ciaccess.clients.errors import ApiError
from ciaccess.clients.nexus import Nexus
from ciaccess.verification.operations import Action, administration, operations
from ciaccess.verification.results import Check, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ciaccess.access import Access
    from ciaccess.analysis.facts import AccessFacts
    from ciaccess.clients.artifacts import Answer
    from ciaccess.clients.http.session import HttpOptions
    from ciaccess.clients.vault.secret import Credentials
    from ciaccess.verification.operations import Administration, Location, Operation
    from ciaccess.verification.places import Places
    from ciaccess.verification.results import Result

LOGIN = "Nexus login"
ADMINISTER = "administer"
_NOT_FOUND = 404
_OK = range(200, 300)
_REFUSED = (401, 403)
_CLIENT_ERRORS = range(400, 500)


class CouldNotLookError(Exception):
    """Nexus did not say yes or no, so trying more of it makes no sense."""


class Names:
    """Names that no other run and no other try has."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._count = 0
        self._lock = threading.Lock()

    def new(self, folder: str) -> Artifact:
        """Return an artifact that nobody has."""
        with self._lock:
            self._count += 1
            return Artifact(f"ciaccess-verify-{self._run}-{self._count}", folder)


@dataclass(frozen=True)
class Trial:
    """What all accounts' tries have in common. `planted` is what lies at a location for reading, if anything does."""

    access: Access
    facts: AccessFacts
    options: HttpOptions
    places: Places
    names: Names
    writes: bool
    planted: Mapping[Location, Artifact] = field(default_factory=dict)


class NexusProof:
    """Tries what one account may do."""

    def __init__(self, trial: Trial, account: str, credentials: Credentials) -> None:
        self._trial = trial
        self._account = account
        self._credentials = credentials
        self._nexus = Nexus(
            trial.access.nexus.url, credentials.username, credentials.password, options=trial.options
        )

    def results(self) -> Iterator[Result]:
        """Log in, then try every operation; stop where Nexus cannot say either way."""
        try:
            login = self._login()
            yield login
            if login.outcome is not Outcome.WORKED:
                return
            yield from self._administration()
            yield from self._content()
        finally:
            self._nexus.close()

    def _login(self) -> Result:
        check = Check(self._account, LOGIN, "Nexus login")
        try:
            accepted = self._nexus.users.accepts(self._credentials.username, self._credentials.password)
        except ApiError as error:
            return check.no_answer(error)
        if accepted:
            return check.worked("accepted")
        return check.refused(
            "Nexus rejects the password, or the user is disabled or missing. Repair: pulumi up --refresh"
        )

    def _content(self) -> Iterator[Result]:
        for operation in operations(self._trial.access, self._trial.facts, self._account):
            if operation.action is Action.UPLOAD and not self._trial.writes:
                continue
            check = Check(self._account, operation.action, operation.title, allowed=operation.allowed)
            try:
                yield self._tried(check, operation)
            except ApiError as error:
                yield check.no_answer(error)
                return
            except CouldNotLookError as error:
                yield check.not_looked(f"Nexus answered {error}")
                return

    def _tried(self, check: Check, operation: Operation) -> Result:
        location = operation.location
        if operation.action is Action.BROWSE:
            there = location.repository in self._nexus.repositories()
            return check.worked("Nexus shows it") if there else check.refused("Nexus does not show it")
        if operation.action is Action.UPLOAD:
            return self._upload(check, location)
        format_, place = FORMATS[location.format], self._trial.places.place(location, self._credentials)
        planted = self._trial.planted.get(location)
        if operation.action is Action.READ and planted is not None:
            answer = format_.download(place, planted)
            if answer.worked and answer.content != format_.content(planted):
                return check.wrong(f"{len(answer.content)} bytes received, different from the stored ones")
            return _judged(check, answer)
        absent = self._trial.names.new(location.folder)
        call = format_.download if operation.action is Action.READ else format_.delete
        return _judged(check, call(place, absent), absent=True)

    def _upload(self, check: Check, location: Location) -> Result:
        artifact = self._trial.names.new(location.folder)
        result = _judged(check, self._trial.places.upload(location, artifact, self._credentials))
        if result.outcome is not Outcome.WORKED:
            return result
        format_ = FORMATS[location.format]
        back = format_.download(self._trial.places.place(location, self._credentials), artifact)
        if back.refused:
            return result  # whether it may read is a try of its own
        if back.content != format_.content(artifact):
            return check.wrong(f"accepted, but the download afterwards failed: {back.said}")
        return check.worked(f"{result.said}; downloaded again: the same {len(back.content)} bytes")

    def _administration(self) -> Iterator[Result]:
        for each, allowed in administration(self._trial.facts, self._account):
            check = Check(self._account, ADMINISTER, each.title, allowed=allowed)
            try:
                yield self._administer(check, each)
            except ApiError as error:
                yield check.no_answer(error)
                return

    def _administer(self, check: Check, each: Administration) -> Result:
        status = self._nexus.status_of(each.method, each.path, each.title)
        if status in _REFUSED:
            return check.refused(str(status))
        if status in _OK or status == _NOT_FOUND:
            return check.worked(str(status))
        return check.not_looked(f"Nexus answered {status}")


def _judged(check: Check, answer: Answer, *, absent: bool = False) -> Result:
    """Return what an answer means; `absent` says that 404 comes to who may.

    Raises:
        CouldNotLookError: the server is in trouble.
    """
    if answer.failed:
        raise CouldNotLookError(answer.said)
    if answer.refused:
        return check.refused(answer.said)
    if answer.worked:
        return check.worked(answer.said)
    if absent and answer.status == _NOT_FOUND:
        return check.worked("nothing is stored there, but the request was not refused")
    return check.wrong(f"neither accepted nor refused: {answer.said}")
