"""/service/rest: the routes of every part, and what JAX-RS checks before one is asked.

The order is Nexus's: credentials, path, method, media types, read-only mode, then the body's validity, then
permission, which each handler asks for itself.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from simulators.nexus.answers import empty, read_only
from simulators.nexus.call import Call, Route
from simulators.nexus.content_call import RestCall
from simulators.nexus.formats import ROUTES
from simulators.nexus.repository_api import RepositoryApi
from simulators.nexus.routing import Router
from simulators.nexus.security.privileges import Privileges
from simulators.nexus.security.roles import Roles
from simulators.nexus.security.selectors import Selectors
from simulators.nexus.security.settings import SecuritySettings
from simulators.nexus.security.users import Users
from simulators.nexus.system_api import SystemApi

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

    from simulators.nexus.connectors import Connectors
    from simulators.nexus.content import Content
    from simulators.nexus.content_call import RestHandler
    from simulators.nexus.repositories import Repositories
    from simulators.nexus.security.caller import Caller
    from simulators.nexus.security.directory import Directory
    from simulators.nexus.store import Store

PATH = "/service/rest/"
_READING = ("GET", "HEAD")
_JSON = ("*/*", "application/*", "application/json")


@dataclass(frozen=True)
class Parts:
    """What the handlers work on."""

    store: Store
    directory: Directory
    repositories: Repositories
    content: Content
    connectors: Connectors


class RestApi:
    """All routes of one instance."""

    def __init__(self, parts: Parts, formats: Sequence[str], data: Path) -> None:
        self._parts = parts
        self._system = SystemApi(parts.store, data)
        repositories = RepositoryApi(parts.store, parts.repositories, parts.content, parts.connectors)
        routes = [
            *self._system.routes(formats),
            *Users(parts.store, parts.directory).routes(),
            *Roles(parts.store, parts.directory).routes(),
            *Privileges(parts.store, parts.directory, parts.repositories, formats).routes(),
            *Selectors(parts.store).routes(),
            *SecuritySettings(parts.store).routes(),
            *repositories.routes(formats),
        ]
        self._router: Router[Route | RestHandler] = Router(
            [*((route.method, f"/service/rest{route.path}", route) for route in routes), *ROUTES]
        )

    @property
    def frozen(self) -> bool:
        """Tell whether the instance is read-only."""
        return self._system.frozen

    def template(self, path: str) -> str:
        """Return the route's template that a path matches."""
        found = self._router.find(path)
        return found.template if found else "unmatched"

    async def answer(self, request: Request, path: str, caller: Caller, url: str) -> Response:
        """Answer a request; `url` is the server's, context path included."""
        found = self._router.find(path)
        if found is None:
            return empty(404)
        target = found.targets.get("GET" if request.method == "HEAD" else request.method)
        if target is None:
            return empty(405, {"Allow": ", ".join(sorted({"OPTIONS", *found.targets}))})
        parts = found.parts(path)
        if not isinstance(target, Route):
            if self.frozen and request.method not in _READING:
                return read_only()
            content = self._parts.content
            return await target(RestCall(request, parts, caller, content, self._parts.repositories, url))
        body = await request.body()
        refusal = self._refusal(request, target, body)
        if refusal:
            return refusal
        query = dict(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))
        writes = request.method not in _READING
        with self._parts.store.transaction() if writes else nullcontext():
            return target.handle(Call(caller, parts, query, body, url))

    def _refusal(self, request: Request, route: Route, body: bytes) -> Response | None:
        content_type = request.headers.get("content-type", "")
        is_given = bool(body or content_type)
        if route.consumes and is_given and content_type.partition(";")[0].strip().lower() != route.consumes:
            return empty(415)
        accepted = request.headers.get("accept", "*/*").split(",")
        if not any(each.partition(";")[0].strip() in _JSON for each in accepted):
            return empty(406)
        if self.frozen and route.writes and request.method not in _READING:
            return read_only()
        return None
