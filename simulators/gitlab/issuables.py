"""Merge requests and issues of projects: list, get, create, update, close; of both, what a bot's report needs.

There is no repository behind them: branches are taken as they are named, and there are no diffs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulators.gitlab import users
from simulators.gitlab.answers import (
    NO_CONTENT,
    Answer,
    RefusalError,
    bad_parameter,
    forbidden,
    invalid,
    not_found,
)
from simulators.gitlab.namespaces import DEVELOPER, GUEST, OWNER, REPORTER, find_project, role_in_project
from simulators.gitlab.pages import paginate
from simulators.gitlab.store import now

if TYPE_CHECKING:
    from simulators.gitlab.call import Call
    from simulators.gitlab.store import Row

_STATES = ("opened", "closed", "merged", "all")
_EVENTS = {"close": "closed", "reopen": "opened"}
_MOST_TITLE_CHARACTERS = 255


@dataclass(frozen=True)
class Kind:
    """What tells merge requests from issues: names, and the least role to read, create and edit others' ones."""

    table: str
    path: str
    type: str
    mark: str
    reader: int
    creator: int
    editor: int

    def list_all(self, call: Call) -> Answer:
        """Answer a page, the newest first, filtered by state, labels, search, iids and branches."""
        project = self.project(call)
        rows = call.store.all(
            "SELECT * FROM issuables WHERE project_id = ? AND kind = ? ORDER BY id DESC",
            project["id"],
            self.table,
        )
        if call.parameters.choice("sort", ("asc", "desc"), "desc") == "asc":
            rows.reverse()
        return paginate(
            call, [row for row in rows if _matches(call, row)], lambda row: self.present(call, row)
        )

    def get(self, call: Call) -> Answer:
        """Answer one."""
        return Answer(200, self.present(call, self.find(call)))

    def create(self, call: Call) -> Answer:
        """Create one."""
        author = call.signed_in().user
        project = self.project(call)
        if role_in_project(call, project) < self.creator:
            raise forbidden()
        parameters = call.parameters
        is_request = self is MERGE_REQUEST
        parameters.require("title", *(("source_branch", "target_branch") if is_request else ()))
        if is_request:
            _refuse_second_request(call, project)
        moment = now()
        identity = call.store.write(
            "INSERT INTO issuables (project_id, kind, iid, author_id, title, description, state, labels,"
            " source_branch, target_branch, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, 'opened', ?, ?, ?, ?, ?)",
            project["id"],
            self.table,
            call.store.next(f"{self.table} of {project['id']}"),
            author["id"],
            _title(call),
            parameters.text("description") or None,
            json.dumps(sorted(set(parameters.words("labels")))),
            parameters.text("source_branch") or None,
            parameters.text("target_branch") or None,
            moment,
            moment,
        )
        return Answer(201, self.present(call, _by_id(call, identity)))

    def update(self, call: Call) -> Answer:
        """Change title, description and labels; close or reopen by `state_event`."""
        row = self.find(call)
        self.check_editor(call, row)
        parameters = call.parameters
        event = parameters.text("state_event")
        if event and event not in _EVENTS:
            raise bad_parameter("state_event does not have a valid value")
        state = _EVENTS.get(event, row["state"])
        closed_at = row["closed_at"] if state == row["state"] else (now() if state == "closed" else None)
        labels = set(parameters.words("labels") if "labels" in parameters else json.loads(row["labels"]))
        labels = (labels | set(parameters.words("add_labels"))) - set(parameters.words("remove_labels"))
        call.store.write(
            "UPDATE issuables SET title = ?, description = ?, labels = ?, state = ?, closed_at = ?, updated_at = ?"
            " WHERE id = ?",
            _title(call) if "title" in parameters else row["title"],
            parameters.text("description") if "description" in parameters else row["description"],
            json.dumps(sorted(labels)),
            state,
            closed_at,
            now(),
            row["id"],
        )
        return Answer(200, self.present(call, _by_id(call, row["id"])))

    def delete(self, call: Call) -> Answer:
        """Delete one, with its notes; for owners."""
        row = self.find(call)
        if role_in_project(call, self.project(call)) < OWNER:
            raise forbidden()
        call.store.write("DELETE FROM issuables WHERE id = ?", row["id"])
        return NO_CONTENT

    def project(self, call: Call) -> Row:
        """Return the path's project, for those who may read this kind there.

        Raises:
            RefusalError: 401, 404 or 403.
        """
        call.signed_in()
        project = find_project(call, call.named("id"))
        if project["visibility"] == "private" and role_in_project(call, project) < self.reader:
            raise forbidden()
        return project

    def find(self, call: Call) -> Row:
        """Return the one that the path names.

        Raises:
            RefusalError: as `project`, or 404.
        """
        project = self.project(call)
        row = call.store.one(
            "SELECT * FROM issuables WHERE project_id = ? AND kind = ? AND iid = ?",
            project["id"],
            self.table,
            call.named("iid"),
        )
        if row is None:
            raise not_found("")
        return row

    def check_editor(self, call: Call, row: Row) -> None:
        """Refuse the caller unless they wrote it or may edit what others wrote."""
        role = role_in_project(call, self.project(call))
        if row["author_id"] != call.signed_in().user["id"] and role < self.editor:
            raise forbidden()

    def present(self, call: Call, row: Row) -> dict[str, Any]:
        """Return one as the API shows it."""
        project = call.store.row("SELECT * FROM projects WHERE id = ?", row["project_id"])
        reference = f"{self.mark}{row['iid']}"
        shown = {
            name: row[name]
            for name in (
                "id",
                "iid",
                "project_id",
                "title",
                "description",
                "state",
                "created_at",
                "updated_at",
                "closed_at",
            )
        }
        shown |= {
            "labels": json.loads(row["labels"]),
            "author": users.present(call, users.by_id(call.store, row["author_id"])),
            "user_notes_count": call.store.row(
                "SELECT count(*) AS notes FROM notes WHERE issuable_id = ?", row["id"]
            )["notes"],
            "web_url": call.url(f"{project['full_path']}/-/{self.path}/{row['iid']}"),
            "references": {"short": reference, "full": f"{project['full_path']}{reference}"},
        }
        if self is MERGE_REQUEST:
            shown |= {"source_branch": row["source_branch"], "target_branch": row["target_branch"]}
        return shown


ISSUE = Kind("issue", "issues", "Issue", "#", GUEST, GUEST, REPORTER)
MERGE_REQUEST = Kind(
    "merge_request",
    "merge_requests",
    "MergeRequest",
    "!",
    reader=REPORTER,
    creator=DEVELOPER,
    editor=DEVELOPER,
)


def _matches(call: Call, row: Row) -> bool:
    parameters = call.parameters
    state = parameters.choice("state", _STATES, "all")
    wanted, labels = parameters.words("labels"), json.loads(row["labels"])
    search = parameters.text("search").lower()
    branches = ("source_branch", "target_branch")
    return (
        state in ("all", row["state"])
        and _has_labels(wanted, labels)
        and search in f"{row['title']}\n{row['description'] or ''}".lower()
        and (not parameters.words("iids") or str(row["iid"]) in parameters.words("iids"))
        and all(parameters.text(name) in ("", row[name]) for name in branches)
    )


def _has_labels(wanted: list[str], labels: list[str]) -> bool:
    if [word.lower() for word in wanted] in (["none"], ["any"]):
        return bool(labels) == (wanted[0].lower() == "any")
    return set(wanted) <= set(labels)


def _title(call: Call) -> str:
    title = call.parameters.text("title").strip()
    if not title:
        raise invalid(title=["can't be blank"])
    if len(title) > _MOST_TITLE_CHARACTERS:
        raise invalid(title=[f"is too long (maximum is {_MOST_TITLE_CHARACTERS} characters)"])
    return title


def _refuse_second_request(call: Call, project: Row) -> None:
    other = call.store.one(
        "SELECT iid FROM issuables WHERE project_id = ? AND kind = 'merge_request' AND state = 'opened'"
        " AND source_branch = ? AND target_branch = ?",
        project["id"],
        call.parameters.text("source_branch"),
        call.parameters.text("target_branch"),
    )
    if other:
        text = f"Another open merge request already exists for this source branch: !{other['iid']}"
        raise RefusalError(409, {"message": [text]})


def _by_id(call: Call, identity: int) -> Row:
    return call.store.row("SELECT * FROM issuables WHERE id = ?", identity)
