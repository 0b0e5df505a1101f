"""What lies in a GitLab group, its subgroups and projects, and which variables they set again. Reads only.

A variable of a subgroup or project hides the group's of the same key from the jobs there, without a word.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ciaccess.clients.errors import UnexpectedAnswerError
from ciaccess.clients.gitlab.errors import ONCE, SYSTEM, errors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ciaccess.clients.gitlab.variables import GitLab

_LISTED: dict[str, Any] = {"get_all": True, "per_page": 100, **ONCE}


@dataclass(frozen=True)
class Place:
    """A subgroup or project: `kind` is group or project, `path` its full path."""

    kind: str
    identity: int
    path: str


def token_scopes(gitlab: GitLab) -> frozenset[str]:
    """Return the scopes of the token that asks.

    Raises:
        UnauthorizedError: it is unknown, expired or revoked.
    """
    doing = "look up the token"
    with errors(doing, gitlab.url):
        found = gitlab.api().http_get("/personal_access_tokens/self", **ONCE)
    scopes = found.get("scopes") if isinstance(found, dict) else None
    if not isinstance(scopes, list):
        remedy = f"Check that {gitlab.url} is GitLab's address."
        raise UnexpectedAnswerError(doing, "the response has no scopes", remedy, system=SYSTEM)
    return frozenset(map(str, scopes))


def group_named(gitlab: GitLab, group: str) -> Place:
    """Return a group, given by its id or full path.

    Raises:
        NotFoundError: there is none, or the token may not see it.
    """
    with errors(f"look for group '{group}'", gitlab.url):
        found = gitlab.api().groups.get(group, with_projects=False, **ONCE)
        return Place("group", int(found.id), str(found.full_path))


def places_of(gitlab: GitLab, group: str) -> tuple[Place, ...]:
    """Return the subgroups and projects of a group, at every depth; two lists, whatever their number."""
    listed = gitlab.api().groups.get(group, lazy=True)
    with errors(f"list subgroups of group '{group}'", gitlab.url):
        groups = [
            Place("group", int(item.id), str(item.full_path))
            for item in listed.descendant_groups.list(**_LISTED)
        ]
    with errors(f"list projects of group '{group}'", gitlab.url):
        projects = [
            Place("project", int(item.id), str(item.path_with_namespace))
            for item in listed.projects.list(
                include_subgroups=True,
                # Projects that other groups share with this one inherit none of its variables.
                with_shared=False,
                **_LISTED,
            )
        ]
    return (*groups, *projects)


def keys_set_in(gitlab: GitLab, place: Place, keys: Iterable[str]) -> tuple[str, ...]:
    """Return which of these keys a subgroup or project sets itself, in whatever scope; their values are not looked at."""
    api = gitlab.api()
    owner = (api.groups if place.kind == "group" else api.projects).get(place.identity, lazy=True)
    with errors(f"list variables of {place.kind} '{place.path}'", gitlab.url):
        there = {str(item.key) for item in owner.variables.list(**_LISTED)}
    return tuple(sorted(there & set(keys)))
