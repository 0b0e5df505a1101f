"""Checks of GitLab: groups and projects, variables at every level, the own project's settings.

No token names a path that does not exist (renamed, moved, misspelt), so no job is admitted by it. GitLab answers 404 also for
what the token may not see: then it is a remark, and no finding.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from ciaccess.access import Access
from ciaccess.access.desired.difference import Change, difference
from ciaccess.access.desired.objects import JwtRole, Variable, VariableId
from ciaccess.access.desired.state import Desired, DesiredGroup
from ciaccess.clients.connect import checked_gitlab
from ciaccess.clients.errors import NotFoundError
from ciaccess.clients.gitlab.groups import (
    Place,
    group_named,
    is_administrator,
    keys_set_in,
    places_of,
    project_named,
    sees_all_projects,
)
from ciaccess.clients.gitlab.variables import GitLab
from ciaccess.drift.check_run import CheckRun
from ciaccess.drift.declared import findings
from ciaccess.drift.findings import Finding
from ciaccess.drift.gitlab_project import project_findings
from ciaccess.drift.manual_commands import delete_variable
from ciaccess.engine import resource_types

SYSTEM = "GitLab"
# What is shown of an undeclared value: an address. Anything else may be a credential in the wrong place.
_ADDRESS = re.compile(r"(https?://)?[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._/-]{0,100})?")
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


def check_gitlab(access: Access, desired: Desired, run: CheckRun, timeout_seconds: float) -> None:
    """Ask, and keep what is found.

    Raises:
        CouldNotLookError, CredentialsError, ApiError: GitLab cannot be asked at all.
    """
    pipeline = access.pipeline
    if not (desired.groups or pipeline):
        return
    gitlab = checked_gitlab(access, timeout_seconds)
    if pipeline:
        about = f"the settings of {pipeline.project}"
        run.check(SYSTEM, about, lambda: project_findings(pipeline, gitlab))
    check(desired, gitlab, run)


def check(desired: Desired, gitlab: GitLab, run: CheckRun) -> None:
    """Start the checks of all groups and bound claims."""
    for group in desired.groups.values():
        run.check(SYSTEM, f"the path of {group.path}", partial(_path_findings, group, gitlab))
        run.check(SYSTEM, f"the variables of {group.path}", partial(_variables, group, gitlab))
        if group.variables:
            about = f"the subgroups and projects of {group.path}"
            run.start(SYSTEM, about, partial(_check_places, group, gitlab, run))
    for named, claims in _named_by_claims(desired.jwt_roles).items():
        about = f"{' '.join(named)} of bound claims"
        run.check(SYSTEM, about, partial(_claim_findings, named, claims, gitlab, run.remark))


def variable_findings(
    group: DesiredGroup, found: Mapping[VariableId, Variable], url: str
) -> Iterator[Finding]:
    """Return what differs in the variables of a group; `url` is GitLab's."""
    named = {f"{key} of {group.path}": each for key, each in group.variables.items()}
    observed = {name: found[each.identity] for name, each in named.items() if each.identity in found}
    for name, changes in difference("variable", named, observed).items():
        wanted = named[name]
        shown = (_without_credentials(change, wanted, observed.get(name)) for change in changes)
        target = resource_types.variable(group.identity, wanted.key, wanted.environment_scope)
        yield from findings(filter(None, shown), target)
    cased = {key.lower(): key for key in group.variables}
    for key, scope in found.keys() - {each.identity for each in named.values()}:
        what = f"variable {key} of {group.path}"
        command = delete_variable(url, f"groups/{group.identity}", key, scope)
        if key in group.variables:
            seen = f"also in the scope {scope}"
            yield Finding("gitlab.variable.scope", what, "one variable", seen, command)
        elif twin := cased.get(key.lower()):
            yield Finding("gitlab.variable.twin", what, f"only {twin}", key, command)


def _without_credentials(change: Change, wanted: Variable, found: Variable | None) -> Change | None:
    """Return a change without what may be a credential; None for what a hidden variable cannot tell."""
    if found is None:
        return change
    if found.hidden and change.field in ("value", "masked"):
        return None
    if change.field != "value":
        return change
    is_masked = wanted.masked or found.masked
    is_shown = not is_masked and _ADDRESS.fullmatch(found.value)
    observed = found.value if is_shown else f"another value of {len(found.value)} characters"
    return replace(change, desired="the declared value" if is_masked else wanted.value, observed=observed)


def _variables(group: DesiredGroup, gitlab: GitLab) -> Iterator[Finding]:
    return variable_findings(group, gitlab.variables(str(group.identity)).all(), gitlab.url)


def _check_places(group: DesiredGroup, gitlab: GitLab, run: CheckRun) -> None:
    """Start the checks of the variables that a subgroup or project sets again."""
    for place in places_of(gitlab, str(group.identity)):
        # GitLab refuses the variables of most of these, and no job runs there to take them.
        if place.inactive:
            run.remark(f"the variables of {place.path}: {place.inactive}")
        else:
            about = f"the variables of {place.path}"
            run.check(SYSTEM, about, partial(_shadow_findings, group, gitlab, place))


def _shadow_findings(group: DesiredGroup, gitlab: GitLab, place: Place) -> Iterator[Finding]:
    for key in keys_set_in(gitlab, place, group.variables):
        what, seen = f"variable {key} of {place.path}", f"the {place.kind} sets its own"
        command = delete_variable(gitlab.url, f"{place.kind}s/{place.identity}", key)
        yield Finding("gitlab.variable.shadowed", what, f"the one of {group.path}", seen, command)


def _path_findings(group: DesiredGroup, gitlab: GitLab) -> Iterator[Finding]:
    """Return whether the group with the declared id has another path: its jobs' tokens name that one."""
    found = group_named(gitlab, str(group.identity))
    if found.path != group.path:
        yield Finding("gitlab.group.path", f"group {group.identity}", group.path, found.path)


def _named_by_claims(roles: Mapping[str, JwtRole]) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Return each (kind, path or id) that bound claims name, with the (role, claim) that name it."""
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for role in roles.values():
        for claim, values in role.bound_claims.items():
            for value in sorted(values):
                if (named := _place_of_claim(claim, value)) is not None:
                    found.setdefault(named, []).append((role.name, claim))
    return found


def _place_of_claim(claim: str, value: str) -> tuple[str, str] | None:
    kind = _KINDS.get(claim)
    if claim == "sub" and value.startswith(_SUBJECT):
        kind, value = "project", value.removeprefix(_SUBJECT).partition(":")[0]
    exact = value.removesuffix("/*")
    if kind is None or "*" in exact:
        return None
    return ("group" if exact != value else kind), exact


def _claim_findings(
    named: tuple[str, str], claims: list[tuple[str, str]], gitlab: GitLab, remark: Callable[[str], None]
) -> Iterator[Finding]:
    """Return whether a group or project of bound claims does not exist, or has another path."""
    kind, name = named
    find = group_named if kind == "group" else project_named
    try:
        path = find(gitlab, name).path
        seen = "" if name.isdigit() or path == name else f"its path is {path}"
    except NotFoundError:
        if not _is_readable(gitlab, name):
            remark(f"{kind} {name} of bound claims: it does not exist, or the GitLab token may not see it")
            return
        seen = f"GitLab has no such {kind}"
    for role, claim in claims if seen else ():
        what = f"{claim} {name} of JWT role {role}"
        yield Finding("gitlab.claim.unknown", what, f"a {kind} of GitLab", seen)


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
