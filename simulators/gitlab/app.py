"""The web application: from a request to a call, through one transaction, to an answer.

Routes are matched on the path as it came, percent-encoded: GitLab takes `group%2Fproject` as one part. State is
used on one thread, one request after the other, so two creations of one thing can never both succeed.
"""

from __future__ import annotations

import secrets
from contextlib import nullcontext
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Match
from starlette.routing import Route as StarletteRoute

from simulators.gitlab import parameters, users
from simulators.gitlab.access import READERS, add_token, authenticate, check_scope
from simulators.gitlab.answers import Answer, RefusalError
from simulators.gitlab.call import Call
from simulators.gitlab.routes import Route, table
from simulators.gitlab.signing import SigningKey
from simulators.gitlab.store import Store
from simulators.shared.controls import Controls
from simulators.shared.files import private_text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path
    from typing import Any

    from starlette.requests import Request

    from simulators.gitlab.call import Settings
    from simulators.shared.controls import Application, Scope

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


class Simulator:
    """One instance of GitLab: its state, its key, its controls."""

    def __init__(self, data: Path, settings: Settings, root_token: str = "") -> None:
        self.store = Store(data)
        self.key = SigningKey.load(data)
        self.settings = settings
        self.controls = Controls()
        with self.store.transaction():
            self.store.write("INSERT OR IGNORE INTO settings VALUES ('secret', ?)", secrets.token_hex(32))
            root = users.add(self.store, "root", admin=True)
            self._set_root_token(root["id"], root_token or _own_root_token(data))

    def _set_root_token(self, user_id: int, token: str) -> None:
        self.store.write("DELETE FROM tokens WHERE name = 'root' AND user_id = ?", user_id)
        scopes = ["api", "sudo", "admin_mode"]
        add_token(self.store, token, user_id, name="root", kind="personal", scopes=scopes)

    def application(self) -> Application:
        """Return the ASGI application."""
        by_path: dict[str, dict[str, Route]] = {}
        for route in table(self.controls):
            by_path.setdefault(route.path, {})[route.method] = route
        routes = [
            StarletteRoute(path, self._endpoint(methods), methods=list(_METHODS))
            for path, methods in by_path.items()
        ]
        application = Starlette(
            routes=routes, exception_handlers={HTTPException: _unmatched, Exception: _broken}
        )

        def template(scope: Scope) -> str:
            matching = (route.path for route in routes if route.matches(scope)[0] is Match.FULL)
            return next(matching, "unmatched")

        controlled = self.controls.around(application, template)

        async def on_raw_path(scope: Scope, receive: Callable[..., Any], send: Callable[..., Any]) -> None:
            if scope["type"] == "http":
                path = scope["raw_path"].decode("ascii", errors="replace")
                scope["path"] = path.rstrip("/") or "/"
            await controlled(scope, receive, send)

        return on_raw_path

    def _endpoint(self, methods: dict[str, Route]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            route = methods.get("GET" if request.method == "HEAD" else request.method)
            if route is None:
                allowed = ", ".join(sorted({"OPTIONS", *methods}))
                return _respond(Answer(405, {"error": "405 Not Allowed"}, {"Allow": allowed}))
            return _respond(self._answer(route, request, await request.body()))

        return endpoint

    def _answer(self, route: Route, request: Request, body: bytes) -> Answer:
        try:
            query = request.scope["query_string"].decode("ascii", errors="replace")
            target = f"{request.scope['path']}?{query}"
            said = parameters.read(target, request.headers.get("content-type", ""), body)
            caller = authenticate(self.store, request.headers, job_token_counts=route.job_token_counts)
            if caller and route.also is not None:
                check_scope(caller, request.method, route.also)
            call = Call(self.store, self.settings, self.key, caller, request.path_params, said, target)
            writes = request.method not in READERS
            with self.store.transaction() if writes else nullcontext():
                return route.handle(call)
        except RefusalError as refusal:
            return refusal.answer


async def _unmatched(request: Request, error: Exception) -> Response:
    del request
    status = error.status_code if isinstance(error, HTTPException) else 404
    text = "405 Not Allowed" if status == 405 else "404 Not Found"  # noqa: PLR2004 the text says it
    return _respond(Answer(status, {"error": text}))


async def _broken(request: Request, error: Exception) -> Response:
    del request, error  # the server's log has the traceback
    return _respond(Answer(500, {"message": "500 Internal Server Error"}))


def _respond(answer: Answer) -> Response:
    if answer.body is None:
        return Response(status_code=answer.status, headers=answer.headers)
    if isinstance(answer.body, str):
        return Response(answer.body, answer.status, {"Content-Type": "text/plain"} | answer.headers)
    return JSONResponse(answer.body, answer.status, answer.headers)


def _own_root_token(data: Path) -> str:
    return private_text(data / "root-token", otherwise=f"glpat-{secrets.token_hex(20)}")
