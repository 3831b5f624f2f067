"""What a session is held to when it writes: columns that are preset, and conditions that new rows have to meet.

The dialect's SQL. It says what a mutation's text has to hold beside what was asked; rules come with the session.
"""

from __future__ import annotations

from deeplinks.dialect.session import Rules
from deeplinks.dialect.sql.conditions import holds
from deeplinks.dialect.sql.sources import function
from deeplinks.dialect.sql.writer import Writer, literal, quoted
from deeplinks.dialect.statements import ALWAYS, Condition, OnConflict, Rule
from deeplinks.tables import TABLES, Table

SAID = "a row is not such as this role may write it"
SPACE = "_deep"


def rules_of(writer: Writer, table: Table) -> Rules:
    """The rules for the table's rows."""
    return writer.session.rights.of(table)


def check_inserted(writer: Writer, table: Table, target: str, conflict: OnConflict | None) -> tuple[str, ...]:
    """For `RETURNING`: a row that was inserted is held to one condition, one that was overwritten to another."""
    rules = rules_of(writer, table)
    inserted = _holds(writer, target, rules.inserted)
    if conflict is None or not conflict.columns:
        return _or_refused(inserted)
    updated = _holds(writer, target, rules.updated)
    if inserted == updated == "true":
        return ()
    return _or_refused(f"CASE WHEN {target}.xmax = 0 THEN {inserted} ELSE {updated} END")


def check_updated(writer: Writer, table: Table, target: str) -> tuple[str, ...]:
    """For `RETURNING`: the row as it is now is held to its condition."""
    return _or_refused(_holds(writer, target, rules_of(writer, table).updated))


def _holds(writer: Writer, target: str, condition: Condition) -> str:
    return "true" if condition == ALWAYS else holds(writer, target, Rule(condition))


def _or_refused(condition: str) -> tuple[str, ...]:
    # What is unknown is not true. The statement fails, and with it the whole transaction.
    if condition == "true":
        return ()
    return (f"CASE WHEN {condition} THEN 1 ELSE {function('refuse_row')}({literal(SAID)}) END AS {quoted('#held')}",)


def same_space(table: Table, target: str) -> str:
    """Of a row that is there and one that is given: they lie in one space. An id says nothing of whose it is."""
    if SPACE not in TABLES[table.name].by_name:
        return "true"
    return f"({target}.{quoted(SPACE)} = excluded.{quoted(SPACE)})"
