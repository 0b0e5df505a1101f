"""An account's role as grants: the push, pull and promote that result in exactly its privileges.

Finds them by trying all combinations: access/desired/nexus derives the privileges of each.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from ciaccess.access.desired.nexus import nexus_objects
from ciaccess.access.model.models import Access, Account, Nexus, Repositories

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ciaccess.adoption.inventory import NexusInventory
    from ciaccess.clients.nexus import Role

_WORDS = ("push", "pull", "promote")
_SELECTED = re.compile(r'format == "[a-z0-9]+" and path =\^ "(/[^"]+/)"')


@dataclass(frozen=True)
class Grants:
    """Formats by grant, and the folder of a limited push."""

    formats: dict[str, list[str]]
    path: str | None


class GrantFinder:
    """Finds grants on the repositories of the YAML."""

    def __init__(self, nexus: NexusInventory, repositories: Mapping[str, Mapping[str, str]]) -> None:
        self._nexus = nexus
        named = {
            format_: Repositories.model_validate(dict(places)) for format_, places in repositories.items()
        }
        # Not validated, because only the repositories matter here.
        nexus_part = Nexus.model_construct(
            url="", push_registry="", pull_registry="", repositories=named, roles={}
        )
        self._access = Access.model_construct(accounts={}, nexus=nexus_part, pipeline=None)  # type: ignore[call-arg]
        self._formats = list(named)

    def find(self, account: str, role: Role) -> Grants | None:
        """Return the grants that result in exactly this role, None if there are none."""
        return next(filter(None, (self._explain(account, role, path) for path in self._paths(role))), None)

    def _explain(self, account: str, role: Role, path: str | None) -> Grants | None:
        chosen: dict[str, tuple[str, ...]] = {}
        given: set[str] = set()
        for format_ in self._formats:
            best: tuple[tuple[str, ...], frozenset[str]] = ((), frozenset())
            for words in self._words(format_):
                privileges = self._privileges(account, format_, words, path)
                # The fewest grants with the most privileges.
                if privileges <= role.privileges and len(privileges) > len(best[1]):
                    best = (words, privileges)
            chosen[format_] = best[0]
            given |= best[1]
        if given != role.privileges or role.roles or not given:
            return None
        formats = {
            word: found for word in _WORDS if (found := [each for each in chosen if word in chosen[each]])
        }
        return Grants(formats, path)

    def _words(self, format_: str) -> Iterator[tuple[str, ...]]:
        places = self._access.nexus.repositories[format_]
        possible = ["push"] * (places.dev is not None) + ["pull"]
        possible += ["promote"] * (len(places.by_environment()) > 1)
        for count in range(1, len(possible) + 1):
            yield from combinations(possible, count)

    def _privileges(
        self, account: str, format_: str, words: tuple[str, ...], path: str | None
    ) -> frozenset[str]:
        granted = {word: [format_] if word in words else [] for word in _WORDS}
        limit = path if "push" in words else None
        declared = Account.model_validate({"purpose": account, "path": limit, **granted})
        trial = self._access.model_copy(update={"accounts": {account: declared}})
        return frozenset(nexus_objects(trial).roles[-1].privileges)

    def _paths(self, role: Role) -> list[str | None]:
        """Return the folders to try: none, and those in the content selectors of the role's privileges."""
        found: set[str] = set()
        for name in role.privileges:
            privilege = self._nexus.privileges.get(name)
            selector = self._nexus.selectors.get(privilege.content_selector) if privilege else None
            if selector and (match := _SELECTED.fullmatch(selector.expression)):
                found.add(match[1])
        return [None, *sorted(found)]
