"""Order as SQL: keys of the row itself, or of the one row at the end of object relations.

The dialect's SQL. It sorts rows that have an alias already.
"""

from __future__ import annotations

from deeplinks.dialect.sql.conditions import holds, meets, where
from deeplinks.dialect.sql.sources import source
from deeplinks.dialect.sql.writer import Writer, quoted, words
from deeplinks.dialect.statements import OrderBy
from deeplinks.tables import TABLES, Column, Relation


def order_by(writer: Writer, alias: str, keys: tuple[OrderBy, ...]) -> str:
    """`ORDER BY …`, or nothing."""
    return f"ORDER BY {', '.join(_key(writer, alias, key) for key in keys)}" if keys else ""


def _key(writer: Writer, alias: str, key: OrderBy) -> str:
    direction = "DESC" if key.descending else "ASC"
    nulls = "FIRST" if key.nulls_first else "LAST"
    return f"{_reached(writer, alias, key.path, key.column)} {direction} NULLS {nulls}"


def _reached(writer: Writer, alias: str, path: tuple[Relation, ...], column: Column) -> str:
    if not path:
        return f"{alias}.{quoted(column.name)}"
    relation, *rest = path
    theirs = writer.alias()
    rows = source(writer, TABLES[relation.table])
    value = _reached(writer, theirs, tuple(rest), column)
    found = where(meets(theirs, alias, relation), holds(writer, theirs, rows.condition))
    return f"({words('SELECT', value, 'FROM', rows.name, theirs, found, 'LIMIT 1')})"
