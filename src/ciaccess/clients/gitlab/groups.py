"""A GitLab group, its subgroups and projects, and the variables that they set. Reads only.

A variable of a subgroup or project silently hides the group's with the same key from the jobs there. What the token may not
see is a NotFoundError.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from ciaccess.clients.errors import NotFoundError
from ciaccess.clients.gitlab.errors import LISTED, ONCE, unexpected_answer
from ciaccess.clients.gitlab.variables import GitLab

_REPORTER = 20


@dataclass(frozen=True)
class Place:
    """A group or project: `kind` is group or project, `path` its full path.

    `inactive` is why no pipeline runs there, empty where one may; `config_path` is where a project's pipeline is, empty
    for the usual file.
    """

    kind: str
    identity: int
    path: str
    inactive: str = ""
    config_path: str = ""


def token_scopes(gitlab: GitLab) -> frozenset[str]:
    """Return the scopes of the token that asks."""
    doing = "look up the token"
    scopes = gitlab.get("/personal_access_tokens/self", doing).get("scopes")
    if not isinstance(scopes, list):
        raise unexpected_answer(doing, "the response has no scopes", gitlab.url)
    return frozenset(map(str, scopes))


def group_named(gitlab: GitLab, group: str) -> Place:
    """Return a group, given by its id or full path."""
    with gitlab.errors(f"look for group '{group}'"):
        return _group(gitlab.api().groups.get(group, with_projects=False, **ONCE))


def project_named(gitlab: GitLab, project: str) -> Place:
    """Return a project as `group_named` does a group."""
    with gitlab.errors(f"look for project '{project}'"):
        return _project(gitlab.api().projects.get(project, **ONCE))


def is_administrator(gitlab: GitLab) -> bool:
    """Report whether the token's user administers GitLab, from which nothing is hidden."""
    return bool(gitlab.user().get("is_admin"))


def sees_all_projects(gitlab: GitLab, group: Place) -> bool:
    """Tell whether the token's user can read every project of a group."""
    api, user = gitlab.api(), gitlab.user()
    if user.get("is_admin"):
        return True
    try:
        with gitlab.errors(f"look up the token's role in group '{group.path}'"):
            member = api.groups.get(group.identity, lazy=True).members_all.get(user["id"], **ONCE)
            return int(member.access_level) >= _REPORTER
    except NotFoundError:
        return False


def places_of(gitlab: GitLab, group: str) -> tuple[Place, ...]:
    """Return the subgroups and projects of a group, at every depth; two lists, whatever their number."""
    listed = gitlab.api().groups.get(group, lazy=True)
    with gitlab.errors(f"list subgroups of group '{group}'"):
        groups = [_group(item) for item in listed.descendant_groups.list(**LISTED)]
    archived = tuple(f"{each.path}/" for each in groups if each.inactive)
    return tuple(
        replace(each, inactive="it is in an archived group") if each.path.startswith(archived) else each
        for each in (*groups, *projects_of(gitlab, group))
    )


def projects_of(gitlab: GitLab, group: str) -> tuple[Place, ...]:
    """Return the projects of a group and its subgroups, without shared ones."""
    listed = gitlab.api().groups.get(group, lazy=True).projects
    with gitlab.errors(f"list projects of group '{group}'"):
        return tuple(map(_project, listed.list(include_subgroups=True, with_shared=False, **LISTED)))


def _group(item: Any) -> Place:
    archived = "it is archived" if item.attributes.get("archived") else ""
    return Place("group", int(item.id), str(item.full_path), archived)


def _project(item: Any) -> Place:
    has = item.attributes
    reasons = {
        "it is archived": has.get("archived"),
        "CI/CD is disabled": has.get("builds_access_level") == "disabled",
        "its repository is disabled": has.get("repository_access_level") == "disabled",
    }
    inactive = next((reason for reason, holds in reasons.items() if holds), "")
    config_path = str(has.get("ci_config_path") or "")
    return Place("project", int(item.id), str(item.path_with_namespace), inactive, config_path)


def keys_set_in(gitlab: GitLab, place: Place, keys: Iterable[str]) -> tuple[str, ...]:
    """Return which of these keys a subgroup or project sets, in any scope; reads no value."""
    api = gitlab.api()
    owner = (api.groups if place.kind == "group" else api.projects).get(place.identity, lazy=True)
    with gitlab.errors(f"list variables of {place.kind} '{place.path}'"):
        there = {str(item.key) for item in owner.variables.list(**LISTED)}
    return tuple(sorted(there & set(keys)))
