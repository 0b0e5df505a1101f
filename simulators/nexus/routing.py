"""From a path to its route, as JAX-RS does it: part by part, still percent-encoded, fixed names before parameters.

`..` and an encoded slash are parts like others, for ids may be anything; what follows a bare `;` is dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable

Target = TypeVar("Target")


class _Node(Generic[Target]):
    def __init__(self) -> None:
        self.fixed: dict[str, _Node[Target]] = {}
        self.parameter: _Node[Target] | None = None
        self.match: Match[Target] | None = None


class Match(Generic[Target]):
    """What is there at a template: targets by method, and the names of its parameters."""

    def __init__(self, template: str) -> None:
        self.template = template
        self.targets: dict[str, Target] = {}

    def parts(self, path: str) -> dict[str, str]:
        """Return the parameters of a path that this matched, decoded."""
        pairs = zip(self.template.split("/"), _split(path), strict=True)
        return {name[1:-1]: unquote(value) for name, value in pairs if name.startswith("{")}


class Router(Generic[Target]):
    """A tree of templates such as `/v1/security/roles/{id}`."""

    def __init__(self, routes: Iterable[tuple[str, str, Target]]) -> None:
        self._root: _Node[Target] = _Node()
        for method, template, target in routes:
            node = self._root
            for part in template.split("/"):
                if part.startswith("{"):
                    node.parameter = node.parameter or _Node()
                    node = node.parameter
                else:
                    node = node.fixed.setdefault(part, _Node())
            node.match = node.match or Match(template)
            node.match.targets[method] = target

    def find(self, path: str) -> Match[Target] | None:
        """Return what there is at a path, one slash at its end aside."""
        return _find(self._root, _split(path), 0)


def _split(path: str) -> list[str]:
    parts = [part.partition(";")[0] for part in path.split("/")]
    if len(parts) > 1 and not parts[-1]:
        parts.pop()
    return parts


def _find(node: _Node[Target], parts: list[str], at: int) -> Match[Target] | None:
    if at == len(parts):
        return node.match
    fixed = node.fixed.get(parts[at])
    found = _find(fixed, parts, at + 1) if fixed else None
    if found is None and node.parameter is not None and parts[at]:
        found = _find(node.parameter, parts, at + 1)
    return found
