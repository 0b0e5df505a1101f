"""One read of GitLab's CI lint API a project, and the rules of `lint` on the merged YAML of each.

Owns which projects are checked, and what is known of the others: those that run no pipeline, and those that could not be
read. Child pipelines are read from the projects' files. Reads only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Self

from ciaccess.clients.connect import checked_gitlab
from ciaccess.clients.could_not_look import CouldNotLook, CouldNotLookError
from ciaccess.clients.errors import ApiError, one_line
from ciaccess.clients.gitlab.groups import group_named, project_named, projects_of, sees_all_projects
from ciaccess.clients.gitlab.project import merged_pipeline, repository_file
from ciaccess.consumers.lint import SourceError, check_merged
from ciaccess.consumers.lint.including import File
from ciaccess.consumers.lint.vocabulary import Vocabulary
from ciaccess.errors import Exit

if TYPE_CHECKING:
    from ciaccess.access import Access
    from ciaccess.clients.gitlab.groups import Place
    from ciaccess.clients.gitlab.project import MergedPipeline
    from ciaccess.clients.gitlab.variables import GitLab
    from ciaccess.consumers.lint import Checked
    from ciaccess.consumers.lint.including import Files

SYSTEM = "GitLab"
# GitLab merges each pipeline when it is asked; more at once would only load it.
_AT_ONCE = 8
_MOST_FAULTS = 3
_DEFAULT_BRANCH = "HEAD"
_BY_FILE = "Check its file: ./ciaccess lint-ci <file>."


@dataclass(frozen=True)
class AuditedProject:
    """A project whose pipeline and child pipelines were checked."""

    path: str
    checked: Checked


@dataclass(frozen=True)
class ProjectWithoutPipeline:
    """A project that runs no pipeline, and why."""

    path: str
    because: str


@dataclass(frozen=True)
class Audit:
    """The whole; `subject` is what was asked for."""

    subject: str
    projects: tuple[AuditedProject, ...]
    without_pipeline: tuple[ProjectWithoutPipeline, ...]
    could_not_look: tuple[CouldNotLook, ...]

    @property
    def code(self) -> Exit:
        """Return the exit code: what could not be read outweighs what was found."""
        if self.could_not_look:
            return Exit.COULD_NOT_LOOK
        return Exit.DIFFERENCES if any(each.checked.findings for each in self.projects) else Exit.CLEAN


_Result = AuditedProject | ProjectWithoutPipeline | CouldNotLook


class Auditor:
    """Lists the projects of groups and checks each."""

    def __init__(self, access: Access, gitlab: GitLab) -> None:
        self._words = Vocabulary(access)
        self._gitlab = gitlab

    @classmethod
    def connect(cls, access: Access, timeout_seconds: float) -> Self:
        """Return an auditor on access.yaml's GitLab, with GITLAB_TOKEN.

        Raises:
            CredentialsError, CouldNotLookError, ApiError: the token cannot read GitLab.
        """
        return cls(access, checked_gitlab(access, timeout_seconds))

    def projects(
        self, groups: Sequence[str], projects: Sequence[str]
    ) -> tuple[list[Place], list[CouldNotLook]]:
        """Return the projects to check, each once and by path, and what the lists may lack.

        Raises:
            ApiError: a group or project cannot be read.
        """
        found: dict[int, Place] = {}
        incomplete = []
        for name in groups:
            group = group_named(self._gitlab, name)
            if not sees_all_projects(self._gitlab, group):
                because = "the token's user is not a member with the role Reporter or higher, so that GitLab hides projects"
                remedy = "Use a group access token with the role Reporter and the scope read_api."
                incomplete.append(CouldNotLook(SYSTEM, f"all projects of {group.path}", because, remedy))
            found |= {each.identity: each for each in projects_of(self._gitlab, str(group.identity))}
        for name in projects:
            project = project_named(self._gitlab, name)
            found[project.identity] = project
        return sorted(found.values(), key=lambda each: each.path), incomplete

    def check_all(
        self, projects: Sequence[Place], advance: Callable[[], None] = lambda: None
    ) -> list[_Result]:
        """Check projects in parallel; `advance` is called after each."""
        pool = ThreadPoolExecutor(_AT_ONCE)

        def one(project: Place) -> list[_Result]:
            try:
                return self._check(project)
            finally:
                advance()

        try:
            return list(chain.from_iterable(pool.map(one, projects)))
        finally:
            pool.shutdown(cancel_futures=True)

    def _check(self, project: Place) -> list[_Result]:
        """Return what is known of a project, and what of its child pipelines could not be read."""
        if project.inactive:
            return [ProjectWithoutPipeline(project.path, project.inactive)]
        files = _ProjectFiles(self._gitlab, project.path, project.path)
        try:
            merged = self._merged_pipeline(project)
            if merged.missing:
                return [ProjectWithoutPipeline(project.path, merged.missing)]
            checked = check_merged(merged.yaml, self._words, project.path, files)
        except ApiError as error:
            return [CouldNotLook(error.system, project.path, error.reason, error.remedy)]
        except CouldNotLookError as error:
            return [CouldNotLook.of(error, SYSTEM, project.path)]
        except SourceError as error:
            return [CouldNotLook(SYSTEM, project.path, f"its merged YAML: {error}", _BY_FILE)]
        found = AuditedProject(project.path, checked)
        invalid = [CouldNotLook(SYSTEM, project.path, each, _BY_FILE) for each in checked.invalid_children]
        return [found, *files.failures, *invalid]

    def _merged_pipeline(self, project: Place) -> MergedPipeline:
        """Return a project's pipeline.

        Raises:
            ApiError, CouldNotLookError: GitLab does not merge it.
        """
        if "@" in project.config_path or "://" in project.config_path:
            because = (
                f"its pipeline is {one_line(project.config_path)}, which GitLab's CI lint API does not read"
            )
            raise CouldNotLookError(because, _BY_FILE)
        merged = merged_pipeline(self._gitlab, project)
        if merged.faults:
            because = f"GitLab refuses its pipeline: {'; '.join(merged.faults[:_MOST_FAULTS])}"
            raise CouldNotLookError(because, "Correct it: GitLab runs no pipeline until then.")
        return merged


def audit(subject: str, results: Sequence[_Result], incomplete: Sequence[CouldNotLook]) -> Audit:
    """Return what was found, by kind; that nothing could be checked is never clean."""
    unread = [*incomplete, *(each for each in results if isinstance(each, CouldNotLook))]
    if not results:
        because = "GitLab lists no project there"
        remedy = "Check the name, and that the token's user has the role Reporter in the group."
        unread.append(CouldNotLook(SYSTEM, subject, because, remedy))
    return Audit(
        subject,
        tuple(each for each in results if isinstance(each, AuditedProject)),
        tuple(each for each in results if isinstance(each, ProjectWithoutPipeline)),
        tuple(unread),
    )


@dataclass
class _ProjectFiles:
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
        return _ProjectFiles(self.gitlab, self.subject, project, at, self.failures, self.texts)

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
