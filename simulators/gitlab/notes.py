"""Notes on merge requests and issues: list, get, create, edit, delete.

A note may be edited and deleted by who wrote it and by maintainers; editing it keeps its id and place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulators.gitlab import users
from simulators.gitlab.answers import NO_CONTENT, Answer, bad_request, forbidden, not_found
from simulators.gitlab.namespaces import MAINTAINER, role_in_project
from simulators.gitlab.pages import paginate
from simulators.gitlab.store import now

if TYPE_CHECKING:
    from simulators.gitlab.call import Call
    from simulators.gitlab.issuables import Kind
    from simulators.gitlab.store import Row

_MOST_CHARACTERS = 1_000_000


@dataclass(frozen=True)
class Notes:
    """The notes on one kind of thing; who may read that may also read and write notes on it."""

    kind: Kind

    def list_all(self, call: Call) -> Answer:
        """Answer a page of the notes, the newest first unless `sort=asc`."""
        on = self.kind.find(call)
        rows = call.store.all("SELECT * FROM notes WHERE issuable_id = ? ORDER BY id DESC", on["id"])
        if call.parameters.choice("sort", ("asc", "desc"), "desc") == "asc":
            rows.reverse()
        return paginate(call, rows, lambda row: self._present(call, on, row))

    def get(self, call: Call) -> Answer:
        """Answer one note."""
        on = self.kind.find(call)
        return Answer(200, self._present(call, on, self._find(call, on)))

    def create(self, call: Call) -> Answer:
        """Add a note."""
        on = self.kind.find(call)
        moment = now()
        identity = call.store.write(
            "INSERT INTO notes (issuable_id, author_id, body, internal, created_at, updated_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            on["id"],
            call.signed_in().user["id"],
            _body(call),
            call.parameters.flag("internal"),
            moment,
            moment,
        )
        row = call.store.row("SELECT * FROM notes WHERE id = ?", identity)
        return Answer(201, self._present(call, on, row))

    def update(self, call: Call) -> Answer:
        """Change a note's text."""
        on = self.kind.find(call)
        row = self._find_own(call, on)
        changed = row | {"body": _body(call), "updated_at": now()}
        call.store.write(
            "UPDATE notes SET body = ?, updated_at = ? WHERE id = ?",
            changed["body"],
            changed["updated_at"],
            row["id"],
        )
        return Answer(200, self._present(call, on, changed))

    def delete(self, call: Call) -> Answer:
        """Delete a note."""
        row = self._find_own(call, self.kind.find(call))
        call.store.write("DELETE FROM notes WHERE id = ?", row["id"])
        return NO_CONTENT

    def _find(self, call: Call, on: Row) -> Row:
        row = call.store.one(
            "SELECT * FROM notes WHERE issuable_id = ? AND id = ?", on["id"], call.named("note_id")
        )
        if row is None:
            raise not_found("Note")
        return row

    def _find_own(self, call: Call, on: Row) -> Row:
        row = self._find(call, on)
        is_author = row["author_id"] == call.signed_in().user["id"]
        if not is_author and role_in_project(call, self.kind.project(call)) < MAINTAINER:
            raise forbidden()
        return row

    def _present(self, call: Call, on: Row, row: Row) -> dict[str, Any]:
        return {
            "id": row["id"],
            "type": None,
            "body": row["body"],
            "author": users.present(call, users.by_id(call.store, row["author_id"])),
            "created_at": row["created_at"],
            "updated_at": row["updated_at"],
            "system": False,
            "noteable_id": on["id"],
            "noteable_type": self.kind.type,
            "noteable_iid": on["iid"],
            "project_id": on["project_id"],
            "resolvable": False,
            "confidential": bool(row["internal"]),
            "internal": bool(row["internal"]),
        }


def _body(call: Call) -> str:
    call.parameters.require("body")
    body = call.parameters.text("body")
    fault = ""
    if not body.strip():
        fault = "can't be blank"
    if len(body) > _MOST_CHARACTERS:
        fault = f"is too long (maximum is {_MOST_CHARACTERS} characters)"
    if fault:
        raise bad_request(f'400 Bad request - Note {{:note=>["{fault}"]}}')
    return body
