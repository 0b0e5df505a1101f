"""An account's role as grants: the push, pull and promote that result in exactly its privileges.

Finds them by trying all combinations, promotions to some environments included: access/desired/nexus derives the
privileges of each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from ciaccess.access.desired.nexus import account_objects
from ciaccess.access.model.models import Access, Account, Nexus, Repositories
from ciaccess.adoption.inventory import NexusInventory
from ciaccess.clients.nexus import Role

# The environments of a promotion: all, or one.
_TARGETS = (None, ["uat"], ["prod"])
_SELECTED = re.compile(r'format == "[a-z0-9]+" and path =\^ "(/[^"]+/)"')


@dataclass(frozen=True)
class Grants:
    """Grants as in access.yaml, and the folder of a limited push."""

    formats: dict[str, Any]
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
        chosen: list[dict[str, Any]] = []
        given: set[str] = set()
        for format_ in self._formats:
            trials = ((trial, self._privileges(account, trial, path)) for trial in self._trials(format_))
            fitting = [each for each in trials if each[1] <= role.privileges]
            # The fewest grants with the most privileges.
            best, privileges = max(fitting, key=lambda each: len(each[1]), default=({}, frozenset()))
            chosen.append(best)
            given |= privileges
        if given != role.privileges or role.roles or not given:
            return None
        return Grants(_merge(chosen), path)

    def _trials(self, format_: str) -> list[dict[str, Any]]:
        """Return every combination of grants of one format, the fewest and the simplest first."""
        places = self._access.nexus.repositories[format_]
        pushes = [{}, *([{"push": [format_]}] if places.dev is not None else [])]
        targets = _TARGETS if len(places.by_environment()) > 1 else ()
        promotions = [{}, *({"promote": {format_: {"to": to} if to else {}}} for to in targets)]
        every = product(pushes, ({}, {"pull": [format_]}), promotions)
        return sorted(({**push, **pull, **promote} for push, pull, promote in every), key=len)

    def _privileges(self, account: str, trial: dict[str, Any], path: str | None) -> frozenset[str]:
        limit = path if "push" in trial else None
        declared = Account.model_validate({"purpose": account, "path": limit, **trial})
        trial_access = self._access.model_copy(update={"accounts": {account: declared}})
        role, _, _ = account_objects(trial_access, account)
        return role.privileges if role else frozenset()

    def _paths(self, role: Role) -> list[str | None]:
        """Return the folders to try: none, and those in the content selectors of the role's privileges."""
        found: set[str] = set()
        for name in role.privileges:
            privilege = self._nexus.privileges.get(name)
            selector = self._nexus.selectors.get(privilege.content_selector) if privilege else None
            if selector and (match := _SELECTED.fullmatch(selector.expression)):
                found.add(match[1])
        return [None, *sorted(found)]


def _merge(chosen: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the grants of all formats as in access.yaml; promotions without limits are a list."""
    found: dict[str, Any] = {"push": [], "pull": [], "promote": {}}
    for each in chosen:
        for word in ("push", "pull"):
            found[word] += each.get(word, [])
        found["promote"] |= each.get("promote", {})
    if not any(found["promote"].values()):
        found["promote"] = list(found["promote"])
    return {word: formats for word, formats in found.items() if formats}
