"""Checks of an account's rights in Nexus: allowed operations and refused ones.

Reads and deletions use names that do not exist: with the right the answer is 404, without it 401 or 403. The login was
verified before, so both of these are refusals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import quote

from ciaccess.access import Access
from ciaccess.analysis.facts import AccessFacts
from ciaccess.clients.artifacts import FORMATS, Answer, Artifact
from ciaccess.clients.errors import ApiError
from ciaccess.clients.http.session import HttpOptions
from ciaccess.clients.nexus import Nexus
from ciaccess.clients.vault.secret import Credentials
from ciaccess.verification.operations import (
    Action,
    Location,
    Operation,
    administration,
    can_try,
    operations,
)
from ciaccess.verification.places import Places
from ciaccess.verification.results import Check, Outcome, Result

LOGIN = "Nexus login"
ADMINISTER = "administer"
_NOT_FOUND = 404
_OK = range(200, 300)
_REFUSED = (401, 403)
_METHODS = {Action.UPLOAD: "PUT", Action.DELETE: "DELETE"}
# Where there is no client, what comes to a user with the right: the path is wrong, or the method is.
_ADMITTED = (400, 404, 405)
_NO_REPOSITORY = "Repository not found"
# A Community Edition over its limits answers an upload with 403 and these words, whatever the user's rights.
_OVER_LIMITS = re.compile("payment required", re.IGNORECASE)


class UnusableAnswerError(Exception):
    """Nexus gave no usable answer: skip the repository if it is offline, otherwise all checks."""


class Names:
    """Names that no other run and no other try has."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._numbers = count(1)  # `next` of it is safe in threads

    def new(self, folder: str) -> Artifact:
        """Return an artifact that does not exist."""
        return Artifact(f"ciaccess-verify-{self._run}-{next(self._numbers)}", folder)


@dataclass(frozen=True)
class Trial:
    """Shared data of all accounts' checks; `planted` are files for reading, by location."""

    access: Access
    facts: AccessFacts
    options: HttpOptions
    places: Places
    names: Names
    writes: bool
    planted: dict[Location, Artifact] = field(default_factory=dict)


class NexusProof:
    """Tries what one account may do."""

    def __init__(self, trial: Trial, account: str, credentials: Credentials) -> None:
        self._trial, self._account, self._credentials = trial, account, credentials
        url = trial.access.nexus.url
        self._nexus = Nexus(url, credentials.username, credentials.password, options=trial.options)

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
            return check.succeed("accepted")
        return check.refuse(
            "Nexus rejects the password, or the user is disabled or missing. Repair: pulumi up --refresh"
        )

    def _content(self) -> Iterator[Result]:
        offline: set[str] = set()
        for operation in operations(self._trial.access, self._trial.facts, self._account):
            repository = operation.location.repository
            if operation.action is Action.UPLOAD and not self._trial.writes:
                continue
            if repository in offline or not can_try(operation.location.format, operation.action):
                continue
            check = Check(self._account, operation.action, operation.title, allowed=operation.allowed)
            try:
                yield self._try(check, operation)
            except ApiError as error:
                yield check.no_answer(error)
                return
            except UnusableAnswerError as error:
                if not is_offline(str(error)):
                    yield check.not_checked(f"Nexus answered {error}")
                    return
                yield check.not_checked(f"Nexus answered {error}. {set_online(repository)}")
                offline.add(repository)

    def _try(self, check: Check, operation: Operation) -> Result:
        location = operation.location
        if operation.action is Action.BROWSE:
            there = location.repository in self._nexus.repositories()
            return check.succeed("Nexus shows it") if there else check.refuse("Nexus does not show it")
        if location.format not in FORMATS:
            return self._probe(check, operation)
        if operation.action is Action.UPLOAD:
            return self._upload(check, location)
        format_, place = FORMATS[location.format], self._trial.places.place(location, self._credentials)
        planted = self._trial.planted.get(location)
        if operation.action is Action.READ and planted is not None:
            answer = format_.download(place, planted)
            if answer.worked and answer.content != format_.content(planted):
                return check.fail(f"{len(answer.content)} bytes received, different from the stored ones")
            return _judge(check, answer, location)
        absent = self._trial.names.new(location.folder)
        call = format_.download if operation.action is Action.READ else format_.delete
        return _judge(check, call(place, absent), location, admitted=(_NOT_FOUND,))

    def _probe(self, check: Check, operation: Operation) -> Result:
        """Try an action of a format for which there is no client."""
        location = operation.location
        if operation.action is Action.READ:
            assets = f"/assets?repository={quote(location.repository, safe='')}"
            status = self._nexus.status_of("GET", assets, check.title)
            return _judge(check, Answer(status, str(status)), location)
        place = self._trial.places.place(location, self._credentials)
        absent = f"/{self._trial.names.new(location.folder).name}"
        answer = place.send(_METHODS[operation.action], absent, b"")
        return _judge(check, answer, location, admitted=_ADMITTED)

    def _upload(self, check: Check, location: Location) -> Result:
        artifact = self._trial.names.new(location.folder)
        answer = self._trial.places.upload(location, artifact, self._credentials)
        result = _judge(check, answer, location)
        if result.outcome is not Outcome.WORKED:
            return result
        format_ = FORMATS[location.format]
        back = format_.download(self._trial.places.place(location, self._credentials), artifact)
        if back.refused:
            return result  # whether it may read is a try of its own
        if back.content != format_.content(artifact):
            return check.fail(f"accepted, but the download afterwards failed: {back.reason}")
        return check.succeed(f"{result.reason}; downloaded again: the same {len(back.content)} bytes")

    def _administration(self) -> Iterator[Result]:
        for each, allowed in administration(self._trial.facts, self._account):
            check = Check(self._account, ADMINISTER, each.title, allowed=allowed)
            try:
                status = self._nexus.status_of(each.method, each.path, each.title)
            except ApiError as error:
                yield check.no_answer(error)
                return
            if status in _REFUSED:
                yield check.refuse(str(status))
            elif status in _OK or status == _NOT_FOUND:
                yield check.succeed(str(status))
            else:
                yield check.not_checked(f"Nexus answered {status}")


def is_offline(reason: str) -> bool:
    """Tell whether Nexus answers so because a repository is offline."""
    return "offline" in reason.lower()


def set_online(repository: str) -> str:
    """Return what to do about an offline repository."""
    return (
        f"Set {repository} online, or remove it from nexus.repositories; the other repositories were checked"
    )


def _judge(check: Check, answer: Answer, location: Location, admitted: tuple[int, ...] = ()) -> Result:
    """Return the meaning of an answer; `admitted` are statuses only with the right.

    Raises:
        UnusableAnswerError: the server is in trouble, or the repository is offline.
    """
    if answer.failed:
        raise UnusableAnswerError(answer.reason)
    if _OVER_LIMITS.search(answer.reason):
        return check.not_checked(
            f"Nexus is over its usage limits and refuses new components: {answer.reason}"
        )
    if answer.refused:
        return check.refuse(answer.reason)
    if answer.worked:
        return check.succeed(answer.reason)
    if answer.status == _NOT_FOUND and _NO_REPOSITORY in answer.reason:
        return check.fail(
            f"Nexus has no repository {location.repository}. Create it, or correct nexus.repositories"
        )
    if answer.status in admitted:
        return check.succeed(f"not refused ({answer.status}): nothing is stored there")
    return check.fail(f"neither accepted nor refused: {answer.reason}")
