"""The simulator's state: documents by kind and id, in memory for reading, in `nexus.sqlite3` under the data folder.

Every write goes to the file before it is answered. What is read is never to be changed in place: a document is
replaced by `put`. Passwords are stored as salted digests, never as themselves.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from simulators.shared.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Document = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
    UNIQUE (kind, id));
"""


FILE = "nexus.sqlite3"


class Documents(dict[str, Document]):
    """The documents of one kind by id, in the order they were made."""

    def __init__(self, store: Store, kind: str) -> None:
        super().__init__()
        self._store = store
        self._kind = kind
        self.version = 0

    def put(self, id_: str, document: Document) -> None:
        """Keep a document, in place of one of that id."""
        self._store.write(
            "INSERT INTO documents (kind, id, body) VALUES (?, ?, ?)"
            " ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
            self._kind,
            id_,
            json.dumps(document),
        )
        self[id_] = document
        self._changed()

    def remove(self, id_: str) -> None:
        """Delete a document that is there."""
        self._store.write("DELETE FROM documents WHERE kind = ? AND id = ?", self._kind, id_)
        del self[id_]
        self._changed()

    def load(self) -> None:
        """Take over what the file has."""
        rows = self._store.all("SELECT id, body FROM documents WHERE kind = ? ORDER BY sequence", self._kind)
        self.clear()
        self.update({row["id"]: json.loads(row["body"]) for row in rows})
        self._changed()

    def _changed(self) -> None:
        self.version += 1
        self._store.version += 1


class Store(Database):
    """All documents. `version`, here and of each kind, counts changes: what is derived is good until the next."""

    def __init__(self, data: Path) -> None:
        super().__init__(data / FILE, _SCHEMA)
        self.version = 0
        self.users = Documents(self, "users")
        self.roles = Documents(self, "roles")
        self.privileges = Documents(self, "privileges")
        self.selectors = Documents(self, "selectors")
        self.repositories = Documents(self, "repositories")
        self.settings = Documents(self, "settings")
        self._load()

    @property
    def is_new(self) -> bool:
        """Tell whether nothing was ever stored here."""
        return not self.settings

    def _load(self) -> None:
        for kind in (
            self.users,
            self.roles,
            self.privileges,
            self.selectors,
            self.repositories,
            self.settings,
        ):
            kind.load()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep what is written in the block if it ends well, and nothing of it otherwise, here and in the file."""
        before = self.version
        try:
            with super().transaction():
                yield
        except BaseException:
            if self.version != before:
                self._load()
            raise
