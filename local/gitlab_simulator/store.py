"""The simulator's state: one SQLite file under the data folder.

A write is one small transaction, so it costs the same however much is stored, and what was answered survives
a killed process (write-ahead log). Credentials are stored as digests, never as themselves.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Row = dict[str, Any]

# Paths are unique whatever their case, as in GitLab; a variable's key is not case-folded.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY AUTOINCREMENT, username TEXT NOT NULL UNIQUE COLLATE NOCASE, name TEXT NOT NULL,
    email TEXT NOT NULL, admin INTEGER NOT NULL, bot INTEGER NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT, parent_id INTEGER REFERENCES groups(id) ON DELETE CASCADE,
    path TEXT NOT NULL, name TEXT NOT NULL, full_path TEXT NOT NULL UNIQUE COLLATE NOCASE,
    description TEXT NOT NULL, visibility TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS projects (
    id INTEGER PRIMARY KEY AUTOINCREMENT, group_id INTEGER NOT NULL REFERENCES groups(id) ON DELETE CASCADE,
    path TEXT NOT NULL, name TEXT NOT NULL, full_path TEXT NOT NULL UNIQUE COLLATE NOCASE,
    description TEXT, visibility TEXT NOT NULL, default_branch TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS protected_refs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, project_id INTEGER NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    kind TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (project_id, kind, name));
CREATE TABLE IF NOT EXISTS members (
    user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    group_id INTEGER REFERENCES groups(id) ON DELETE CASCADE,
    project_id INTEGER REFERENCES projects(id) ON DELETE CASCADE,
    access_level INTEGER NOT NULL, UNIQUE (user_id, group_id), UNIQUE (user_id, project_id));
CREATE TABLE IF NOT EXISTS tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT, digest TEXT NOT NULL UNIQUE, name TEXT NOT NULL, kind TEXT NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE, scopes TEXT NOT NULL,
    project_id INTEGER REFERENCES projects(id) ON DELETE CASCADE, access_level INTEGER,
    expires_at TEXT, revoked INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS variables (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    group_id INTEGER REFERENCES groups(id) ON DELETE CASCADE,
    project_id INTEGER REFERENCES projects(id) ON DELETE CASCADE,
    key TEXT NOT NULL, environment_scope TEXT NOT NULL, value TEXT NOT NULL, variable_type TEXT NOT NULL,
    protected INTEGER NOT NULL, masked INTEGER NOT NULL, hidden INTEGER NOT NULL, raw INTEGER NOT NULL,
    description TEXT,
    UNIQUE (group_id, key, environment_scope), UNIQUE (project_id, key, environment_scope));
CREATE TABLE IF NOT EXISTS issuables (
    id INTEGER PRIMARY KEY AUTOINCREMENT, project_id INTEGER NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    kind TEXT NOT NULL, iid INTEGER NOT NULL, author_id INTEGER NOT NULL, title TEXT NOT NULL, description TEXT,
    state TEXT NOT NULL, labels TEXT NOT NULL, source_branch TEXT, target_branch TEXT,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, closed_at TEXT, UNIQUE (project_id, kind, iid));
CREATE TABLE IF NOT EXISTS notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    issuable_id INTEGER NOT NULL REFERENCES issuables(id) ON DELETE CASCADE,
    author_id INTEGER NOT NULL, body TEXT NOT NULL, internal INTEGER NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS notes_of ON notes (issuable_id);
"""


class Store:
    """The tables, asked in SQL; rows come back as dictionaries."""

    def __init__(self, data: Path) -> None:
        self._connection = sqlite3.connect(data / "gitlab.sqlite3", isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute(
            "PRAGMA synchronous = OFF"
        )  # outlives the process; a power cut is not simulated
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.executescript(_SCHEMA)

    def all(self, sql: str, *values: object) -> list[Row]:
        """Return every row that a query finds."""
        return [dict(row) for row in self._connection.execute(sql, values)]

    def one(self, sql: str, *values: object) -> Row | None:
        """Return the first row that a query finds, or None."""
        row = self._connection.execute(sql, values).fetchone()
        return None if row is None else dict(row)

    def row(self, sql: str, *values: object) -> Row:
        """Return the first row of a query that must find one.

        Raises:
            LookupError: it found none, which is a fault of the simulator.
        """
        found = self.one(sql, *values)
        if found is None:
            raise LookupError(sql)
        return found

    def write(self, sql: str, *values: object) -> int:
        """Execute a statement; return the id of an inserted row.

        Raises:
            sqlite3.IntegrityError: a row like that is there already.
        """
        return self._connection.execute(sql, values).lastrowid or 0

    def next(self, counter: str) -> int:
        """Count a named counter up by one and return it; the first number is 1."""
        return int(
            self.row(
                "INSERT INTO counters VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
                counter,
            )["value"]
        )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep what is written in the block if it ends well, and nothing of it otherwise."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


def now() -> str:
    """Return this moment as GitLab writes it, in milliseconds of UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
