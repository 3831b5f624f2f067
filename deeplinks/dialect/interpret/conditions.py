"""Conditions over dicts: three-valued as SQL's, true, false, or None where it can't be known.

The dialect's interpreter. A condition becomes one function of a row; operands are read once.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from deeplinks.dialect.interpret.faults import NotInterpretedError
from deeplinks.dialect.interpret.figures import counted
from deeplinks.dialect.interpret.json_values import contains, frozen, has_key, json_text
from deeplinks.dialect.interpret.patterns import matcher
from deeplinks.dialect.interpret.spelling import Stored, numeric_text, stored_as
from deeplinks.dialect.interpret.tables import Row, Sought, Tables
from deeplinks.dialect.refusal import unknown_field
from deeplinks.dialect.session import Session
from deeplinks.dialect.statements import (
    ALWAYS,
    COUNTED,
    And,
    Compare,
    Condition,
    Counted,
    IsNull,
    Not,
    Or,
    OrderBy,
    Related,
    Rule,
)
from deeplinks.dialect.values import Operand, Value, Variables
from deeplinks.tables import CHANGES, TABLES, Table

Truth: TypeAlias = "bool | None"
Predicate: TypeAlias = "Callable[[Row], Truth]"
Asked: TypeAlias = "Callable[[Stored], Truth]"

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

    def ours(self) -> World:
        """The same where a rule of the house is read: all rows of all tables are seen."""
        return World(self.tables, self.variables, Session())


def seen(world: World, table: Table, verb: str = "select") -> Table:
    """The table, whole. Raises `RequestError` where the world's session may not do that with it."""
    view = world.session.rights.tables.get(table.name)
    if view is None or verb not in view.verbs:
        raise unknown_field(table.graphql_name, "query_root", "$.selectionSet")
    if world.session.ruled and table.name == CHANGES.name:
        raise NotInterpretedError("the log as a role sees it")
    return TABLES[table.name]


def passed(world: World, table: Table, asked: Condition, verb: str = "select") -> Condition:
    """What is asked of the table's rows, with what the world's session is held to."""
    if not world.session.ruled:
        return asked
    rules = world.session.rights.of(table)
    own = {"update": rules.update, "delete": rules.delete}.get(verb, ALWAYS)
    return And((Rule(And((rules.select, own))), asked))


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
        case Counted():
            return _counted(condition, world)
        case Rule(part):
            return predicate(part, world.ours())


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
    asked = _asked(compare, world)
    name = compare.column.name
    if not compare.as_text:
        return lambda row: asked(row[name])
    text_of = json_text if compare.column.scalar == "jsonb" else numeric_text
    return lambda row: asked(None if row[name] is None else text_of(row[name]))


def _asked(compare: Compare, world: World) -> Asked:
    """The comparison as a question to one value."""
    name = compare.operator
    if name in ("_in", "_nin"):
        return _listed(compare, world)
    if name in COMPARED:
        return _by_size(compare, world)
    operand = compare.operand.value(world.variables)
    if compare.operand.scalar == "String" and not compare.operand.many and name != "_has_key":
        positive = name.replace("_n", "_", 1)
        asked = _known(matcher(positive, stored_as("String", operand)))
        return asked if positive == name else _not(asked)
    return _known(_json_question(name, operand))


def _by_size(compare: Compare, world: World) -> Asked:
    scalar, compares = compare.operand.scalar, COMPARED[compare.operator]
    if scalar != "jsonb":
        operand = operand_of(compare.operand, world)
        return lambda value: None if value is None else compares(value, operand)
    if compare.operator not in ("_eq", "_neq"):
        raise NotInterpretedError(f"{compare.operator} of jsonb")
    meant = frozen(operand_of(compare.operand, world))
    return lambda value: None if value is None else compares(frozen(value), meant)


def _listed(compare: Compare, world: World) -> Asked:
    scalar = compare.operand.scalar
    operands = {comparable(scalar, one) for one in operands_of(compare.operand, world)}

    def asked(value: Stored) -> Truth:
        # Of an empty list false even for null, of any other unknown: as in SQL.
        if not operands:
            return False
        return None if value is None else comparable(scalar, value) in operands

    return asked if compare.operator == "_in" else _not(asked)


def _json_question(name: str, operand: Value) -> Callable[[Stored], Truth]:
    match name, operand:
        case "_has_key", None:
            return lambda _: None
        case "_has_key", str(key):
            return lambda value: has_key(value, key)
        case "_has_keys_any", list(keys):
            return lambda value: any(has_key(value, str(key)) for key in keys)
        case "_has_keys_all", list(keys):
            return lambda value: all(has_key(value, str(key)) for key in keys)
        case "_contains", part:
            part = stored_as("jsonb", part)
            return lambda value: contains(value, part)
        case _, whole:
            whole = stored_as("jsonb", whole)
            return lambda value: contains(whole, value)


def _known(question: Callable[[Stored], Truth]) -> Asked:
    return lambda value: None if value is None else question(value)


def _not(asked: Asked) -> Asked:
    def contrary(value: Stored) -> Truth:
        truth = asked(value)
        return None if truth is None else not truth

    return contrary


def _related(related: Related, world: World) -> Predicate:
    relation = related.relation
    table = seen(world, TABLES[relation.table])
    asked = predicate(passed(world, table, related.condition), world)
    ours, theirs = relation.ours, relation.theirs

    def holds(row: Row) -> Truth:
        return any(asked(other) is True for other in joined(world, table, theirs, row[ours]))

    return holds


def _counted(condition: Counted, world: World) -> Predicate:
    relation, count = condition.relation, condition.count
    table = seen(world, TABLES[relation.table])
    asked = predicate(passed(world, table, condition.condition), world)
    enough = predicate(condition.predicate, world)

    def holds(row: Row) -> Truth:
        others = joined(world, table, relation.theirs, row[relation.ours])
        number = counted(count, [other for other in others if asked(other) is True])
        return enough({COUNTED.name: number}) is True

    return holds


def joined(world: World, table: Table, column: str, value: Stored) -> Iterator[Row]:
    """The rows of a table that have this value in a column; null joins nothing."""
    if value is None:
        return
    for row in world.tables.seek(Sought(table, {column: (value,)})).rows:
        if row[column] == value:
            yield row


# operands


def operand_of(operand: Operand, world: World) -> Stored:
    """The operand's value as rows hold it."""
    return stored_as(operand.scalar, operand.value(world.variables))


def operands_of(operand: Operand, world: World) -> list[Stored]:
    """The values of a list; a null is equal to nothing, and left out."""
    values = operand.value(world.variables)
    assert isinstance(values, list)
    return [stored_as(operand.scalar, one) for one in values if one is not None]


def comparable(scalar: str, value: Stored) -> Stored:
    """The value as one that can be compared, and be in a set."""
    return frozen(value) if scalar == "jsonb" else value


# hints


def sought(table: Table, condition: Condition, world: World, order: tuple[OrderBy, ...] = ()) -> Sought:
    """What the condition tells of its rows before any is looked at."""
    equals: dict[str, Sequence[Stored]] = {}
    least: dict[str, Stored] = {}
    for compare in _always(condition):
        name, operand = compare.column.name, compare.operand
        if compare.as_text:
            continue
        if compare.operator == "_eq":
            equals[name] = (operand_of(operand, world),)
        elif compare.operator == "_in":
            equals[name] = operands_of(operand, world)
        elif compare.operator in ("_gt", "_gte"):
            least[name] = operand_of(operand, world)
    return Sought(table, equals, least, order)


def _always(condition: Condition) -> Iterator[Compare]:
    """The comparisons that have to hold, whatever else does."""
    if isinstance(condition, Compare):
        yield condition
    elif isinstance(condition, And):
        for part in condition.parts:
            yield from _always(part)
