"""The files of projects in GitLab, for child pipelines; failures are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ciaccess.clients.could_not_look import CouldNotLook
from ciaccess.clients.errors import ApiError
from ciaccess.clients.gitlab.project import repository_file
from ciaccess.consumers.lint.including import File

if TYPE_CHECKING:
    from ciaccess.clients.gitlab.variables import GitLab
    from ciaccess.consumers.lint.including import Files

_DEFAULT_BRANCH = "HEAD"


@dataclass
class ProjectFiles:
    """The files of a project, at its default branch or at `ref`.

    `subject` is the project under check. `failures` and `texts` are those of all projects that one check reads.
    """

    gitlab: GitLab
    subject: str
    project: str
    ref: str = _DEFAULT_BRANCH
    failures: list[CouldNotLook] = field(default_factory=list)
    texts: dict[tuple[str, str, str], str | None] = field(default_factory=dict)

    def files_for(self, pattern: str) -> Sequence[File]:
        """Return the file that `include: local:` names; patterns are not read."""
        path = pattern.lstrip("/")
        if "*" in path or not path:
            return []
        name = path if self.project == self.subject else f"{path} of {self.project}"
        return [File(name, lambda: self._text(path))]

    def of_project(self, project: str, ref: str) -> Files | None:
        """Return another project's files; what the token does not see fails when it is read."""
        at = ref or _DEFAULT_BRANCH
        return ProjectFiles(self.gitlab, self.subject, project, at, self.failures, self.texts)

    def _text(self, path: str) -> str | None:
        place = self.project, self.ref, path
        if place not in self.texts:
            self.texts[place] = self._read(path)
        return self.texts[place]

    def _read(self, path: str) -> str | None:
        try:
            return repository_file(self.gitlab, self.project, path, self.ref)
        except ApiError as error:
            subject = f"{self.subject}, child pipeline {path}"
            if self.project != self.subject:
                subject += f" of {self.project}"
            self.failures.append(CouldNotLook(error.system, subject, error.reason, error.remedy))
            return None
