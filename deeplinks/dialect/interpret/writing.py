"""Inserts, updates and deletes over dicts, and what they answer.

The dialect's interpreter. It changes tables a row at a time, by the moments at which their rules have a say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from deeplinks.dialect.interpret.changing import changed
from deeplinks.dialect.interpret.conditions import Predicate, World, passed, predicate, seen
from deeplinks.dialect.interpret.faults import ViolationError, duplicate, given_at, missing
from deeplinks.dialect.interpret.reading import chosen_rows, shape
from deeplinks.dialect.interpret.spelling import stored
from deeplinks.dialect.interpret.tables import Key, Row, Tables, key_of
from deeplinks.dialect.mutations import each_update, new_rows
from deeplinks.dialect.nesting import Layer
from deeplinks.dialect.payload import Object, Objects
from deeplinks.dialect.statements import (
    ALWAYS,
    Affected,
    And,
    Answer,
    Assign,
    Condition,
    Delete,
    Insert,
    OnConflict,
    One,
    Returning,
    Rule,
    Typename,
    Update,
    UpdateMany,
)
from deeplinks.dialect.values import Value, resolve
from deeplinks.tables import Table


@dataclass(slots=True)
class Touched:
    """What a statement did: new rows, rows before and after a change, and all touched rows in the order given."""

    fresh: list[Row] = field(default_factory=list[Row])
    olds: list[Row] = field(default_factory=list[Row])
    news: list[Row] = field(default_factory=list[Row])
    rows: list[Row] = field(default_factory=list[Row])
    keys: set[Key] = field(default_factory=set[Key])

    def inserted(self, key: Key, row: Row) -> None:
        self.fresh.append(row)
        self.rows.append(row)
        self.keys.add(key)

    def changed(self, key: Key, old: Row, new: Row) -> None:
        self.olds.append(old)
        self.news.append(new)
        self.rows.append(new)
        self.keys.add(key)


@dataclass(frozen=True, slots=True)
class Conflict:
    """What becomes of a row whose key is there: these columns are taken from the given row, where the old one is so."""

    names: tuple[str, ...]
    where: Predicate
    preset: Row = field(default_factory=Row)


NOTHING = Conflict((), lambda row: False)


def insert(statement: Insert, world: World) -> Value:
    """Insert the rows. Raises `RequestError`, `ViolationError`."""
    given = new_rows(statement, resolve(statement.rows.tree, world.variables))
    if isinstance(given, list):
        return _nested(statement, given, world)
    touched = _inserted(statement.table, given, statement.on_conflict, world)
    return answered(statement.answer, touched.rows, world)


def _nested(statement: Insert, layers: Sequence[Layer], world: World) -> Value:
    rows: list[Row] = []
    count = 0
    for layer in layers:
        with given_at(layer.path):
            touched = _inserted(layer.table, layer.objects, layer.conflict, world)
        layer.check(row["id"] for row in touched.rows)
        count += len(touched.rows)
        rows += touched.rows if layer.first else []
    return answered(statement.answer, rows, world, count)


def _inserted(asked: Table, given: Objects, conflict: OnConflict | None, world: World) -> Touched:
    table, tables, touched = seen(world, asked, "insert"), world.tables, Touched()
    rules, found = world.session.rights.of(table), _conflict(table, conflict, world) if conflict else None
    preset = _preset(rules.insert_presets, world)
    for values in given.rows:
        place(tables, table, _complete(tables, table, values) | preset, touched, found)
    finish(tables, table, touched)
    _check(touched.fresh, rules.inserted, world)
    _check(touched.news, rules.updated, world)
    return touched


def _preset(presets: Sequence[Assign], world: World) -> Row:
    return {one.column.name: stored(one.column, one.operand.value(world.variables)) for one in presets}


def _check(rows: Sequence[Row], rule: Condition, world: World) -> None:
    """Rows as they are now are held to the rule."""
    if rule == ALWAYS:
        return
    held = predicate(Rule(rule), world)
    if not all(held(row) is True for row in rows):
        raise ViolationError("23514", "a row is not such as this role may write it")


def _conflict(table: Table, conflict: OnConflict, world: World) -> Conflict:
    where = passed(world, table, conflict.where, "update")
    preset = _preset(world.session.rights.of(table).update_presets, world) if conflict.columns else {}
    return Conflict(tuple(column.name for column in conflict.columns), predicate(where, world), preset)


def _complete(tables: Tables, table: Table, values: Object) -> Row:
    return {
        column.name: stored(column, values[column.name]) if column.name in values else tables.default(column)
        for column in table.columns
    }


def place(tables: Tables, table: Table, given: Row, touched: Touched, conflict: Conflict | None = None) -> None:
    """Insert one complete row; what came of it is noted in `touched`."""
    row = tables.entering(table, given)
    if row is None:
        return
    _whole(table, row)
    key = key_of(table, row)
    old = tables.find(table, key)
    if old is None:
        tables.put(table, row)
        touched.inserted(key, row)
    elif conflict is None:
        raise duplicate(table.constraint)
    elif conflict.names:
        if key in touched.keys:
            raise ViolationError("21000", "ON CONFLICT DO UPDATE command cannot affect row a second time")
        # An id says nothing of whose it is.
        if old.get("_deep") == row.get("_deep") and conflict.where(old) is True:
            taken = {name: row[name] for name in conflict.names}
            _change(tables, table, old, old | taken | conflict.preset, touched)


def _change(tables: Tables, table: Table, old: Row, new: Row, touched: Touched) -> None:
    row = tables.changing(table, old, new)
    _whole(table, row)
    key = key_of(table, row)
    if key != key_of(table, old) and tables.find(table, key) is not None:
        raise duplicate(table.constraint)
    tables.replace(table, old, row)
    touched.changed(key, old, row)


def _whole(table: Table, row: Row) -> None:
    for column in table.columns:
        if row[column.name] is None and not column.nullable:
            raise missing(table.name, column.name)


def finish(tables: Tables, table: Table, touched: Touched) -> None:
    """The statement is over: its changed rows are told before its new ones, as PostgreSQL fires its triggers."""
    if touched.news:
        tables.done(table, "update", touched.olds, touched.news)
    if touched.fresh:
        tables.done(table, "insert", (), touched.fresh)


def update(statement: Update, world: World) -> Value:
    """Change the rows that are so. Raises `RequestError`, `ViolationError`."""
    table, tables, touched = seen(world, statement.table, "update"), world.tables, Touched()
    chosen = chosen_rows(table, And((statement.where,)), world, "update")
    if statement.changes:
        new = changed((*statement.changes, *world.session.rights.of(table).update_presets), world)
        for row in chosen:
            _change(tables, table, row, new(row), touched)
    finish(tables, table, touched)
    _check(touched.news, world.session.rights.of(table).updated, world)
    return answered(statement.answer, touched.rows, world)


def update_many(statement: UpdateMany, world: World) -> Value:
    """Updates one after another, in written order."""
    seen(world, statement.table, "update")
    updates = each_update(statement, resolve(statement.updates.tree, world.variables))
    return [update(one, world) for one in updates]


def delete(statement: Delete, world: World) -> Value:
    """Delete the rows that are so. Raises `RequestError`, `ViolationError`."""
    table, tables = seen(world, statement.table, "delete"), world.tables
    rows = chosen_rows(table, And((statement.where,)), world, "delete")
    remove(tables, table, rows)
    return answered(statement.answer, rows, world)


def remove(tables: Tables, table: Table, rows: Sequence[Row]) -> None:
    """Delete these rows."""
    for row in rows:
        tables.leaving(table, row)
        tables.drop(table, row)
    if rows:
        tables.done(table, "delete", rows, ())


def answered(answer: Answer, rows: Sequence[Row], world: World, count: int | None = None) -> Value:
    """What the mutation answers of the rows it touched, `count` of them if more than these; relations show the state after it."""
    if isinstance(answer, One):
        shows = shape(answer.selection, world)
        return shows(rows[0]) if rows else None
    return {part.key: _told(part, rows, world, len(rows) if count is None else count) for part in answer.parts}


def _told(part: Affected | Returning | Typename, rows: Sequence[Row], world: World, count: int) -> Value:
    match part:
        case Affected():
            return count
        case Typename(_, name):
            return name
        case Returning(_, selection):
            return list(map(shape(selection, world), rows))
