"""One issue of a project, maintained by a program and found by a hidden marker.

Owns finding it among what its own user opened, in whatever state, and writing it: everybody may open an issue with the
marker, and its author could change it afterwards. Its content is the caller's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ciaccess.clients.gitlab.errors import LISTED, ONCE
from ciaccess.clients.gitlab.variables import GitLab


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
