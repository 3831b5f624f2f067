"""A fixed small graph, planted in PostgreSQL without triggers, and the same rows as dicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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


def plant(connection: psycopg.Connection[Any], rows: Rows) -> None:
    """Have these rows in these tables, and no others."""
    with connection.transaction():
        for name in ("spaces", "links", "strings", "numbers", "functions", "objects"):
            with _quiet(connection, sql.Identifier(SCHEMA, name)) as table:
                connection.execute(sql.SQL("delete from {}").format(table))
        for name, listed in complete(rows).items():
            with _quiet(connection, sql.Identifier(SCHEMA, name)) as table:
                add = sql.SQL("insert into {} select * from json_populate_recordset(null::{}, %s)").format(table, table)
                connection.execute(add, [encoded(listed, "$").decode()])


@contextmanager
def _quiet(connection: psycopg.Connection[Any], table: sql.Identifier) -> Iterator[sql.Identifier]:
    """The table with its triggers asleep."""
    connection.execute(sql.SQL("alter table {} disable trigger user").format(table))
    yield table
    connection.execute(sql.SQL("alter table {} enable trigger user").format(table))
