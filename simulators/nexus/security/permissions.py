"""What a set of permissions allows.

Nexus compares as Shiro does: a permission is parts between colons, each a comma-separated list, `*` for any; case does
not count; parts that the permission held leaves out match everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from simulators.nexus.repositories import Repository

    Parts = tuple[frozenset[str], ...]
    Selector = tuple[str, Callable[[str, str], bool]]


class PatternError(ValueError):
    """The text is no permission; Shiro's words."""


def parts_of(permission: str) -> Parts:
    """Return a permission's parts.

    Raises:
        PatternError: it has none.
    """
    texts = permission.strip().lower().split(":")
    while texts and not texts[-1]:
        texts.pop()
    if not texts:
        raise PatternError(
            "Wildcard string cannot contain only dividers. Make sure permission strings are properly formatted."
        )
    parts = [frozenset(part.split(",") if part.strip(",") or not part else ()) for part in texts]
    if not all(parts):
        raise PatternError(
            "Wildcard string cannot contain parts with only dividers. Make sure permission strings are properly formatted."
        )
    return tuple(parts)


def implies(held: Parts, wanted: Parts) -> bool:
    """Tell whether one who holds a permission has another."""
    for index, part in enumerate(held):
        if "*" in part:
            continue
        if index >= len(wanted) or not part >= wanted[index]:
            return False
    return True


class Permissions:
    """The permissions that one caller holds, and the selectors there are (name and condition on format and path).

    The selectors are asked for when content is: thousands of them cost nothing where nobody does.
    """

    def __init__(self, held: Iterable[Parts], selectors: Callable[[], Iterable[Selector]]) -> None:
        self._held = frozenset(held)
        self._selectors = selectors

    def allow(self, permission: str) -> bool:
        """Tell whether a permission such as `nexus:users:read` is held."""
        return self._allow(parts_of(permission))

    def allow_content(self, action: str, repository: Repository, path: str) -> bool:
        """Tell whether an action on a path is allowed: by a view of the repository, or by a selector that finds the path."""
        if self._allow(_permission("repository-view", repository, action)):
            return True
        return any(
            condition(repository.format, path) and self._allow(_selected(name, repository, action))
            for name, condition in self._selectors()
        )

    def allow_somewhere(self, action: str, repository: Repository) -> bool:
        """Tell whether an action is allowed on the repository, or on what some selector finds in it."""
        if self._allow(_permission("repository-view", repository, action)):
            return True
        return any(self._allow(_selected(name, repository, action)) for name, _ in self._selectors())

    def _allow(self, wanted: Parts) -> bool:
        return any(implies(held, wanted) for held in self._held)


def _permission(kind: str, repository: Repository, action: str) -> Parts:
    return tuple(
        frozenset({part.lower()}) for part in ("nexus", kind, repository.format, repository.name, action)
    )


def _selected(selector: str, repository: Repository, action: str) -> Parts:
    words = ("nexus", "repository-content-selector", selector, repository.format, repository.name, action)
    return tuple(frozenset({part.lower()}) for part in words)
