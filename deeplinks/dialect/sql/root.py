"""A statement's SQL, as far as it can be written before the values are known, and bound when they are.

The dialect's SQL. What depends on the shape of rows waits for them; everything else is written once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from deeplinks.dialect.mutations import each_update, new_rows, updates_of
from deeplinks.dialect.operands import check_values, operands
from deeplinks.dialect.payload import JsonText, Objects, encoded
from deeplinks.dialect.session import Session
from deeplinks.dialect.sql.aggregates import aggregated
from deeplinks.dialect.sql.conditions import holds, where
from deeplinks.dialect.sql.many import SetWise, set_wise, update_many
from deeplinks.dialect.sql.nested import nested
from deeplinks.dialect.sql.rows import listed, row, selected
from deeplinks.dialect.sql.sources import source
from deeplinks.dialect.sql.streaming import Streaming
from deeplinks.dialect.sql.writer import Bound, Keyed, Sql, Step, Writer, quoted, words
from deeplinks.dialect.sql.writes import delete, insert, update
from deeplinks.dialect.statements import (
    Aggregate,
    And,
    ByKey,
    Delete,
    Insert,
    Select,
    Statement,
    Stream,
    Update,
    UpdateMany,
)
from deeplinks.dialect.values import Variables, resolve


class Query(Protocol):
    """A root field's SQL, waiting for values."""

    def bind(self, variables: Variables) -> Bound:
        """The statements with their parameters. Raises `RequestError` for values that do not fit."""
        ...


def to_sql(statement: Statement, session: Session) -> Query:
    """The statement as SQL for the session. Raises `RequestError` where the session may not."""
    match statement:
        case Select():
            writer = Writer(session)
            return Written((writer.done(listed(writer, selected(writer, statement, writer.alias()))),))
        case Aggregate():
            return Written((_aggregate(Writer(session), statement),))
        case ByKey():
            return _by_key(Writer(session), statement)
        case Stream():
            return Streaming(session, statement)
        case Update():
            return Written(update(session, statement))
        case Delete():
            return Written(delete(session, statement))
        case Insert():
            source(Writer(session), statement.table, "insert")
            return Inserting(session, statement)
        case UpdateMany():
            source(Writer(session), statement.table, "update")
            return UpdatingMany(session, statement)


def _aggregate(writer: Writer, statement: Aggregate) -> Sql:
    return writer.done(aggregated(writer, statement, row, writer.alias()))


def _by_key(writer: Writer, statement: ByKey) -> Written:
    alias = writer.alias()
    rows = source(writer, statement.table)
    seen = holds(writer, alias, rows.condition)
    found, place = holds(writer, alias, And(statement.key)), writer.places
    shown = row(writer, alias, statement.selection)
    sql = writer.done(words("SELECT", shown, "FROM", rows.name, alias, where(seen, found)))
    if [compare.column.scalar for compare in statement.key] != ["uuid"]:
        return Written((sql,))
    # The key's parameter becomes a list.
    column = f"{alias}.{quoted(statement.key[0].column.name)}"
    among = f"({column} = ANY(${place}::uuid[]))"
    text = words("SELECT", f"{column}::text,", shown, "FROM", rows.name, alias, where(seen, among))
    return Written((sql,), Keyed(text, place - 1))


@dataclass(frozen=True, slots=True)
class Written:
    """SQL that is the same whatever the values are."""

    steps: tuple[Sql, ...]
    keyed: Keyed | None = None

    def bind(self, variables: Variables) -> Bound:
        return Bound((tuple(sql.bind(variables) for sql in self.steps),), keyed=self.keyed)


@dataclass(frozen=True, slots=True)
class Inserting:
    """An insert: its SQL depends on which columns the rows name, so it is written once a shape."""

    session: Session
    statement: Insert
    shapes: dict[object, tuple[Sql, ...]] = field(default_factory=dict[object, "tuple[Sql, ...]"])

    def bind(self, variables: Variables) -> Bound:
        # Also where no conflict will look at them: nothing that does not fit is passed over.
        check_values(operands(self.statement.on_conflict), variables)
        rows = new_rows(self.statement, resolve(self.statement.rows.tree, variables))
        if isinstance(rows, list):
            return Bound((nested(self.session, self.statement, rows, variables),))
        text = encoded(rows.rows, self.statement.rows.path)
        return Bound((tuple(_with_rows(sql, text, variables) for sql in self._written(rows)),))

    def _written(self, rows: Objects) -> tuple[Sql, ...]:
        shape = (rows.columns, rows.partial, bool(rows.rows))
        if shape not in self.shapes:
            if len(self.shapes) >= 64:
                self.shapes.clear()
            self.shapes[shape] = insert(self.session, self.statement, rows, _rows)
        return self.shapes[shape]


# Stands where the rows go: their text is made once, when they are bound.
def _rows(variables: Variables) -> JsonText:
    raise AssertionError("rows are bound by their statement")


def _with_rows(sql: Sql, rows: JsonText, variables: Variables) -> Step:
    return Step(sql.text, tuple(rows if slot is _rows else slot(variables) for slot in sql.slots))


@dataclass(frozen=True, slots=True)
class UpdatingMany:
    """Many updates: one statement where that means the same, else one after another."""

    session: Session
    statement: UpdateMany

    def bind(self, variables: Variables) -> Bound:
        value = resolve(self.statement.updates.tree, variables)
        together = set_wise(self.statement, updates_of(self.statement, value))
        if together is not None and not self.session.ruled:
            return Bound(((self._one_statement(together, variables),),))
        chains = [update(self.session, each) for each in each_update(self.statement, value)]
        return Bound(tuple(tuple(sql.bind(variables) for sql in chain) for chain in chains), listed=True)

    def _one_statement(self, updates: SetWise, variables: Variables) -> Step:
        text = encoded(updates.payload(), self.statement.updates.path)
        return _with_rows(update_many(self.session, self.statement, updates.changes, _rows), text, variables)
