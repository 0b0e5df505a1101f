"""A simulator's state: one SQLite file under the data folder, asked in SQL.

A write is one small transaction, so it costs the same however much is stored, and what was answered survives
a killed process (write-ahead log).
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Row = dict[str, Any]


class Database:
    """The tables of a schema; rows come back as dictionaries."""

    def __init__(self, path: Path, schema: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute(
            "PRAGMA synchronous = OFF"
        )  # outlives the process; a power cut is not simulated
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.executescript(schema)

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

    def copy_to(self, path: Path) -> None:
        """Write all that is stored now to a file of its own."""
        with closing(sqlite3.connect(path)) as copy:
            self._connection.backup(copy)

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
