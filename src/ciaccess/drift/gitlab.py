"""Checks of GitLab: the token, named groups and projects, variables at every level."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ciaccess.clients.connect import checked_gitlab
from ciaccess.clients.gitlab.groups import places_of
from ciaccess.drift.gitlab_paths import claim_findings, named_by_claims, path_findings
from ciaccess.drift.gitlab_project import project_findings
from ciaccess.drift.gitlab_variables import shadow_findings, variable_findings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ciaccess.access import Access
    from ciaccess.access.desired.state import Desired, DesiredGroup
    from ciaccess.clients.gitlab.variables import GitLab
    from ciaccess.drift.check_run import CheckRun
    from ciaccess.drift.findings import Finding

SYSTEM = "GitLab"


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
        run.check(SYSTEM, f"the path of {group.path}", partial(path_findings, group, gitlab))
        run.check(SYSTEM, f"the variables of {group.path}", partial(_variables, group, gitlab))
        if group.variables:
            about = f"the subgroups and projects of {group.path}"
            run.start(SYSTEM, about, partial(_check_places, group, gitlab, run))
    for named, places in named_by_claims(desired.jwt_roles).items():
        about = f"{' '.join(named)} of bound claims"
        run.check(SYSTEM, about, partial(claim_findings, named, places, gitlab, run.remark))


def _variables(group: DesiredGroup, gitlab: GitLab) -> Iterator[Finding]:
    return variable_findings(group, gitlab.variables(str(group.identity)).all(), gitlab.url)


def _check_places(group: DesiredGroup, gitlab: GitLab, run: CheckRun) -> None:
    for place in places_of(gitlab, str(group.identity)):
        # GitLab refuses the variables of most of these, and no job runs there to take them.
        if place.inactive:
            run.remark(f"the variables of {place.path}: {place.inactive}")
        else:
            run.check(
                SYSTEM, f"the variables of {place.path}", partial(shadow_findings, group, gitlab, place)
            )
