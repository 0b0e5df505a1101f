"""/simulator/…: what only tests need, for whoever holds all permissions (local/simulator/controls.py)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from local.nexus_simulator.answers import empty, json_answer, refuse

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from local.nexus_simulator.security.caller import Caller
    from local.simulator.controls import Controls


async def answer(request: Request, name: str, caller: Caller, controls: Controls) -> Response:
    """Answer a request to `/simulator/<name>`: the counters (`requests`) or the waiting faults (`faults`)."""
    if not caller.holds("nexus:*"):
        return refuse(caller, request.method)
    if request.method == "POST" and name == "faults":
        try:
            waiting = controls.add_fault(json.loads(await request.body()))
        except (TypeError, ValueError) as error:
            return json_answer({"error": str(error)}, 400)
        return json_answer({"waiting": waiting}, 201)
    if request.method == "GET" and name == "requests":
        return json_answer(controls.counted())
    forget = {"requests": controls.forget_requests, "faults": controls.forget_faults}.get(name)
    if request.method != "DELETE" or forget is None:
        return empty(404)
    forget()
    return empty(204)
