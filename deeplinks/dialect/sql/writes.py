"""Inserts, updates and deletes as SQL: one statement that touches rows and answers, two where the answer follows relations.

The dialect's SQL. Rows arrive as one JSON parameter; values are never glued into text.
"""

from __future__ import annotations

from collections.abc import Iterable

from deeplinks.dialect.payload import Objects
from deeplinks.dialect.session import Session
from deeplinks.dialect.sql.answers import answered, follows, shown
from deeplinks.dialect.sql.checking import check_inserted, check_updated, rules_of, same_space
from deeplinks.dialect.sql.conditions import holds, where
from deeplinks.dialect.sql.parameters import put
from deeplinks.dialect.sql.sources import source, whole
from deeplinks.dialect.sql.writer import PREVIOUS, Parameter, Slot, Sql, Writer, literal, quoted, words
from deeplinks.dialect.statements import ALWAYS, Answer, Assign, Condition, Delete, Insert, OnConflict, Update
from deeplinks.dialect.values import Variables
from deeplinks.tables import Column, Table

TARGET = "t"
# What stands between the old value and the operand.
SYMBOLS = {"_inc": "+", "_append": "||", "_delete_key": "-", "_delete_elem": "-", "_delete_at_path": "#-"}


def insert(session: Session, statement: Insert, objects: Objects, rows: Slot) -> tuple[Sql, ...]:
    """The statements of an insert of rows of this shape; `rows` gives their JSON text."""
    writer, table = Writer(session), statement.table
    if not objects.rows:
        return chain(writer, table, statement.answer, nothing(writer, table, "insert"))
    text = inserted(writer, table, objects, statement.on_conflict, rows)
    held = check_inserted(writer, table, TARGET, statement.on_conflict)
    return chain(writer, table, statement.answer, words(text, returning(table, statement.answer, *held)))


def inserted(writer: Writer, table: Table, objects: Objects, conflict: OnConflict | None, rows: Slot) -> str:
    """`INSERT INTO …` up to what it returns."""
    return words(
        "INSERT INTO",
        source(writer, table, "insert").name,
        "AS",
        TARGET,
        _given(writer, objects, rows, rules_of(writer, table).insert_presets),
        _on_conflict(writer, table, conflict),
    )


def _given(writer: Writer, objects: Objects, rows: Slot, presets: tuple[Assign, ...]) -> str:
    """The columns, and the rows that the JSON text holds, in its order."""
    parameter = writer.put(rows, "json")
    preset = {assign.column: put(writer, assign.operand) for assign in presets}
    given = [column for column in objects.columns if column not in preset]
    if not given and not preset:
        return f"SELECT FROM json_array_elements({parameter})"
    defaulted = {column.name for column in given if column.name in objects.partial and column.default}
    values = ", ".join([*(_value(column, column.name in defaulted) for column in given), *preset.values()])
    head = words(f"({names([*given, *preset])})", "SELECT", values, "FROM")
    if not given:
        return words(head, f"json_array_elements({parameter})")
    record = f"g({defined(given)})"
    if not defaulted:
        return words(head, f"json_to_recordset({parameter}) AS {record}")
    # Only here has a missing column to be told from a null one, and that costs.
    elements = f"json_array_elements({parameter}) AS e(value), json_to_record(e.value) AS {record}"
    return words(head, elements)


def _value(column: Column, defaulted: bool) -> str:
    value = f"g.{quoted(column.name)}"
    missing = f"e.value -> {literal(column.name)} IS NULL"
    return f"CASE WHEN {missing} THEN {column.default} ELSE {value} END" if defaulted else value


def _on_conflict(writer: Writer, table: Table, conflict: OnConflict | None) -> str:
    if conflict is None:
        return ""
    head = f"ON CONFLICT ON CONSTRAINT {quoted(table.constraint)} DO"
    if not conflict.columns:
        return f"{head} NOTHING"
    preset = {assign.column: _assigned(writer, assign) for assign in rules_of(writer, table).update_presets}
    taken = [column for column in conflict.columns if column not in preset]
    changes = [f"{quoted(column.name)} = excluded.{quoted(column.name)}" for column in taken]
    seen = holds(writer, TARGET, source(writer, table, "update").condition)
    chosen = where(same_space(table, TARGET), seen, holds(writer, TARGET, conflict.where))
    return words(f"{head} UPDATE SET", ", ".join([*changes, *preset.values()]), chosen)


def update(session: Session, statement: Update) -> tuple[Sql, ...]:
    """The statements of an update."""
    writer, table = Writer(session), statement.table
    if not statement.changes:
        return chain(writer, table, statement.answer, nothing(writer, table, "update", statement.where))
    rows = source(writer, table, "update")
    preset = rules_of(writer, table).update_presets
    changes = ", ".join(_assigned(writer, change) for change in (*statement.changes, *preset))
    chosen = where(holds(writer, TARGET, rows.condition), holds(writer, TARGET, statement.where))
    shown = returning(table, statement.answer, *check_updated(writer, table, TARGET))
    text = words("UPDATE", rows.name, "AS", TARGET, "SET", changes, chosen, shown)
    return chain(writer, table, statement.answer, text)


def _assigned(writer: Writer, change: Assign) -> str:
    name = quoted(change.column.name)
    old = f"{TARGET}.{name}"
    operand = put(writer, change.operand)
    match change.operator:
        case "_set":
            return f"{name} = {operand}"
        case "_prepend":
            return f"{name} = {operand} || {old}"
        case operator:
            return f"{name} = {old} {SYMBOLS[operator]} {operand}"


def delete(session: Session, statement: Delete) -> tuple[Sql, ...]:
    """The statements of a delete."""
    writer, table = Writer(session), statement.table
    rows = source(writer, table, "delete")
    chosen = where(holds(writer, TARGET, rows.condition), holds(writer, TARGET, statement.where))
    text = words("DELETE FROM", rows.name, "AS", TARGET, chosen, returning(table, statement.answer))
    return chain(writer, table, statement.answer, text)


def chain(writer: Writer, table: Table, answer: Answer, touching: str) -> tuple[Sql, ...]:
    """Touch rows and answer. Where the answer follows relations, first the touched rows, then the answer over them."""
    if not follows(answer):
        return (writer.done(f"WITH touched AS ({touching}) {answered(writer, answer, 'touched x', 'x')}"),)
    rows = words("WITH touched AS", f"({touching})", "SELECT coalesce(json_agg(x), '[]')::text", "FROM touched x")
    after = Writer(writer.session)
    touched = f"json_to_recordset({after.put(_previous, 'json')}) AS x({defined(whole(table).columns)})"
    return writer.done(rows), after.done(answered(after, answer, touched, "x"))


def _previous(variables: Variables) -> Parameter:
    return PREVIOUS


def nothing(writer: Writer, table: Table, verb: str, asked: Condition = ALWAYS) -> str:
    """No rows: not even a trigger fires. What is asked of them is held against its types all the same."""
    chosen = where("false", holds(writer, TARGET, asked))
    return words("SELECT", names(whole(table).columns), "FROM", source(writer, table, verb).name, TARGET, chosen)


def returning(table: Table, answer: Answer, *more: str) -> str:
    """`RETURNING` what the answer needs of the touched rows."""
    return returned(shown(table, answer), *more)


def returned(columns: Iterable[Column], *more: str) -> str:
    """`RETURNING` these columns of the touched rows, and more."""
    return f"RETURNING {', '.join([*more, *(f'{TARGET}.{quoted(column.name)}' for column in columns)]) or '1'}"


def names(columns: Iterable[Column]) -> str:
    return ", ".join(quoted(column.name) for column in columns)


def defined(columns: Iterable[Column]) -> str:
    """The columns with their types, as a record's definition."""
    return ", ".join(f"{quoted(column.name)} {column.sql_type}" for column in columns)
