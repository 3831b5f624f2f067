"""The log as a role sees it: an entry of a row that it may not see keeps its number, and loses id and images.

The dialect's SQL. An image is held to the same rule as a row of its table; columns that are not seen are taken out of it.
"""

from __future__ import annotations

from collections.abc import Iterable

from deeplinks.dialect.sql.conditions import holds
from deeplinks.dialect.sql.sources import ledger
from deeplinks.dialect.sql.writer import Writer, literal, quoted, words
from deeplinks.dialect.statements import Rule
from deeplinks.tables import CHANGES, LOGGED, Table

ENTRY, MASK = "c", "m"
BEFORE, AFTER = "before", "after"


def masked(writer: Writer, log: str) -> str:
    """The log in the place of a table."""
    own = {
        "id": f"CASE WHEN {MASK}.{BEFORE} OR {MASK}.{AFTER} THEN {ENTRY}.id END",
        BEFORE: _image(writer, BEFORE),
        AFTER: _image(writer, AFTER),
    }
    columns = ", ".join(
        f"{own.get(column.name, f'{ENTRY}.{quoted(column.name)}')} AS {quoted(column.name)}"
        for column in CHANGES.columns
    )
    visible = f"(SELECT {_visible(writer, BEFORE)} AS {BEFORE}, {_visible(writer, AFTER)} AS {AFTER})"
    return f"({words('SELECT', columns, 'FROM', log, ENTRY, 'CROSS JOIN LATERAL', visible, MASK)})"


def _visible(writer: Writer, image: str) -> str:
    rights = writer.session.rights
    tables = [table for table in LOGGED if table.name in rights.tables and "select" in rights.tables[table.name].verbs]
    return _by_table((table, _passes(writer, table, image)) for table in tables)


def _passes(writer: Writer, table: Table, image: str) -> str:
    alias = writer.alias()
    record = f"jsonb_populate_record(NULL::{ledger(table)}, {ENTRY}.{image}) {alias}"
    rule = holds(writer, alias, Rule(writer.session.rights.of(table).select))
    return f"({ENTRY}.{image} IS NOT NULL AND EXISTS (SELECT FROM {record} WHERE {rule}))"


def _by_table(parts: Iterable[tuple[Table, str]]) -> str:
    cases = " ".join(f"WHEN {literal(table.name)} THEN {text}" for table, text in parts)
    return f"CASE {ENTRY}.{quoted('table')} {cases} ELSE false END" if cases else "false"


def _image(writer: Writer, image: str) -> str:
    rights = writer.session.rights
    seen = [(table, rights.tables[table.name]) for table in LOGGED if table.name in rights.tables]
    cases = " ".join(
        f"WHEN {literal(table.name)} THEN {_names(column.name for column in table.columns if column.name not in own.by_name)}"
        for table, own in seen
    )
    hidden = f"CASE {ENTRY}.{quoted('table')} {cases} END" if cases else _names(())
    return f"CASE WHEN {MASK}.{image} THEN {ENTRY}.{image} - {hidden} END"


def _names(names: Iterable[str]) -> str:
    return f"ARRAY[{', '.join(map(literal, names))}]::text[]"
