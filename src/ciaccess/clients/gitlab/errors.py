"""The exceptions of python-gitlab and requests as clients/errors, and how it is called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import requests

from ciaccess.clients.errors import ApiError, ConflictError, UnexpectedAnswerError, error_class
from ciaccess.clients.http.session import as_api_error

if TYPE_CHECKING:
    from gitlab.exceptions import GitlabError

SYSTEM = "GitLab"
_TAKEN = "has already been taken"
# What python-gitlab, and code that reads its objects, meet in an answer of another shape.
_OTHER_SHAPE = (AttributeError, LookupError, TypeError, ValueError, ArithmeticError, RecursionError)
# The session retries, so python-gitlab must not: its waits know no bound.
ONCE: dict[str, Any] = {"obey_rate_limit": False, "retry_transient_errors": False}
LISTED: dict[str, Any] = {"get_all": True, "per_page": 100, **ONCE}
_REMEDIES: dict[int, str] = {
    HTTPStatus.BAD_REQUEST: "Correct it in access.yaml.",
    HTTPStatus.UNAUTHORIZED: "Set GITLAB_TOKEN to a token that is valid.",
    HTTPStatus.FORBIDDEN: "The token needs the scope api and must be an owner's of the group.",
    HTTPStatus.NOT_FOUND: "Check the path or id, and that the token may see it: GitLab hides what it may not.",
}


@contextmanager
def errors(doing: str, url: str, method: str = "GET") -> Iterator[None]:
    """Convert the exceptions of a call into clients/errors; `method` is the call's, `url` GitLab's."""
    from gitlab.exceptions import GitlabError as Failure  # noqa: PLC0415 0.15 s that a start without GitLab need not take

    try:
        yield
    except requests.RequestException as error:
        raise as_api_error(error, doing, SYSTEM, url, method) from None
    except Failure as error:
        raise _as_api_error(error, doing, url) from None
    except _OTHER_SHAPE as error:
        remedy = f"Check that {url} is GitLab's address, and its version."
        reason = f"the response has another shape ({error})"
        raise UnexpectedAnswerError(doing, reason, remedy, system=SYSTEM) from error


def unexpected_answer(doing: str, reason: str, url: str) -> UnexpectedAnswerError:
    """Return the error of an answer that is not of GitLab's API."""
    return UnexpectedAnswerError(doing, reason, f"Check that {url} is GitLab's address.", system=SYSTEM)


def _as_api_error(error: GitlabError, doing: str, url: str) -> ApiError:
    status = error.response_code
    if status is None:
        remedy = f"Check that {url} is GitLab's address, and that no proxy answers in its place."
        return UnexpectedAnswerError(doing, str(error), remedy, system=SYSTEM)
    reason = _message(error.error_message)
    kind = ConflictError if _TAKEN in reason else error_class(status)
    remedy = _REMEDIES.get(status, "Run again later; GitLab's own log has details.")
    if status == HTTPStatus.BAD_REQUEST and reason.startswith("value"):
        remedy = "A masked value needs 8 or more characters without blanks (docs/resources.md); VAULT_ADDR needs no mask."
    answered = f"{SYSTEM} answered {status}" + (f", {reason}" if reason else "")
    return kind(doing, answered, remedy, system=SYSTEM, status=status)


def _message(message: Any) -> str:
    """Return GitLab's message as text; faults of attributes come as an object of lists."""
    if isinstance(message, dict):
        return "; ".join(
            f"{name}: {', '.join(map(str, faults)) if isinstance(faults, list) else faults}"
            for name, faults in message.items()
        )
    return message.decode(errors="replace") if isinstance(message, bytes) else str(message)
