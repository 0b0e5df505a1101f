"""What a format's handler is given, and what it gives: the seam between the core and formats/.

formats/__init__.py provides
- `HANDLERS: dict[str, Handler]`, by format: answers everything under `/repository/<name>/`. A docker connector
  (its own port) calls the same handler, with `path` as it was requested (`/v2/…`) and `call.connector` True;
  the listeners are the core's.
- `ROUTES: tuple[tuple[str, str, RestHandler], ...]`: method, path template, handler of `/service/rest/v1/components`,
  `/assets`, `/search`; a template's `{part}` arrives decoded in `call.parts`.

content.py provides `Content(data: Path)` with `forget(repository_name)`, called when a repository is deleted.

The core has done before a handler is called: credentials (wrong ones never arrive), the repository's existence
(404), offline (404), read-only mode (503). Permissions are the handler's: `if not call.may("read"): return
call.refuse()`; a group's own permission suffices for reading its members' content. Error pages come from
answers.page. What the core does to a request does not touch its body: it is the handler's to stream.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulators.nexus.answers import refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from simulators.nexus.content import Content
    from simulators.nexus.repositories import Repositories, Repository
    from simulators.nexus.security.caller import Caller


@dataclass(frozen=True)
class ContentCall:
    """One request to a repository's content.

    `path` is decoded and begins with a slash, as content selectors see it; `url` is the repository's address as
    the client reached it, without a slash at the end (on a connector: the connector's own). `token` makes a bearer
    token of the caller's, None for the anonymous one (Authenticator.token).
    """

    request: Request
    repository: Repository
    path: str
    caller: Caller
    content: Content
    repositories: Repositories
    url: str
    token: Callable[[str | None], str]
    connector: bool = False

    def may(self, action: str, path: str | None = None) -> bool:
        """Tell whether the caller may browse, read, edit, add or delete at `path`, by default the request's."""
        return self.caller.may(action, self.repository, self.path if path is None else path)

    def refuse(self) -> Response:
        """Return the answer to a caller who may not: 401 with the challenge if anonymous, else 403."""
        return refuse(self.caller, self.request.method)


@dataclass(frozen=True)
class RestCall:
    """One request to the REST API of components, assets and search; `url` is the server's, context path included."""

    request: Request
    parts: Mapping[str, str]
    caller: Caller
    content: Content
    repositories: Repositories
    url: str


Handler = Callable[[ContentCall], Awaitable["Response"]]
RestHandler = Callable[[RestCall], Awaitable["Response"]]
