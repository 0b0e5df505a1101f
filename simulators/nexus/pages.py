"""What lies outside of the REST API and the repositories: the start page, the browser's session and state, the metrics."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.responses import HTMLResponse, PlainTextResponse

from simulators.nexus.answers import empty, json_answer, page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from simulators.nexus.security.authentication import Authenticator

_START = """<!DOCTYPE html>
<html lang="en"><head><title>Sonatype Nexus Repository</title></head><body>Sonatype Nexus Repository</body></html>
"""


async def answer(
    request: Request, path: str, authenticator: Authenticator, state: Mapping[str, Any]
) -> Response:
    """Answer a request for a page; `state` is what the user interface polls."""
    if path in ("", "/") and request.method in ("GET", "HEAD"):
        return HTMLResponse(_START)
    if path == "/service/rapture/session":
        return await _sign_in(request, authenticator)
    if path == "/service/extdirect/poll/rapture_State_get":
        authenticator.authenticate(request.headers)
        values = {name: {"hash": "", "value": value} for name, value in state.items()}
        return json_answer(
            {"data": {"success": True, "data": values}, "type": "event", "name": "rapture_State_get"}
        )
    if path == "/service/metrics/ping":
        return _ping(request, authenticator)
    return page(404, method=request.method)


async def _sign_in(request: Request, authenticator: Authenticator) -> Response:
    if request.method != "POST":
        return empty(403)
    form = parse_qs((await request.body()).decode("utf-8", "replace"))
    try:
        user_id, password = (
            base64.b64decode(form[name][0], validate=True).decode() for name in ("username", "password")
        )
    except (KeyError, ValueError):
        return empty(403)
    return empty(204 if authenticator.accepts(user_id, password) else 403)


def _ping(request: Request, authenticator: Authenticator) -> Response:
    caller = authenticator.authenticate(request.headers)
    if caller.holds("nexus:metrics:read"):
        return PlainTextResponse("pong\n")
    return page(500, "Server Error") if caller.user_id is None else page(401)
