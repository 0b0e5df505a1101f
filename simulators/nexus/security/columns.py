"""The widths of the database's columns: what is too long is refused by the database, so with a 500."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.nexus.answers import server_error

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHOWN = 80


def check_widths(table: str, columns: Iterable[tuple[str, str, int]]) -> None:
    """Pass if every value fits its column; `columns` are name, value and width in characters.

    Raises:
        AnswerError: 500, one does not.
    """
    for name, value, width in columns:
        if len(value) > width:
            cause = (
                "org.sonatype.nexus.datastore.api.DataAccessException: \n### Error updating database.  Cause: "
                f'org.h2.jdbc.JdbcSQLDataException: Value too long for column "{name} CHARACTER VARYING({width})": '
                f'"\'{value[:_SHOWN]}... ({len(value)})"; SQL statement:\nINSERT INTO {table}'
            )
            raise server_error(cause)
