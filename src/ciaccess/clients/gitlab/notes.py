"""One note on a merge request, maintained by a program and found by a hidden marker.

Owns finding it among what its own user wrote: everybody may write a note that begins with the marker, and its author
could change it afterwards. Notes are read in one list, the oldest first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ciaccess.clients.errors import ForbiddenError, UnauthorizedError
from ciaccess.clients.gitlab.errors import ONCE
from ciaccess.clients.gitlab.variables import GitLab

MOST_CHARACTERS = 1_000_000
_REMEDY = (
    "Set GITLAB_NOTES_TOKEN or GITLAB_TOKEN to a project access token with scope api and role Reporter; "
    "CI_JOB_TOKEN may not write notes."
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
