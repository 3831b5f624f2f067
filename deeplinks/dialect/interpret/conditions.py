"""Conditions over dicts: three-valued as SQL's, true, false, or None where it can't be known.

The dialect's interpreter. A condition becomes one function of a row; operands are read once.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from deeplinks.dialect.interpret.faults import NotInterpretedError
from deeplinks.dialect.interpret.spelling import Stored, stored
from deeplinks.dialect.interpret.tables import Row, Sought, Tables
from deeplinks.dialect.refusal import unknown_field
from deeplinks.dialect.statements import (
    ADMIN,
    And,
    Compare,
    Condition,
    IsNull,
    Not,
    Or,
    OrderBy,
    Related,
    Session,
)
from deeplinks.dialect.values import Operand, Value, Variables
from deeplinks.tables import TABLES, Column, Table

Truth: TypeAlias = "bool | None"
Predicate: TypeAlias = "Callable[[Row], Truth]"

COMPARED: Mapping[str, Callable[[Stored, Stored], bool]] = {
    "_eq": operator.eq,
    "_neq": operator.ne,
    "_gt": operator.gt,
    "_gte": operator.ge,
    "_lt": operator.lt,
    "_lte": operator.le,
}


@dataclass(frozen=True, slots=True)
class World:
    """What a statement is interpreted in: tables, the values of variables, and for whom."""

    tables: Tables
    variables: Variables
    session: Session


def seen(world: World, table: Table) -> Table:
    """The table, for the world's session. Raises `RequestError`: other roles than the admin see none."""
    if world.session.role != ADMIN:
        raise unknown_field(table.graphql_name, "query_root", "$.selectionSet")
    return table


def predicate(condition: Condition, world: World) -> Predicate:
    """The condition as a function of a row. Raises `RequestError`, `ViolationError` for operands that do not fit."""
    match condition:
        case And(parts):
            return _all([predicate(part, world) for part in parts])
        case Or(parts):
            return _any([predicate(part, world) for part in parts])
        case Not(part):
            return _inverted(predicate(part, world))
        case IsNull(column):
            name = column.name
            return lambda row: row[name] is None
        case Compare():
            return _compared(condition, world)
        case Related():
            return _related(condition, world)


def _all(parts: Sequence[Predicate]) -> Predicate:
    if len(parts) == 1:
        return parts[0]

    def holds(row: Row) -> Truth:
        truth: Truth = True
        for part in parts:
            one = part(row)
            if one is False:
                return False
            if one is None:
                truth = None
        return truth

    return holds


def _any(parts: Sequence[Predicate]) -> Predicate:
    none = _all([_inverted(part) for part in parts])
    return parts[0] if len(parts) == 1 else _inverted(none)


def _inverted(part: Predicate) -> Predicate:
    def holds(row: Row) -> Truth:
        truth = part(row)
        return None if truth is None else not truth

    return holds


def _compared(compare: Compare, world: World) -> Predicate:
    if compare.operand.many:
        return _listed(compare, world)
    column, name = compare.column, compare.column.name
    if column.scalar == "jsonb" and compare.operator not in ("_eq", "_neq"):
        raise NotInterpretedError(f"{compare.operator} of jsonb")
    operand = comparable(column, operand_of(column, compare.operand, world))
    compares, plain = COMPARED[compare.operator], column.scalar != "jsonb"

    def holds(row: Row) -> Truth:
        value = row[name]
        if value is None:
            return None
        return compares(value if plain else frozen(value), operand)

    return holds


def _listed(compare: Compare, world: World) -> Predicate:
    column, name = compare.column, compare.column.name
    operands = {comparable(column, one) for one in operands_of(column, compare.operand, world)}

    def holds(row: Row) -> Truth:
        value = row[name]
        # Of an empty list false even for null, of any other unknown: as in SQL.
        if not operands:
            return False
        return None if value is None else comparable(column, value) in operands

    return holds if compare.operator == "_in" else _inverted(holds)


def _related(related: Related, world: World) -> Predicate:
    relation = related.relation
    table = seen(world, TABLES[relation.table])
    asked, ours, theirs = predicate(related.condition, world), relation.ours, relation.theirs

    def holds(row: Row) -> Truth:
        return any(asked(other) is True for other in joined(world, table, theirs, row[ours]))

    return holds


def joined(world: World, table: Table, column: str, value: Stored) -> Iterator[Row]:
    """The rows of a table that have this value in a column; null joins nothing."""
    if value is None:
        return
    for row in world.tables.seek(Sought(table, {column: (value,)})).rows:
        if row[column] == value:
            yield row


# operands


def operand_of(column: Column, operand: Operand, world: World) -> Stored:
    """The operand's value as rows hold it."""
    return stored(column, operand.value(world.variables))


def operands_of(column: Column, operand: Operand, world: World) -> list[Stored]:
    """The values of a list; a null is equal to nothing, and left out."""
    values = operand.value(world.variables)
    assert isinstance(values, list)
    return [stored(column, one) for one in values if one is not None]


def comparable(column: Column, value: Stored) -> Stored:
    """The value as one that can be compared, and be in a set."""
    return frozen(value) if column.scalar == "jsonb" else value


def frozen(value: Value) -> Stored:
    """A JSON value by its meaning: numbers by size, objects without an order, no boolean a number."""
    if isinstance(value, dict):
        return "object", frozenset((name, frozen(item)) for name, item in value.items())
    if isinstance(value, list):
        return "list", tuple(map(frozen, value))
    return ("boolean", value) if isinstance(value, bool) else ("scalar", value)


# hints


def sought(table: Table, condition: Condition, world: World, order: tuple[OrderBy, ...] = ()) -> Sought:
    """What the condition tells of its rows before any is looked at."""
    equals: dict[str, Sequence[Stored]] = {}
    least: dict[str, Stored] = {}
    for compare in _always(condition):
        column, operand = compare.column, compare.operand
        if compare.operator == "_eq":
            equals[column.name] = (operand_of(column, operand, world),)
        elif compare.operator == "_in":
            equals[column.name] = operands_of(column, operand, world)
        elif compare.operator in ("_gt", "_gte"):
            least[column.name] = operand_of(column, operand, world)
    return Sought(table, equals, least, order)


def _always(condition: Condition) -> Iterator[Compare]:
    """The comparisons that have to hold, whatever else does."""
    if isinstance(condition, Compare):
        yield condition
    elif isinstance(condition, And):
        for part in condition.parts:
            yield from _always(part)
