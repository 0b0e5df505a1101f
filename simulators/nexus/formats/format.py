"""What a format is made of: operations on paths, its words of refusal, and what the REST API may upload to it.

A request is matched to an operation by method and path, then the permission of the operation's action is asked at
the request's path, then it is carried out. Whoever writes another format declares these three; the order of
checks, groups and statuses are here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse

from simulators.nexus.answers import empty, page
from simulators.nexus.content import PolicyError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.responses import Response

    from simulators.nexus.blobs import Draft
    from simulators.nexus.content import Description
    from simulators.nexus.content_call import ContentCall

READING = ("GET", "HEAD")
_ACTIONS = {"GET": "read", "HEAD": "read", "POST": "add", "PATCH": "add", "PUT": "edit", "DELETE": "delete"}


class RefusedError(Exception):
    """A request is refused with this status; `code` is for formats whose errors bear one."""

    def __init__(
        self, status: int, text: str, code: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.code = code
        self.headers = dict(headers or {})


@dataclass(frozen=True)
class Operation:
    """What is done for some methods on the paths that match whole; the pattern's groups are handed on by name.

    What is `open` needs no right; a write that is `of_groups` is refused there by the group's words.
    """

    methods: str
    path: str
    serve: Callable[[ContentCall, dict[str, str]], Awaitable[Response]]
    open: bool = False
    of_groups: bool = False
    _pattern: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_pattern", re.compile(self.path, re.DOTALL))

    def parts(self, path: str) -> dict[str, str] | None:
        """Return the parts of a path that is this operation's, or None."""
        found = self._pattern.fullmatch(path)
        return None if found is None else found.groupdict("")


@dataclass(frozen=True)
class Arrival:
    """A file that was handed in: under which name, to which directory, and the media type that its sender claims."""

    draft: Draft
    filename: str
    directory: str = ""
    content_type: str = ""

    @property
    def path(self) -> str:
        """Return the path that directory and name make."""
        return "/" + "/".join(part for part in (self.directory.strip("/"), self.filename.lstrip("/")) if part)


def plain_refusal(call: ContentCall, error: RefusedError) -> Response:
    """Return a refusal as the formats of plain files have it.

    A real Nexus tells the reason of a refused write in the status line, where our server cannot; so the body has it.
    """
    method = call.request.method
    if error.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return call.refuse()
    if error.status == HTTPStatus.METHOD_NOT_ALLOWED:
        return empty(error.status, error.headers)
    if method in READING:
        return page(error.status, error.text, method)
    return PlainTextResponse(error.text, error.status, error.headers)


def group_refusal() -> RefusedError:
    """Return the refusal of a write to a group or a proxy."""
    return RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "Method Not Allowed", headers={"Allow": "GET, HEAD"})


def _may(call: ContentCall, action: str) -> bool:
    return call.may(action)


@dataclass(frozen=True)
class Format:
    """A format.

    `refusal` says no in its words, `group_refusal` what a write to a group is told; `may` asks the
    permission of an action. `describe` tells of a file that the REST API uploads
    what it is, a ValueError if it is none of this format. `unserved` is the status of what the format does not serve,
    whatever the caller's rights; without it, rights are asked first.
    """

    name: str
    operations: tuple[Operation, ...]
    refusal: Callable[[ContentCall, RefusedError], Response] = plain_refusal
    group_refusal: Callable[[], RefusedError] = group_refusal
    may: Callable[[ContentCall, str], bool] = _may
    describe: Callable[[Arrival], Description] | None = None
    unserved: HTTPStatus | None = None

    async def answer(self, call: ContentCall) -> Response:
        """Answer a request to a repository of this format."""
        try:
            return await self._answer(call)
        except RefusedError as error:
            return self.refusal(call, error)
        except PolicyError as error:
            return self.refusal(call, RefusedError(HTTPStatus.BAD_REQUEST, str(error)))

    async def _answer(self, call: ContentCall) -> Response:
        method = call.request.method
        matching = [(each, parts) for each in self.operations if (parts := each.parts(call.path)) is not None]
        served = next((found for found in matching if method in found[0].methods.split()), None)
        writes_to_group = method not in READING and call.repository.type != "hosted"
        if self.unserved and (served is None or (writes_to_group and not served[0].of_groups)):
            raise RefusedError(self.unserved, call.path)
        if not (served and served[0].open) and not self.may(call, _ACTIONS.get(method, "read")):
            status = HTTPStatus.UNAUTHORIZED if call.caller.anonymous else HTTPStatus.FORBIDDEN
            raise RefusedError(status, "Forbidden")
        if writes_to_group:
            raise self.group_refusal()
        if served:
            operation, parts = served
            return await operation.serve(call, parts)
        if matching:
            allowed = {name for operation, _ in matching for name in operation.methods.split()}
            headers = {"Allow": ", ".join(sorted(allowed))}
            raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "Method Not Allowed", headers=headers)
        raise RefusedError(HTTPStatus.NOT_FOUND, call.path)
