"""An answer whose JSON has a bounded depth: one bound for our own clients and for python-gitlab."""

from __future__ import annotations

import json
from typing import Any

import requests

_MOST_DEPTH = 32


class NestedTooDeeplyError(ValueError):
    """The answer's JSON is nested more deeply than any system's."""


class Response(requests.Response):
    """An answer whose JSON has a bounded depth, for every library that reads it."""

    def json(self, **options: Any) -> Any:
        """Return the body's JSON.

        Raises:
            ValueError: it is broken, or nested too deeply.
        """
        try:
            found = json.loads(self.content, **options)
            is_deeper = _is_deeper(found, _MOST_DEPTH)
        except RecursionError:
            is_deeper = True
        if is_deeper:
            raise NestedTooDeeplyError(f"the answer is nested more than {_MOST_DEPTH} deep")
        return found


def _is_deeper(value: Any, depth: int) -> bool:
    level = [value]
    for _ in range(depth + 1):
        level = [
            item
            for each in level
            if isinstance(each, dict | list)
            for item in (each.values() if isinstance(each, dict) else each)
        ]
    return bool(level)
