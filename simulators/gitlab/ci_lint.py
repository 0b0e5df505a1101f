"""`GET /projects/:id/ci/lint`: the configuration of the default branch, merged and checked as far as ci_yaml knows.

`GET /projects/:id/repository/files/:path`: one of its files. All refs have the same files.

A project without commits is 404, one without the file an invalid answer, as in GitLab's own source.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from simulators.gitlab.answers import Answer, RefusalError, not_found
from simulators.gitlab.ci_yaml import InvalidPipelineError, faults, merge
from simulators.gitlab.namespaces import REPORTER, find_project, project_for
from simulators.gitlab.projects import settings

if TYPE_CHECKING:
    from simulators.gitlab.call import Call

_USUAL_PATH = ".gitlab-ci.yml"
_NO_CONTENT = "Please provide content of .gitlab-ci.yml"


class _Files:
    """The files of the projects that the caller sees."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def has(self, project: str) -> bool:
        try:
            find_project(self._call, project)
        except RefusalError:
            return False
        return True

    def paths(self, project: str) -> list[str]:
        rows = self._call.store.all(
            "SELECT files.path FROM files JOIN projects ON projects.id = project_id WHERE full_path = ?",
            project,
        )
        return [row["path"] for row in rows]

    def file(self, project: str, path: str) -> str | None:
        row = self._call.store.one(
            "SELECT text FROM files JOIN projects ON projects.id = project_id"
            " WHERE full_path = ? AND files.path = ?",
            project,
            path,
        )
        return None if row is None or not self.has(project) else str(row["text"])


def lint(call: Call) -> Answer:
    """Answer the merged configuration with its errors."""
    project = project_for(call, REPORTER)
    path = project["full_path"]
    files = _Files(call)
    if not files.paths(path):
        raise not_found("Repository")
    text = files.file(path, settings(call.store, project["id"])["ci_config_path"] or _USUAL_PATH)
    if text is None:
        return _answer([_NO_CONTENT], None, [])
    try:
        merged = merge(text, path, files)
    except InvalidPipelineError as error:
        return _answer([str(error)], None, [])
    includes = [
        {
            "type": kind,
            "location": location,
            "blob": call.url(f"{owner}/-/blob/HEAD/{location}"),
            "raw": call.url(f"{owner}/-/raw/HEAD/{location}"),
            "extra": {"project": owner} if kind == "file" else {},
            "context_project": path,
            "context_sha": "0" * 40,
        }
        for kind, location, owner in merged.includes
    ]
    return _answer(faults(merged.config), merged.as_yaml(), includes)


def repository_file(call: Call) -> Answer:
    """Answer a file's content, as base64."""
    project = project_for(call, REPORTER)
    path = call.named("path")
    text = _Files(call).file(project["full_path"], path)
    if text is None:
        raise not_found("File")
    content = base64.b64encode(text.encode()).decode("ascii")
    name = path.rpartition("/")[2]
    return Answer(200, {"file_name": name, "file_path": path, "encoding": "base64", "content": content})


def _answer(errors: list[str], merged: str | None, includes: list[dict[str, Any]]) -> Answer:
    body = {
        "valid": not errors,
        "errors": errors,
        "warnings": [],
        "merged_yaml": merged,
        "includes": includes,
    }
    return Answer(200, body)
