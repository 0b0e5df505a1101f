"""A repository as used by its format's clients: one user's calls, and the server's answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import requests
from requests.auth import HTTPBasicAuth

from ciaccess.clients.errors import one_line
from ciaccess.clients.http.session import PooledSession, as_api_error, page_title

SYSTEM = "Nexus"
VERSION = "1.0.0"
_SUCCESSES = range(200, 300)
_REFUSALS = (401, 403)
_TROUBLES = range(500, 600)
_MOST_TEXT_BYTES = 2000


@dataclass(frozen=True)
class Artifact:
    """An artifact of version 1.0.0; `name` has letters, digits, hyphens; `folder` has outer slashes."""

    name: str
    folder: str = "/"


@dataclass(frozen=True)
class Answer:
    """The result of a call: its status, and the server's message on one line."""

    status: int
    reason: str
    content: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def worked(self) -> bool:
        """Tell whether it was done."""
        return self.status in _SUCCESSES

    @property
    def refused(self) -> bool:
        """Tell whether the user may not do it."""
        return self.status in _REFUSALS

    @property
    def failed(self) -> bool:
        """Tell whether the server could not say either way."""
        return self.status in _TROUBLES


@dataclass(frozen=True)
class Place:
    """One repository for one user; `url` is https://nexus/repository/<name> or a registry's."""

    repository: str
    url: str
    session: PooledSession = field(repr=False)
    auth: HTTPBasicAuth = field(repr=False)

    @property
    def rest_api(self) -> Place:
        """Return the REST API of the same Nexus, as the same user."""
        return replace(self, url=f"{self.url.rpartition('/repository/')[0]}/service/rest/v1")

    def send(
        self,
        method: str,
        path: str,
        content: bytes | None = None,
        content_type: str = "application/octet-stream",
    ) -> Answer:
        """Send a request and return its answer, whatever its status; `path` begins with a slash."""
        headers = {} if content is None else {"Content-Type": content_type}
        try:
            answer = self.session.request(
                method, self.url + path, data=content, headers=headers, auth=self.auth
            )
        except requests.RequestException as error:
            raise as_api_error(error, f"{method} in {self.repository}", SYSTEM, self.url, method) from None
        return Answer(answer.status_code, _message(answer), answer.content, answer.headers)


def _message(answer: requests.Response) -> str:
    status = f"{answer.status_code} {answer.reason or ''}".strip()
    text = "" if answer.status_code in _SUCCESSES else _words(answer)
    # Nexus's own error pages are titled by the status.
    return one_line(status if not text or text.startswith(str(answer.status_code)) else f"{status}: {text}")


def _words(answer: requests.Response) -> str:
    """Return the server's words: a page's title, a registry's or npm's message, or the plain text."""
    if (title := page_title(answer)) is not None:
        return title
    text = answer.content[:_MOST_TEXT_BYTES].decode("utf-8", errors="replace").strip()
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(body, dict):
        return ""
    errors = body.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        return str(errors[0].get("message", ""))
    return str(body.get("error") or body.get("message") or "")
