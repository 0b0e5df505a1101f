"""Nexus's own words of refusal, as HTTP responses.

The REST API has four shapes of error: an object whose message carries literal quotes, an array with one entry a
parameter, a bare `[ ]`, and text/plain. Outside of it there are HTML pages, for GET and HEAD alone.
"""

from __future__ import annotations

import html
import json
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from simulators.nexus.security.caller import Caller

CHALLENGE = 'BASIC realm="Sonatype Nexus Repository Manager"'


class AnswerError(Exception):
    """The request ends here, with this response."""

    def __init__(self, response: Response) -> None:
        super().__init__(f"answered {response.status_code}")
        self.response = response


def refuse(caller: Caller, method: str = "GET") -> Response:
    """Return what a caller without the permission is told: 401 with the challenge if anonymous, else 403."""
    return challenge() if caller.anonymous else page(HTTPStatus.FORBIDDEN, method=method)


def challenge() -> Response:
    """Return the 401 of wrong credentials, or of none where some are needed."""
    return empty(HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": CHALLENGE})


def page(status: int, text: str = "", method: str = "GET") -> Response:
    """Return an HTML page of an error, `text` its message; other methods than GET and HEAD get the bare status."""
    if method not in ("GET", "HEAD"):
        return empty(status)
    phrase = HTTPStatus(status).phrase
    body = (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><title>{status} - Sonatype Nexus Repository</title></head>\n'
        f"<body><h1>Error {status}</h1><p>{phrase}</p><p>{html.escape(text or phrase)}</p></body>\n</html>\n"
    )
    return Response(body, status, {"Content-Type": "text/html"})


def empty(status: int, headers: dict[str, str] | None = None) -> Response:
    """Return a status without a body."""
    return Response(status_code=status, headers=headers)


def json_answer(body: Any, status: int = 200) -> Response:
    """Return a JSON document."""
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return Response(text.encode("utf-8", "replace"), status, {"Content-Type": "application/json"})


def message(status: int, text: str) -> AnswerError:
    r"""Return the error object: `{"id": "*", "message": "\\"…\\""}`."""
    return AnswerError(json_answer({"id": "*", "message": f'"{text}"'}, status))


def faults(entries: Iterable[tuple[str, str]]) -> AnswerError:
    """Return the 400 that names each fault of the request: pairs of what is wrong (`PARAMETER name`) and why."""
    body = [{"id": where, "message": why} for where, why in entries]
    return AnswerError(json_answer(body, HTTPStatus.BAD_REQUEST))


def server_error(cause: str) -> AnswerError:
    """Return the 500 of an exception that nobody caught, such as `java.lang.IllegalStateException: …`."""
    return AnswerError(
        Response(f"ERROR: (ID {uuid.uuid4()}) {cause}", 500, {"Content-Type": "text/plain;charset=utf-8"})
    )


def read_only() -> Response:
    """Return the 503 of a write while the instance is read-only."""
    text = "Nexus Repository Manager is in read-only mode"
    return Response(text, HTTPStatus.SERVICE_UNAVAILABLE, {"Content-Type": "text/plain"})
