"""What only tests need: counting requests, and answering the next ones with a fault."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Message = MutableMapping[str, Any]
    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Application = Callable[[Scope, Receive, Send], Awaitable[None]]

PATH = "/simulator/"


@dataclass(frozen=True)
class Fault:
    """What is answered in place of the truth, `count` times, to requests of this method and path prefix.

    A `status` of 0 tells the truth, but late (`delay_seconds`) or broken: `cut` closes the connection "before" the
    request is handled or "after" it was; `truncate_bytes` breaks the body off after so many. With `handled` the request
    takes effect, and its answer is replaced.
    """

    count: int
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    method: str = ""
    path: str = ""
    delay_seconds: float = 0.0
    cut: str = ""
    truncate_bytes: int | None = None
    handled: bool = False


class Controls:
    """The counters and the faults that wait; kept in memory, a restart forgets them."""

    def __init__(self) -> None:
        self._requests: Counter[str] = Counter()
        self._faults: list[Fault] = []

    def counted(self) -> dict[str, Any]:
        """Return `{total, routes: {"GET /api/v4/…": n}}`."""
        return {"total": self._requests.total(), "routes": dict(self._requests)}

    def forget_requests(self) -> None:
        """Count from nothing again."""
        self._requests.clear()

    def add_fault(self, wanted: dict[str, Any]) -> int:
        """Keep a fault for the next requests; return how many faults wait.

        Raises:
            TypeError: a field is missing, or unknown.
        """
        self._faults.append(Fault(**wanted))
        return len(self._faults)

    def forget_faults(self) -> None:
        """Tell the truth again."""
        self._faults.clear()

    def around(self, application: Application, template: Callable[[Scope], str]) -> Application:
        """Return the ASGI application with counters and waiting faults in front of it; `template` names the route."""

        async def faulty(scope: Scope, receive: Receive, send: Send) -> None:
            fault = None
            if scope["type"] == "http":
                self._requests[f"{scope['method']} {template(scope)}"] += 1
                fault = self._take(scope["method"], scope["path"])
            if fault is None:
                await application(scope, receive, send)
                return
            await asyncio.sleep(fault.delay_seconds)
            answer = _canned(fault) if fault.status else application
            if fault.cut == "before":
                _close(send)
            elif fault.cut:
                await answer(scope, receive, _swallow)
                _close(send)
            elif fault.handled:
                await application(scope, receive, _swallow)
                await answer(scope, _empty, send)
            elif fault.truncate_bytes is not None:
                await answer(scope, receive, _truncating(send, fault.truncate_bytes))
            else:
                await answer(scope, receive, send)

        return faulty

    def _take(self, method: str, path: str) -> Fault | None:
        if path.startswith(PATH):
            return None
        for index, fault in enumerate(self._faults):
            if fault.method in ("", method) and path.startswith(fault.path):
                if fault.count > 1:
                    self._faults[index] = replace(fault, count=fault.count - 1)
                else:
                    del self._faults[index]
                return fault
        return None


def _canned(fault: Fault) -> Application:
    is_text = isinstance(fault.body, str)
    body = b"" if fault.body is None else (fault.body if is_text else json.dumps(fault.body)).encode()
    headers = {"Content-Type": "text/plain" if is_text else "application/json"} if body else {}
    headers |= {"Content-Length": str(len(body))} | fault.headers

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": fault.status, "headers": pairs})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    return answer


async def _empty() -> Message:
    """Receive a body that was read already."""
    return {"type": "http.request", "body": b""}


async def _swallow(message: Message) -> None:
    """Let an answer go nowhere."""


def _close(send: Send) -> None:
    """Close the connection at once; ASGI has no word for it, so this asks uvicorn's cycle for its transport."""
    send.__self__.transport.abort()  # type: ignore[attr-defined]


def _truncating(send: Send, most_bytes: int) -> Send:
    left = most_bytes

    async def truncating(message: Message) -> None:
        nonlocal left
        if message["type"] == "http.response.body":
            body = message.get("body", b"")[:left]
            left -= len(body)
            # The server waits for the rest, sees the application end without it, and closes the connection.
            message = {"type": "http.response.body", "body": body, "more_body": True}
        await send(message)

    return truncating
