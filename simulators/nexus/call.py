"""One request to the REST API as its handlers see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulators.nexus.answers import AnswerError, empty

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from simulators.nexus.security.caller import Caller


@dataclass(frozen=True)
class Call:
    """Who asks, and what; `parts` of the path and `query` are decoded, `url` is the server's with its context path."""

    caller: Caller
    parts: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    url: str

    def require(self, permission: str) -> None:
        """Pass if the caller holds a permission.

        Raises:
            AnswerError: 403 without a word, as the REST API answers to anonymous callers too.
        """
        if not self.caller.holds(permission):
            raise AnswerError(empty(403))


Handler = Callable[[Call], "Response"]


@dataclass(frozen=True)
class Route:
    """One method of a path below /service/rest. `consumes` is the media type that a body must have; None: there is none.

    `writes` tells whether it is refused while the instance is read-only.
    """

    method: str
    path: str
    handle: Handler
    consumes: str | None = None
    writes: bool = True
