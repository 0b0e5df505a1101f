"""The web application: from a request to who asks, to what answers.

Paths are matched as they came, percent-encoded, below the context path. The REST API's own state is used on one
thread, one request after the other, each write in one transaction; content is streamed by its formats' handlers.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from starlette.requests import ClientDisconnect, Request

from simulators.nexus import controls_api, new_instance, pages, rest_api
from simulators.nexus.answers import AnswerError, page, read_only, server_error
from simulators.nexus.connectors import Connectors
from simulators.nexus.content import Content
from simulators.nexus.content_call import ContentCall
from simulators.nexus.formats import HANDLERS
from simulators.nexus.repositories import Repositories
from simulators.nexus.security import builtin
from simulators.nexus.security.authentication import Authenticator
from simulators.nexus.security.directory import Directory
from simulators.nexus.staleness import Staleness
from simulators.nexus.store import FILE, Store
from simulators.shared.controls import PATH as CONTROLS_PATH
from simulators.shared.controls import Controls

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from starlette.responses import Response

    from simulators.nexus.repositories import Repository
    from simulators.nexus.security.caller import Caller
    from simulators.shared.controls import Application, Message, Receive, Scope, Send

FORMATS = {"community": builtin.COMMUNITY_FORMATS, "core": builtin.CORE_FORMATS}
_READING = ("GET", "HEAD", "OPTIONS")
_REPOSITORY_PATH = "/repository/"
_BY_PATH = "/v2/"
_logger = logging.getLogger("simulators.nexus")


@dataclass(frozen=True)
class Settings:
    """How this instance is run: `community` has all formats, `core` raw, maven2 and apt; the context path may be empty."""

    edition: str = "community"
    context_path: str = ""


class Simulator:
    """One instance of Nexus: its state, its content, its connectors, its controls."""

    def __init__(self, data: Path, settings: Settings, admin_password: str = "") -> None:
        formats = FORMATS[settings.edition]
        self.store = Store(data)
        self.repositories = Repositories(self.store.repositories)
        self.content = Content(data)
        self.connectors = Connectors(self._connector)
        self._context_path = settings.context_path
        self._directory = Directory(self.store, formats)
        self._authenticator = Authenticator(self.store, self._directory)
        self._controls = Controls()
        self._interface_state: dict[str, Any] = {"status": {"edition": settings.edition.upper()}}
        self._settings = settings
        self._staleness = Staleness(lambda folder: self.store.copy_to(folder / FILE), self._reopened)
        self._rest = rest_api.RestApi(
            rest_api.Parts(self.store, self._directory, self.repositories, self.content, self.connectors),
            formats,
            data,
        )
        if self.store.is_new:
            new_instance.found(self.store, data, admin_password)

    def application(self) -> Application:
        """Return the ASGI application of the main port."""

        async def on_raw_path(scope: Scope, receive: Receive, send: Send) -> None:
            _take_raw_path(scope)
            path = scope["path"]
            if path == self._context_path or path.startswith(f"{self._context_path}/"):
                scope["path"] = path.removeprefix(self._context_path)
                await controlled(scope, receive, send)
            else:
                await page(404, method=scope["method"])(scope, receive, send)

        fresh = self._guarded(self._answer)
        controlled = self._controls.around(self._staleness.around(fresh, rest_api.PATH), self._template)
        return on_raw_path

    def _reopened(self, data: Path) -> Application:
        """Return what answers requests, below the context path, from a copy of the state."""
        before = Simulator(data, self._settings)
        return before._guarded(before._answer)

    def _connector(self, name: str) -> Application:
        """Return the ASGI application of a docker repository's own port."""

        async def answer(request: Request) -> Response:
            repository = self.repositories.find(name)
            if repository is None:
                return page(404, "Repository not found", request.method)
            caller = self._authenticator.authenticate(request.headers)
            call = self._content_call(request, repository, request.scope["path"], caller)
            url = f"http://{request.headers.get('host', '')}"
            return await self._answer_content(replace(call, url=url, connector=True))

        controlled = self._controls.around(self._guarded(answer), lambda _scope: f"connector {name}")

        async def on_raw_path(scope: Scope, receive: Receive, send: Send) -> None:
            _take_raw_path(scope)
            await controlled(scope, receive, send)

        return on_raw_path

    def _guarded(self, answer: Callable[[Request], Awaitable[Response]]) -> Application:
        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            arriving = _Arriving(receive)
            request = Request(scope, arriving.receive)
            try:
                response = await answer(request)
            except AnswerError as ending:
                response = ending.response
            except ClientDisconnect:
                return  # nobody is left to be answered
            except Exception as error:
                _logger.exception("%s %s", request.method, self._template(scope))
                response = server_error(f"java.lang.RuntimeException: {type(error).__name__}").response
            if "expect" not in request.headers:
                await arriving.drain()
            await response(scope, receive, send)

        return application

    def _template(self, scope: Scope) -> str:
        path = scope["path"]
        if path.startswith(_REPOSITORY_PATH):
            return f"{_REPOSITORY_PATH}{path.split('/')[2]}"
        if path.startswith(CONTROLS_PATH):
            return str(path)
        return self._rest.template(path)

    async def _answer(self, request: Request) -> Response:
        path: str = request.scope["path"]
        if path.startswith((rest_api.PATH, _REPOSITORY_PATH, CONTROLS_PATH)):
            caller = self._authenticator.authenticate(request.headers)
            if path.startswith(CONTROLS_PATH):
                return await controls_api.answer(
                    request,
                    path.removeprefix(CONTROLS_PATH),
                    caller,
                    self._controls,
                    self._staleness,
                    self._interface_state,
                )
            if path.startswith(rest_api.PATH):
                return await self._rest.answer(request, path, caller, self._base_url(request))
            name, _, rest = path.removeprefix(_REPOSITORY_PATH).partition("/")
            repository = self.repositories.find(unquote(name))
            if repository is None:
                return page(404, "Repository not found", request.method)
            return await self._answer_content(self._content_call(request, repository, f"/{rest}", caller))
        if path == _BY_PATH.rstrip("/") or path.startswith(_BY_PATH):
            return await self._answer_by_path(request, path.removeprefix(_BY_PATH))
        return await pages.answer(request, path, self._authenticator, self._interface_state)

    async def _answer_by_path(self, request: Request, path: str) -> Response:
        """Answer docker's path based routing: the image's first folder is the repository, as from Nexus 3.83 on.

        The address that answers name has the repository too, and then /v2 once more: clients take it as it is.
        """
        name, _, rest = path.partition("/")
        docker = [each for each in self.repositories.all() if each.format == "docker"]
        named = next((each for each in docker if each.name == unquote(name)), None)
        # A client asks for the version, and logs in, before it names any image.
        repository = named or (docker[0] if docker and name in ("", _BY_PATH.strip("/"), "token") else None)
        if repository is None:
            return page(404, "Repository not found", request.method)
        caller = self._authenticator.authenticate(request.headers)
        inside = rest.removeprefix(_BY_PATH.lstrip("/")) if named else path
        call = self._content_call(request, repository, f"{_BY_PATH}{inside}", caller)
        url = f"{self._base_url(request)}{_BY_PATH}{repository.name}" if named else self._base_url(request)
        return await self._answer_content(replace(call, url=url, connector=True))

    def _content_call(
        self, request: Request, repository: Repository, raw_path: str, caller: Caller
    ) -> ContentCall:
        return ContentCall(
            request,
            repository,
            unquote(raw_path),
            caller,
            self.content,
            self.repositories,
            url=f"{self._base_url(request)}{_REPOSITORY_PATH}{repository.name}",
            token=self._authenticator.token,
        )

    async def _answer_content(self, call: ContentCall) -> Response:
        method = call.request.method
        path = _normalised(call.path)
        if path is None:
            return page(400, method=method)
        call = replace(call, path=path)
        handler = HANDLERS.get(call.repository.format)
        if handler is None:
            return page(404, call.path, method)
        if not call.repository.online:
            return page(503, "Repository offline", method)
        if self._rest.frozen and method not in _READING:
            return read_only()
        return await handler(call)

    def _base_url(self, request: Request) -> str:
        return f"http://{request.headers.get('host', '')}{self._context_path}"


def _normalised(path: str) -> str | None:
    """Return a path without `.`, `..` and empty parts, as Jetty resolves it before anything is decided; None for a bad one."""
    *folders, last = path.split("/")[1:] or [""]
    if any(ord(letter) < ord(" ") for letter in path) or "..;" in (*folders, last):
        return None
    parts: list[str] = []
    for part in (*folders, last):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    is_folder = last in ("", ".", "..") and bool(parts)
    return f"/{'/'.join(parts)}" + ("/" if is_folder else "")


class _Arriving:
    """A request's body, of which is known whether all of it has been taken."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._complete = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._complete = not message.get("more_body", False)
        return message

    async def drain(self) -> None:
        """Take what is left, so that a client that is still sending gets to read the answer."""
        while not self._complete:
            await self.receive()


def _take_raw_path(scope: Scope) -> None:
    scope["path"] = scope["raw_path"].decode("ascii", errors="replace")
