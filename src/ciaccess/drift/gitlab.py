"""Checks of GitLab: the token's scopes, variables of each group, subgroup and project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ciaccess.clients.connect import checked_gitlab
from ciaccess.clients.gitlab.groups import places_of
from ciaccess.drift.gitlab_variables import shadow_findings, variable_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ciaccess.access import Access
    from ciaccess.access.desired.state import Desired, DesiredGroup
    from ciaccess.clients.gitlab.groups import Place
    from ciaccess.clients.gitlab.variables import GitLab
    from ciaccess.drift.check_run import CheckRun
    from ciaccess.drift.findings import Finding

SYSTEM = "GitLab"


def check_gitlab(access: Access, desired: Desired, run: CheckRun, timeout_seconds: float) -> None:
    """Ask, and keep what is found.

    Raises:
        CouldNotLookError, CredentialsError, ApiError: GitLab cannot be asked at all.
    """
    if not desired.groups:
        return
    gitlab = checked_gitlab(access, timeout_seconds)
    for group in desired.groups.values():
        run.check(SYSTEM, f"the variables of {group.path}", _variables(group, gitlab))
        if group.variables:
            about = f"the subgroups and projects of {group.path}"
            run.start(SYSTEM, about, _shadows(group, gitlab, run))


def _variables(group: DesiredGroup, gitlab: GitLab) -> Callable[[], Iterator[Finding]]:
    return lambda: variable_findings(group, gitlab.variables(str(group.identity)).all(), gitlab.url)


def _shadows(group: DesiredGroup, gitlab: GitLab, run: CheckRun) -> Callable[[], None]:
    def ask() -> None:
        for place in places_of(gitlab, str(group.identity)):
            run.check(SYSTEM, f"the variables of {place.path}", _shadow(group, gitlab, place))

    return ask


def _shadow(group: DesiredGroup, gitlab: GitLab, place: Place) -> Callable[[], Iterator[Finding]]:
    return lambda: shadow_findings(group, gitlab, place)
