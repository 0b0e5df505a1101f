"""Groups and projects of access.yaml that GitLab does not have: renamed, moved, misspelt.

No token names a path that does not exist, so no job is admitted by it. GitLab answers 404 also for what the token may not
see: then it is a remark, and no finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from ciaccess.clients.errors import NotFoundError
from ciaccess.clients.gitlab.groups import group_named, is_administrator, project_named, sees_all_projects
from ciaccess.drift.findings import Finding

if TYPE_CHECKING:
    from ciaccess.access.desired.objects import JwtRole
    from ciaccess.access.desired.state import DesiredGroup
    from ciaccess.clients.gitlab.groups import Place
    from ciaccess.clients.gitlab.variables import GitLab

_KINDS = {
    "project_path": "project",
    "job_project_path": "project",
    "project_id": "project",
    "job_project_id": "project",
    "namespace_path": "group",
    "job_namespace_path": "group",
    "groups_direct": "group",
    "namespace_id": "group",
    "job_namespace_id": "group",
}
_SUBJECT = "project_path:"


def path_findings(group: DesiredGroup, gitlab: GitLab) -> Iterator[Finding]:
    """Return whether the group with the declared id has another path: its jobs' tokens name that one."""
    found = group_named(gitlab, str(group.identity))
    if found.path != group.path:
        yield Finding("gitlab.group.path", f"group {group.identity}", group.path, found.path)


def named_by_claims(roles: Mapping[str, JwtRole]) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Return each (kind, path or id) that bound claims name, with the (role, claim) that name it."""
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for role in roles.values():
        for claim, values in role.bound_claims.items():
            for value in sorted(values):
                if (named := _place_of_claim(claim, value)) is not None:
                    found.setdefault(named, []).append((role.name, claim))
    return found


def claim_findings(
    named: tuple[str, str], places: list[tuple[str, str]], gitlab: GitLab, remark: Callable[[str], None]
) -> Iterator[Finding]:
    """Return whether a group or project of bound claims does not exist, or has another path."""
    kind, name = named
    find = group_named if kind == "group" else project_named
    try:
        seen = _other_path(find(gitlab, name), name)
    except NotFoundError:
        if not _is_readable(gitlab, name):
            remark(f"{kind} {name} of bound claims: it does not exist, or the GitLab token may not see it")
            return
        seen = f"GitLab has no such {kind}"
    for role, claim in places if seen else ():
        yield Finding(
            "gitlab.claim.unknown", f"{claim} {name} of JWT role {role}", f"a {kind} of GitLab", seen
        )


def _place_of_claim(claim: str, value: str) -> tuple[str, str] | None:
    kind = _KINDS.get(claim)
    if claim == "sub" and value.startswith(_SUBJECT):
        kind, value = "project", value.removeprefix(_SUBJECT).partition(":")[0]
    exact = value.removesuffix("/*")
    if kind is None or "*" in exact:
        return None
    return ("group" if exact != value else kind), exact


def _other_path(found: Place, name: str) -> str:
    return "" if name.isdigit() or found.path == name else f"its path is {found.path}"


def _is_readable(gitlab: GitLab, name: str) -> bool:
    """Report whether the token sees everything where this would be."""
    if is_administrator(gitlab):
        return True
    above = name.rpartition("/")[0]
    while above:
        try:
            return sees_all_projects(gitlab, group_named(gitlab, above))
        except NotFoundError:
            above = above.rpartition("/")[0]
    return False
