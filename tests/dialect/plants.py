"""A fixed small graph, planted in PostgreSQL without triggers, and the same rows as dicts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

import psycopg
from psycopg import sql

from deeplinks.dialect.interpret import Tables
from deeplinks.dialect.interpret.spelling import stored
from deeplinks.dialect.payload import encoded
from deeplinks.tables import SCHEMA, TABLES

Rows: TypeAlias = "Mapping[str, list[dict[str, Any]]]"
SPACE = "90000000-0000-4000-8000-000000000000"
PLANTED = ("spaces", "links", "strings", "numbers", "functions", "objects")
LONG_AGO = datetime(2020, 1, 1, 12, 30, tzinfo=UTC).isoformat()


def complete(rows: Rows) -> Rows:
    """The rows with all their columns: what is left out is in the space above, of long ago, or null."""
    given = {"created_at": LONG_AGO, "updated_at": LONG_AGO, "at": LONG_AGO, "_deep": SPACE}
    return {
        name: [{column: given.get(column) for column in TABLES[name].by_name} | row for row in listed]
        for name, listed in rows.items()
    }


def as_dicts(rows: Rows) -> Tables:
    """The rows for the interpreter."""
    return Tables(
        {
            name: [
                {column: stored(TABLES[name].by_name[column], value) for column, value in row.items()} for row in listed
            ]
            for name, listed in complete(rows).items()
        }
    )


class Planter:
    """Plants rows in a database, again and again; the triggers there are asleep until it is thrown away."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection
        connection.execute("set time zone 'UTC'")
        connection.execute("set synchronous_commit = off")
        for name in PLANTED:
            _execute(connection, "alter table {} disable trigger user", name)

    def plant(self, rows: Rows) -> None:
        """Have these rows, and no others."""
        with self.connection.transaction():
            replant(self.connection, rows)


def plant(connection: psycopg.Connection[Any], rows: Rows) -> None:
    """Have these rows in these tables, and no others, with the triggers awake again after."""
    with connection.transaction():
        for name in PLANTED:
            _execute(connection, "alter table {} disable trigger user", name)
        replant(connection, rows)
        for name in PLANTED:
            _execute(connection, "alter table {} enable trigger user", name)


def replant(connection: psycopg.Connection[Any], rows: Rows) -> None:
    """Put these rows in the place of all there are."""
    for name in ("links", "spaces"):
        # Data goes with its link.
        _execute(connection, "delete from {}", name)
    for name, listed in complete(rows).items():
        if listed:
            add = "insert into {0} select * from json_populate_recordset(null::{0}, %s)"
            _execute(connection, add, name, encoded(listed, "$").decode())


def _execute(connection: psycopg.Connection[Any], text: str, name: str, *parameters: str) -> None:
    table = sql.Identifier(SCHEMA, name)
    connection.execute(sql.SQL(text).format(table), parameters or None)  # type: ignore[arg-type]
