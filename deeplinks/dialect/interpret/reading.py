"""Rows over dicts: chosen, sorted, cut, and shown with what they are related to.

The dialect's interpreter. It reads tables and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from deeplinks.dialect.interpret.aggregates import Shape, Teller, Telling
from deeplinks.dialect.interpret.conditions import Predicate, World, comparable, joined, passed, predicate, seen, sought
from deeplinks.dialect.interpret.faults import NotInterpretedError, ViolationError
from deeplinks.dialect.interpret.figures import figure
from deeplinks.dialect.interpret.json_values import at
from deeplinks.dialect.interpret.spelling import Stored, copied, shown
from deeplinks.dialect.interpret.tables import Row
from deeplinks.dialect.json_path import path_steps
from deeplinks.dialect.statements import (
    ALWAYS,
    Aggregate,
    And,
    ByKey,
    Compare,
    Condition,
    Nested,
    NestedAggregate,
    Order,
    OrderBy,
    OrderByFigure,
    Pick,
    Select,
    Selection,
    Shown,
    Stream,
    Typename,
)
from deeplinks.dialect.values import Operand, Value
from deeplinks.tables import TABLES, Column, Relation, Table


def select(statement: Select, world: World) -> list[Value]:
    """The rows, as they are asked for."""
    rows = _sought(statement, world, _limit(statement, world))
    return list(map(shape(statement.selection, world), rows))


def aggregate(statement: Aggregate, world: World) -> Value:
    """What is told of the rows."""
    return _tells(statement, world)(list(_sought(statement.rows, world, None)))


def _limit(statement: Select, world: World) -> int | None:
    return world.session.rights.of(statement.table).limit


def _sought(statement: Select, world: World, most: int | None) -> Iterable[Row]:
    """The rows that a select means, among all of its table."""
    table = seen(world, statement.table)
    found = world.tables.seek(sought(table, statement.where, world, _plain(statement.order_by)))
    rows = filter(_true(predicate(passed(world, table, statement.where), world)), found.rows)
    return _cut(rows if found.ordered else ordered(rows, statement.order_by, world), statement, world, most)


def _along(relation: Relation, statement: Select, world: World, most: int | None) -> Callable[[Row], Iterable[Row]]:
    """A function that gives those rows that a select means, of the ones to which the relation leads."""
    leads = _leading(relation, statement.where, world)
    return lambda row: _cut(ordered(leads(row), statement.order_by, world), statement, world, most)


def _plain(order: Order) -> tuple[OrderBy, ...]:
    keys = tuple(key for key in order if isinstance(key, OrderBy))
    return keys if len(keys) == len(order) else ()


def by_key(statement: ByKey, world: World) -> Value:
    """The row with this key, or None."""
    shows = shape(statement.selection, world)
    rows = chosen_rows(statement.table, And(statement.key), world)
    return shows(rows[0]) if rows else None


def stream(statement: Stream, world: World) -> list[Value]:
    """The first batch: dicts stand still, and what comes later is for a database to tell."""
    after = Compare(statement.column, "_lt" if statement.descending else "_gt", statement.initial)
    rows = chosen_rows(statement.table, And((statement.where, after)), world)
    key = TABLES[statement.table.name].by_name["id"]
    order = tuple(OrderBy((), column, statement.descending, False) for column in (statement.column, key))
    size = _count(statement.batch_size, world)
    return list(map(shape(statement.selection, world), islice(ordered(rows, order, world), size)))


def chosen_rows(table: Table, where: And, world: World, verb: str = "select") -> list[Row]:
    """The rows of a table for which the condition is true, of those with which that may be done."""
    rows = world.tables.seek(sought(seen(world, table, verb), where, world)).rows
    return list(filter(_true(predicate(passed(world, table, where, verb), world)), rows))


def _true(asked: Predicate) -> Callable[[Row], bool]:
    return lambda row: asked(row) is True


def _cut(rows: Iterable[Row], statement: Select, world: World, most: int | None) -> Iterable[Row]:
    if statement.distinct_on:
        rows = _first(rows, statement.distinct_on)
    start = _count(statement.offset, world) or 0
    limit = _least(_count(statement.limit, world), most)
    if start < 0:
        raise ViolationError("2201X", "OFFSET must not be negative")
    return islice(rows, start, None if limit is None else start + limit)


def _least(one: int | None, other: int | None) -> int | None:
    return min((limit for limit in (one, other) if limit is not None), default=None)


def _first(rows: Iterable[Row], columns: tuple[Column, ...]) -> Iterator[Row]:
    """The first of those that are alike in the columns: here null is like null."""
    seen: set[tuple[Stored, ...]] = set()
    for row in rows:
        values = tuple([comparable(column.scalar, row[column.name]) for column in columns])
        if values not in seen:
            seen.add(values)
            yield row


def _count(operand: Operand | None, world: World) -> int | None:
    value = None if operand is None else operand.value(world.variables)
    assert value is None or isinstance(value, int)
    return value


# order


def ordered(rows: Iterable[Row], keys: Order, world: World) -> list[Row]:
    """The rows sorted; those that no key tells apart stay as they came."""
    result = list(rows)
    for key in reversed(keys):
        result.sort(key=_sorting(key, world), reverse=key.descending)
    return result


def _sorting(key: OrderBy | OrderByFigure, world: World) -> Callable[[Row], tuple[Stored, ...]]:
    if isinstance(key, OrderBy) and key.column.scalar == "jsonb":
        raise NotInterpretedError("an order by jsonb")
    # Reversed, what is first in the order has to be last here.
    nulls = (0,) if key.nulls_first is not key.descending else (2,)

    def sorting(row: Row) -> tuple[Stored, ...]:
        value = _reached(row, key.path, key, world)
        return nulls if value is None else (1, value)

    return sorting


def _reached(row: Row, path: tuple[Relation, ...], key: OrderBy | OrderByFigure, world: World) -> Stored:
    if path:
        relation, *rest = path
        other = next(iter(_leading(relation, ALWAYS, world)(row)), None)
        return None if other is None else _reached(other, tuple(rest), key, world)
    if isinstance(key, OrderBy):
        return row[key.column.name]
    return figure(key.figure, list(_leading(key.relation, ALWAYS, world)(row)))


def _leading(relation: Relation, asked: Condition, world: World) -> Callable[[Row], Iterable[Row]]:
    """A function that gives the rows to which the relation leads, of those for which the condition is true."""
    table = seen(world, TABLES[relation.table])
    passes = _true(predicate(passed(world, table, asked), world))
    return lambda row: filter(passes, joined(world, table, relation.theirs, row[relation.ours]))


# what a row shows


def shape(selection: Selection, world: World) -> Shape:
    """A function that shows a row as the selection asks."""
    parts = [(item.key, _part(item, world)) for item in selection]
    return lambda row: {key: part(row) for key, part in parts}


def _part(item: Shown, world: World) -> Callable[[Row], Value]:
    match item:
        case Typename(_, name):
            return lambda _: name
        case Pick(_, column, None):
            return _pick(column, world)
        case Pick(_, column, path):
            assert path is not None
            steps = path_steps(path, world.variables)
            return lambda row: copied(at(row[column.name], steps))
        case Nested():
            return _nested(item, world)
        case NestedAggregate(_, relation, asked):
            tells, leads = _tells(asked, world), _along(relation, asked.rows, world, None)
            return lambda row: tells(list(leads(row)))


def _tells(asked: Aggregate, world: World) -> Teller:
    telling = Telling(world.session, lambda selection: shape(selection, world), _limit(asked.rows, world))
    return telling.teller(asked)


def _pick(column: Column, world: World) -> Callable[[Row], Value]:
    name, session = column.name, world.session
    if column.scalar in ("uuid", "String", "Boolean"):
        return lambda row: row[name]
    return lambda row: shown(column, row[name], session)


def _nested(nested: Nested, world: World) -> Callable[[Row], Value]:
    leads = _along(nested.relation, nested.select, world, _limit(nested.select, world))
    shows = shape(nested.select.selection, world)

    def value(row: Row) -> Value:
        values: list[Value] = [shows(one) for one in leads(row)]
        if nested.relation.many:
            return values
        return values[0] if values else None

    return value
