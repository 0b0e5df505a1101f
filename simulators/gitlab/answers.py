"""What the API answers: bodies of success, and GitLab's own words of refusal.

GitLab has two error shapes: `{"message": …}` from its own code, `{"error": …}` from its framework (parameters,
routing) and from the OAuth layer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Answer:
    """A status with a JSON body (None: no body at all) and headers."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class RefusalError(Exception):
    """The request is refused with this answer."""

    def __init__(self, status: int, body: Any) -> None:
        super().__init__(f"{status} {body}")
        self.answer = Answer(status, body)


ACCEPTED = Answer(202, {"message": "202 Accepted"})
NO_CONTENT = Answer(204)


def unauthorized() -> RefusalError:
    """No credentials, or unknown ones."""
    return RefusalError(401, {"message": "401 Unauthorized"})


def dead_token(description: str) -> RefusalError:
    """A token that was good once: expired or revoked."""
    return RefusalError(401, {"error": "invalid_token", "error_description": description})


def insufficient_scope(needed: str) -> RefusalError:
    """The token's scopes do not allow this; `needed` lists the scopes that would."""
    text = "The request requires higher privileges than provided by the access token."
    return RefusalError(403, {"error": "insufficient_scope", "error_description": text, "scope": needed})


def forbidden(reason: str = "") -> RefusalError:
    """The role does not allow this."""
    return RefusalError(403, {"message": f"403 Forbidden - {reason}" if reason else "403 Forbidden"})


def not_found(kind: str) -> RefusalError:
    """There is no such thing, or the caller may not know of it; `kind` is empty where GitLab names none."""
    return RefusalError(404, {"message": " ".join(["404", *kind.split(), "Not Found"])})


def conflict(text: str) -> RefusalError:
    """What is there stands in the way."""
    return RefusalError(409, {"message": text})


def invalid(**faults: list[str]) -> RefusalError:
    """A model's validation failed: the faults of each attribute."""
    return RefusalError(400, {"message": faults})


def bad_request(text: str) -> RefusalError:
    """GitLab's own code finds the request wrong."""
    return RefusalError(400, {"message": text})


def bad_parameter(text: str) -> RefusalError:
    """The framework finds a parameter wrong, such as `key is missing`."""
    return RefusalError(400, {"error": text})
