"""One issue of a project, or one note on a merge request, found by its hidden marker.

Owns finding it among what its own user wrote, and writing it: everybody may write one with the marker, and its author could
change it afterwards. Its content is the caller's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ciaccess.clients.errors import ForbiddenError, UnauthorizedError
from ciaccess.clients.gitlab.errors import LISTED, ONCE
from ciaccess.clients.gitlab.variables import GitLab

MOST_CHARACTERS = 1_000_000
_REMEDY = (
    "Set GITLAB_NOTES_TOKEN or GITLAB_TOKEN to a project access token with scope api and role Reporter; "
    "CI_JOB_TOKEN may not write notes."
)


@dataclass(frozen=True)
class Issue:
    """An issue as it is now; `number` is the one of its URL."""

    number: int
    title: str
    description: str
    is_open: bool
    url: str


class Issues:
    """The issues of one project, given by its id or full path."""

    def __init__(self, gitlab: GitLab, project: str) -> None:
        self._gitlab = gitlab
        self._project = project
        self._manager: Any = gitlab.api().projects.get(project, lazy=True).issues

    def find(self, marker: str) -> Issue | None:
        """Return the token's own issue with the marker, the oldest if there are several."""
        me = self._gitlab.user()
        with self._errors("find", marker):
            # GitLab's search looks for words, so that what it finds is compared once more.
            listed = self._manager.list(search=marker, **{"in": "description"}, **LISTED)
            found = [_issue(item) for item in listed if item.author["id"] == me["id"]]
        marked = [issue for issue in found if marker in issue.description]
        return min(marked, key=lambda issue: issue.number, default=None)

    def create(self, title: str, description: str) -> Issue:
        """Open an issue."""
        with self._errors("create", title, "POST"):
            return _issue(self._manager.create({"title": title, "description": description}, **ONCE))

    def write(self, issue: Issue, title: str, description: str, *, is_open: bool) -> None:
        """Change title, description and state of an issue; send only differences."""
        texts = {"title": title, "description": description}
        changes = {name: text for name, text in texts.items() if text != getattr(issue, name)}
        if is_open != issue.is_open:
            changes["state_event"] = "reopen" if is_open else "close"
        if changes:
            with self._errors("update", f"#{issue.number}", "PUT"):
                self._manager.update(issue.number, changes, **ONCE)

    def comment(self, issue: Issue, text: str) -> None:
        """Add a comment; GitLab notifies the issue's watchers."""
        with self._errors("comment on", f"#{issue.number}", "POST"):
            self._manager.get(issue.number, lazy=True).notes.create({"body": text}, **ONCE)

    def _errors(self, verb: str, identity: str, method: str = "GET") -> Any:
        return self._gitlab.errors(f"{verb} issue '{identity}' of project '{self._project}'", method)


def _issue(item: Any) -> Issue:
    return Issue(
        number=int(item.iid),
        title=str(item.title),
        description=str(item.description or ""),
        is_open=item.state == "opened",
        url=str(item.web_url),
    )


@dataclass(frozen=True)
class Note:
    """A note as it is now."""

    identity: int
    body: str


class MergeRequestNotes:
    """The notes of one merge request of a project, which is given by its id or full path.

    A token that may not write notes, such as CI_JOB_TOKEN, is an error that names the right one.
    """

    def __init__(self, gitlab: GitLab, project: str, merge_request: int) -> None:
        self._gitlab = gitlab
        self._about = f"merge request '!{merge_request}' of project '{project}'"
        project_ = gitlab.api().projects.get(project, lazy=True)
        self._manager: Any = project_.mergerequests.get(merge_request, lazy=True).notes

    def find(self, marker: str) -> Note | None:
        """Return the token's own note that begins with the marker; of several, the oldest."""
        with self._errors(f"find the note on {self._about}"):
            me = self._gitlab.user(f"find the note on {self._about}")
            listed = self._manager.list(
                iterator=True, sort="asc", order_by="created_at", per_page=100, **ONCE
            )
            for item in listed:
                if item.author["id"] == me["id"] and str(item.body).startswith(marker):
                    return Note(int(item.id), str(item.body))
        return None

    def create(self, text: str) -> None:
        """Add a note; GitLab notifies the merge request's watchers."""
        with self._errors(f"add a note to {self._about}", "POST"):
            self._manager.create({"body": text}, **ONCE)

    def replace(self, note: Note, text: str) -> None:
        """Replace a note's text; GitLab sends no notification."""
        with self._errors(f"edit the note on {self._about}", "PUT"):
            self._manager.update(note.identity, {"body": text}, **ONCE)

    @contextmanager
    def _errors(self, doing: str, method: str = "GET") -> Iterator[None]:
        """Convert the exceptions of a call, and name the token that it takes where this one is refused."""
        try:
            with self._gitlab.errors(doing, method):
                yield
        except (UnauthorizedError, ForbiddenError) as error:
            raise error.with_remedy(_REMEDY) from None
