"""A GitLab project: settings, its merged pipeline, files of its repository.

The settings are those that decide which code runs with the project's identities. Reads only; scope read_api suffices.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ciaccess.clients.errors import ForbiddenError, NotFoundError, UnexpectedAnswerError, one_line
from ciaccess.clients.gitlab.errors import LISTED, SYSTEM, unexpected_answer
from ciaccess.clients.gitlab.groups import Place
from ciaccess.clients.gitlab.variables import GitLab

NO_ONE = 0
# A user or group that is named one by one.
_NAMED = 30
_REMEDY = "The token needs the scope read_api, and its user the role Reporter in the project."
# GitLab's own texts for a repository without commits, and for one without the file.
_EMPTY = "Repository Not Found"
_NO_FILE = "Please provide content of"


@dataclass(frozen=True)
class Protection:
    """A rule for branches or tags: the lowest roles that may write and merge, by number."""

    name: str
    write_level: int
    merge_level: int = NO_ONE
    allows_force_push: bool = False


@dataclass(frozen=True)
class ProjectSettings:
    """CI/CD settings of a project, and GitLab's version."""

    version: str
    variables_role: str
    has_separate_caches: bool
    runs_pipelines_of_forks: bool


@dataclass(frozen=True)
class MergedPipeline:
    """The merged YAML, and why GitLab refuses it; `missing` is why there is none."""

    yaml: str
    faults: tuple[str, ...] = ()
    missing: str = ""


def project_settings(gitlab: GitLab, project: str) -> ProjectSettings:
    """Return the CI/CD settings of a project; UnexpectedAnswerError: the token does not see them."""
    doing = f"read the settings of project '{project}'"
    found = gitlab.get(_path(project), doing)
    version = gitlab.get("/version", doing)
    try:
        return ProjectSettings(
            version=str(version["version"]),
            variables_role=str(found["ci_pipeline_variables_minimum_override_role"]),
            has_separate_caches=bool(found["ci_separated_caches"]),
            runs_pipelines_of_forks=bool(found["ci_allow_fork_pipelines_to_run_in_parent_project"]),
        )
    except KeyError as error:
        remedy = "The token needs the role Maintainer in the project, and GitLab 17.1 or newer."
        raise UnexpectedAnswerError(doing, f"the response has no {error}", remedy, system=SYSTEM) from None


def branch_protection(gitlab: GitLab, project: str, branch: str) -> Protection | None:
    """Return the rule of exactly this branch, None where there is none."""
    doing = f"read the protection of branch '{branch}' of project '{project}'"
    try:
        found = gitlab.get(_path(project, "protected_branches", branch), doing)
    except NotFoundError:
        return None
    return Protection(
        branch,
        _lowest(found.get("push_access_levels")),
        _lowest(found.get("merge_access_levels")),
        bool(found.get("allow_force_push")),
    )


def tag_protections(gitlab: GitLab, project: str) -> tuple[Protection, ...]:
    """Return the rules for tags."""
    with gitlab.errors(f"list protected tags of project '{project}'"):
        listed: Any = gitlab.api().http_list(_path(project, "protected_tags"), **LISTED)
    return tuple(Protection(str(each["name"]), _lowest(each.get("create_access_levels"))) for each in listed)


def protects_environment(gitlab: GitLab, project: str, environment: str) -> bool:
    """Tell whether an environment is protected; never without GitLab Premium."""
    doing = f"read the protection of environment '{environment}' of project '{project}'"
    try:
        gitlab.get(_path(project, "protected_environments", environment), doing)
    except NotFoundError:
        return False
    return True


def tip_of(gitlab: GitLab, project: str, branch: str) -> str:
    """Return the commit at the tip of a branch."""
    doing = f"read the tip of branch '{branch}' of project '{project}'"
    found = gitlab.get(_path(project, "repository", "branches", branch), doing)
    return str((found.get("commit") or {}).get("id") or "")


def merged_pipeline(gitlab: GitLab, project: Place) -> MergedPipeline:
    """Return the pipeline of a project's default branch, with everything that it includes."""
    doing = f"read the merged pipeline of project '{project.path}'"
    try:
        found = gitlab.get(_path(str(project.identity), "ci", "lint"), doing)
    except ForbiddenError as error:
        raise error.with_remedy(_REMEDY) from None
    except NotFoundError as error:
        if _EMPTY in error.reason:
            return MergedPipeline("", missing="its repository is empty")
        raise
    merged, faults = found.get("merged_yaml"), found.get("errors")
    if not isinstance(faults, list) or not isinstance(merged, str | None):
        raise unexpected_answer(doing, "the response is not the CI lint API's", gitlab.url)
    texts = tuple(one_line(str(fault)) for fault in faults)
    if any(text.startswith(_NO_FILE) for text in texts):
        return MergedPipeline("", missing="it has no pipeline")
    if merged is None and not texts:
        remedy = "Check that GitLab is 13.10 or later."
        raise UnexpectedAnswerError(doing, "the response has no merged YAML", remedy, system=SYSTEM)
    return MergedPipeline(merged or "", texts)


def repository_file(gitlab: GitLab, project: str, path: str, ref: str) -> str:
    """Return a file of a project, given by its id or full path, at a ref."""
    doing = f"read {path} of project '{project}'"
    try:
        content = gitlab.get(_path(project, "repository", "files", path), doing, ref=ref)["content"]
        return base64.b64decode(str(content), validate=True).decode("utf-8")
    except (ForbiddenError, NotFoundError) as error:
        raise error.with_remedy(_REMEDY) from None
    except (KeyError, binascii.Error, UnicodeDecodeError):
        remedy = "Check that it is a text file."
        raise UnexpectedAnswerError(doing, "the response has no text", remedy, system=SYSTEM) from None


def _lowest(levels: Any) -> int:
    """Return the lowest role that may; a user or group that is named counts as a developer."""
    found = [
        int(each.get("access_level") or _NAMED) for each in levels or () if each.get("access_level") != NO_ONE
    ]
    return min(found, default=NO_ONE)


def _path(project: str, *names: str) -> str:
    return "/".join(["/projects", *(quote(name, safe="") for name in (project, *names))])
