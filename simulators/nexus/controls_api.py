"""/simulator/…: what only tests need, for whoever holds all permissions (simulators/shared/controls.py)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from simulators.nexus.answers import empty, json_answer, refuse

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from simulators.nexus.security.caller import Caller
    from simulators.nexus.staleness import Staleness
    from simulators.shared.controls import Controls


async def answer(
    request: Request,
    name: str,
    caller: Caller,
    controls: Controls,
    staleness: Staleness,
    state: dict[str, Any],
) -> Response:
    """Answer a request to `/simulator/<name>`.

    `requests` counts, `faults` wait, `staleness` makes reads old, `state` is of the user interface.
    """
    if not caller.holds("nexus:*"):
        return refuse(caller, request.method)
    if (request.method, name) == ("PUT", "state"):
        state.clear()
        state.update(json.loads(await request.body()))
        return empty(204)
    if request.method in ("POST", "PUT"):
        return _set(request.method, name, await request.body(), controls, staleness)
    if request.method == "GET" and name == "requests":
        return json_answer(controls.counted())
    forget = {"requests": controls.forget_requests, "faults": controls.forget_faults}.get(name)
    if request.method != "DELETE" or forget is None:
        return empty(404)
    forget()
    return empty(204)


def _set(method: str, name: str, body: bytes, controls: Controls, staleness: Staleness) -> Response:
    try:
        if (method, name) == ("POST", "faults"):
            return json_answer({"waiting": controls.add_fault(json.loads(body))}, 201)
        if (method, name) == ("PUT", "staleness"):
            staleness.seconds = float(json.loads(body)["seconds"])
            return empty(204)
    except (KeyError, TypeError, ValueError) as error:
        return json_answer({"error": str(error)}, 400)
    return empty(404)
