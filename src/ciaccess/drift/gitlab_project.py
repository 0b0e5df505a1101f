"""Settings of ciaccess's own project in GitLab that decide which code gets its identities.

`bootstrap` prints the same findings.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from ciaccess.access.model.models import Pipeline
from ciaccess.clients.gitlab.project import (
    NO_ONE,
    ProjectSettings,
    Protection,
    branch_protection,
    project_settings,
    protects_environment,
    tag_protections,
)
from ciaccess.clients.gitlab.variables import GitLab
from ciaccess.drift.findings import Finding
from ciaccess.drift.manual_commands import change_project

_DEVELOPER, _MAINTAINER = 30, 40
_NO_ONE_ALLOWED = "no_one_allowed"
# Before it, pipelines of forks that run in the parent project have the parent's claims.
_FORKS_SINCE = (18, 2, 2)


def project_findings(pipeline: Pipeline, gitlab: GitLab) -> Iterator[Finding]:
    """Return which settings let more code have the identities than the protected branch's."""
    project, url = pipeline.project, gitlab.url
    yield from _branch(pipeline, branch_protection(gitlab, project, pipeline.branch), url)
    yield from _ci(project, project_settings(gitlab, project), url)
    tags = tag_protections(gitlab, project)
    if not any(each.write_level != _DEVELOPER and fnmatchcase(pipeline.branch, each.name) for each in tags):
        yield Finding(
            "gitlab.project.tags",
            f"tags of {project}",
            "Developers may not create tags",
            f"Developers may create the tag {pipeline.branch}",
            change_project("POST", url, project, "protected_tags", name="*", create_access_level=_MAINTAINER),
        )
    name = pipeline.environment
    if name and pipeline.environment_protected and not protects_environment(gitlab, project, name):
        level = {"deploy_access_levels[][access_level]": _MAINTAINER}
        yield Finding(
            "gitlab.project.environment",
            f"environment {name} of {project}",
            "protected",
            "not protected",
            change_project("POST", url, project, "protected_environments", name=name, **level),
        )


def _branch(pipeline: Pipeline, found: Protection | None, url: str) -> Iterator[Finding]:
    seen = ["not protected"] if found is None else list(_weaknesses(found))
    if seen:
        name, project = pipeline.branch, pipeline.project
        wanted = {"push_access_level": NO_ONE, "merge_access_level": _MAINTAINER}
        anew = change_project("POST", url, project, "protected_branches", name=name, **wanted)
        removed = change_project("DELETE", url, project, "protected_branches", name)
        yield Finding(
            "gitlab.project.branch",
            f"branch {name} of {project}",
            "No one may push, Maintainers may merge, no force push",
            ", ".join(seen),
            anew if found is None else f"{removed} && {anew}",
        )


def _weaknesses(found: Protection) -> Iterator[str]:
    if found.write_level != NO_ONE:
        yield f"{_role(found.write_level)} may push"
    if NO_ONE < found.merge_level < _MAINTAINER:
        yield f"{_role(found.merge_level)} may merge"
    if found.allows_force_push:
        yield "force push is allowed"


def _role(level: int) -> str:
    return "Maintainers" if level >= _MAINTAINER else "Developers"


def _ci(project: str, found: ProjectSettings, url: str) -> Iterator[Finding]:
    what = f"CI/CD settings of {project}"
    if found.variables_role != _NO_ONE_ALLOWED:
        setting = {"ci_pipeline_variables_minimum_override_role": _NO_ONE_ALLOWED}
        command = change_project("PUT", url, project, **setting)
        yield Finding("gitlab.project.variables", what, _NO_ONE_ALLOWED, found.variables_role, command)
    if not found.has_separate_caches:
        command = change_project("PUT", url, project, ci_separated_caches="true")
        expected, seen = "separate caches for protected branches", "one cache for all branches"
        yield Finding("gitlab.project.caches", what, expected, seen, command)
    if found.runs_pipelines_of_forks and _numbers(found.version) < _FORKS_SINCE:
        setting = {"ci_allow_fork_pipelines_to_run_in_parent_project": "false"}
        command = change_project("PUT", url, project, **setting)
        expected = f"GitLab {'.'.join(map(str, _FORKS_SINCE))} or newer, or no pipelines of forks"
        yield Finding("gitlab.project.forks", what, expected, f"GitLab {found.version}", command)


def _numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version such as 18.2.1-ee."""
    return tuple(int(part) for part in version.partition("-")[0].split(".") if part.isdigit())
