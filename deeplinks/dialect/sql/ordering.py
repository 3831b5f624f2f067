"""Order as SQL: keys of the row itself, of the one row at the end of object relations, or figures over related rows.

The dialect's SQL. It sorts rows that have an alias already.
"""

from __future__ import annotations

from collections.abc import Iterable

from deeplinks.dialect.sql.conditions import holds, meets, where
from deeplinks.dialect.sql.figures import figure
from deeplinks.dialect.sql.sources import source
from deeplinks.dialect.sql.writer import Writer, quoted, words
from deeplinks.dialect.statements import Order, OrderBy, OrderByFigure
from deeplinks.tables import TABLES, Column, Relation


def order_by(writer: Writer, alias: str, keys: Order) -> str:
    """`ORDER BY …`, or nothing."""
    return f"ORDER BY {', '.join(_key(writer, alias, key) for key in keys)}" if keys else ""


def distinct_on(alias: str, columns: Iterable[Column]) -> str:
    """`DISTINCT ON (…)`, or nothing."""
    names = ", ".join(f"{alias}.{quoted(column.name)}" for column in columns)
    return f"DISTINCT ON ({names})" if names else ""


def _key(writer: Writer, alias: str, key: OrderBy | OrderByFigure) -> str:
    direction = "DESC" if key.descending else "ASC"
    nulls = "FIRST" if key.nulls_first else "LAST"
    return f"{_reached(writer, alias, key.path, key)} {direction} NULLS {nulls}"


def _reached(writer: Writer, alias: str, path: tuple[Relation, ...], key: OrderBy | OrderByFigure) -> str:
    if path:
        return _at_the_end(writer, alias, path, key)
    if isinstance(key, OrderBy):
        return f"{alias}.{quoted(key.column.name)}"
    theirs = writer.alias()
    return f"({_related(writer, alias, theirs, key.relation, figure(theirs, key.figure))})"


def _at_the_end(writer: Writer, alias: str, path: tuple[Relation, ...], key: OrderBy | OrderByFigure) -> str:
    relation, *rest = path
    theirs = writer.alias()
    value = _reached(writer, theirs, tuple(rest), key)
    return f"({_related(writer, alias, theirs, relation, value)} LIMIT 1)"


def _related(writer: Writer, alias: str, theirs: str, relation: Relation, value: str) -> str:
    rows = source(writer, TABLES[relation.table])
    found = where(meets(theirs, alias, relation), holds(writer, theirs, rows.condition))
    return words("SELECT", value, "FROM", rows.name, theirs, found)
