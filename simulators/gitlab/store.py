"""The simulator's state: its tables, in `gitlab.sqlite3` under the data folder.

Credentials are stored as digests, never as themselves.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from simulators.shared.database import Database, Row

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Row", "Store", "now"]

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
CREATE TABLE IF NOT EXISTS project_settings (
    project_id INTEGER PRIMARY KEY REFERENCES projects(id) ON DELETE CASCADE, archived INTEGER NOT NULL,
    builds_access_level TEXT NOT NULL, repository_access_level TEXT NOT NULL, ci_config_path TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS archived_groups (
    group_id INTEGER PRIMARY KEY REFERENCES groups(id) ON DELETE CASCADE);
CREATE TABLE IF NOT EXISTS shared_projects (
    project_id INTEGER NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    group_id INTEGER NOT NULL REFERENCES groups(id) ON DELETE CASCADE, UNIQUE (project_id, group_id));
CREATE TABLE IF NOT EXISTS files (
    project_id INTEGER NOT NULL REFERENCES projects(id) ON DELETE CASCADE, path TEXT NOT NULL, text TEXT NOT NULL,
    UNIQUE (project_id, path));
CREATE TABLE IF NOT EXISTS protected_refs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, project_id INTEGER NOT NULL REFERENCES projects(id) ON DELETE CASCADE,
    kind TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (project_id, kind, name));
CREATE TABLE IF NOT EXISTS project_guards (
    project_id INTEGER PRIMARY KEY REFERENCES projects(id) ON DELETE CASCADE, value TEXT NOT NULL);
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


class Store(Database):
    """The tables, and counters with names."""

    def __init__(self, data: Path) -> None:
        super().__init__(data / "gitlab.sqlite3", _SCHEMA)

    def next(self, counter: str) -> int:
        """Count a named counter up by one and return it; the first number is 1."""
        return int(
            self.row(
                "INSERT INTO counters VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
                counter,
            )["value"]
        )


def now() -> str:
    """Return this moment as GitLab writes it, in milliseconds of UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
