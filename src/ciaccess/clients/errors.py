"""The errors of a request to a system, as one tree; every text is one line with a remedy.

ApiError                  `<verb> <kind> '<id>': <the server's message>. <remedy>`
 ├ UnreachableError       no connection, DNS, time-out, TLS, a reset after the retries
 ├ UnauthorizedError      401
 ├ ForbiddenError         403
 ├ NotFoundError          404
 ├ ConflictError          it exists already
 ├ RefusedError           another 4xx, or refused here before it was sent
 ├ ServerError            5xx, after the retries where they can help
 └ UnexpectedAnswerError  not the API's answer: an HTML page, broken JSON, a wrong shape, a redirect elsewhere
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Self

from ciaccess.clients.redaction import redact
from ciaccess.errors import CiaccessError, Exit

# Control characters, line separators, marks that turn the direction of writing, halves of surrogate pairs.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_MOST_CHARACTERS = 300
_MOST_ID_CHARACTERS = 80
# Redaction takes a third of a microsecond a character, and nothing of a server's megabytes is shown but the beginning.
_MOST_READ_CHARACTERS = 64 * 1024
# The end of a text that was cut may be the beginning of a secret.
_MOST_SECRET_CHARACTERS = 8 * 1024


def printable(text: str) -> str:
    """Return a text with a blank in place of each control character and line break."""
    return _UNPRINTABLE.sub(" ", text)


def one_line(text: str, most_characters: int = _MOST_CHARACTERS) -> str:
    """Return a text on one line: printable, secrets concealed, cut with an ellipsis."""
    shown = redact(text[:_MOST_READ_CHARACTERS])
    if len(text) > _MOST_READ_CHARACTERS:
        shown = shown[:-_MOST_SECRET_CHARACTERS]
    line = " ".join(printable(shown).split())
    return line if len(line) <= most_characters else f"{line[: most_characters - 1]}…"


def action(verb: str, kind: str, identity: str) -> str:
    """Return how an error begins: `create role 'ci-svc-x'`."""
    return f"{verb} {kind} '{one_line(identity, _MOST_ID_CHARACTERS)}'"


def holds(question: Callable[[], bool]) -> bool:
    """Ask a system after a lost answer; False where that fails too.

    Then the first error is the one to report.
    """
    try:
        return question()
    except ApiError:
        return False


def origin(error: BaseException) -> str:
    """Return the type and place of an unexpected error, without its text: `KeyError at values.py:12`."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


class ApiError(CiaccessError):
    """A system was asked and did not do it.

    `system` is its name (`Nexus`), `status` the HTTP status (None when there was no answer), `uncertain` tells
    that the request was sent and the answer never came, so that it may or may not have been done.
    """

    def __init__(
        self,
        doing: str,
        reason: str,
        remedy: str,
        *,
        system: str,
        status: int | None = None,
        uncertain: bool = False,
    ) -> None:
        self.doing = one_line(doing)
        self.reason = one_line(reason).rstrip(". ")
        self.system = system
        self.status = status
        self.uncertain = uncertain
        super().__init__(f"{self.doing}: {self.reason}", Exit.COULD_NOT_LOOK, remedy=one_line(remedy))

    def with_remedy(self, remedy: str) -> Self:
        """Return this error with another remedy."""
        return type(self)(self.doing, self.reason, remedy, system=self.system, status=self.status)


class UnreachableError(ApiError):
    """No response: no connection, DNS, a timeout, TLS, or a reset after the retries."""


class UnauthorizedError(ApiError):
    """401: the credentials are not accepted."""


class ForbiddenError(ApiError):
    """403: the credentials are accepted, and do not suffice."""


class NotFoundError(ApiError):
    """404: there is no such object."""


class ConflictError(ApiError):
    """The object exists already."""


class RefusedError(ApiError):
    """Another 4xx; or it was refused here, before anything was sent (then `status` is None)."""


class ServerError(ApiError):
    """5xx, after the retries where they can help."""


class UnexpectedAnswerError(ApiError):
    """The response is not the API's: an HTML page, broken JSON, a wrong shape, another host."""


_BY_STATUS: dict[int, type[ApiError]] = {
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
}
_CLIENT_ERRORS = range(400, 500)
_SERVER_ERRORS = range(500, 600)


def error_class(status: int) -> type[ApiError]:
    """Return the error for a status; one that is not an error is an unexpected answer."""
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status in _CLIENT_ERRORS:
        return RefusedError
    return ServerError if status in _SERVER_ERRORS else UnexpectedAnswerError
