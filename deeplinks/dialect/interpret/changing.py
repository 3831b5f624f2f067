"""What an update makes of a row's old values: Hasura's operators, each as PostgreSQL's own operator does it.

The dialect's interpreter. Old values and operands in, new values out; rows are changed elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Context
from typing import TypeAlias

from deeplinks.dialect.interpret.conditions import World
from deeplinks.dialect.interpret.faults import ViolationError
from deeplinks.dialect.interpret.spelling import LONGEST, Stored, stored
from deeplinks.dialect.interpret.tables import Row
from deeplinks.dialect.statements import Assign
from deeplinks.dialect.values import Value
from deeplinks.tables import Column

Json: TypeAlias = Value
_SUMS = Context(prec=sum(LONGEST) + 1)
_index = re.compile(r"\s*[+-]?\d+", re.ASCII).fullmatch
INTEGERS = range(-(2**31), 2**31)


def changed(changes: Sequence[Assign], world: World) -> Callable[[Row], Row]:
    """A function that gives a row its new values. Raises `RequestError`, `ViolationError` for operands that do not fit."""
    parts = [(change.column.name, _change(change, world)) for change in changes]
    return lambda row: row | {name: made(row[name]) for name, made in parts}


def _change(change: Assign, world: World) -> Callable[[Stored], Stored]:
    column, value = change.column, change.operand.value(world.variables)
    if change.operator == "_set":
        new = stored(column, value)
        return lambda old: new
    if change.operator == "_inc":
        return _adding(column, stored(column, value))
    edit = _edit(change.operator, column, value)
    return lambda old: None if old is None else edit(old)


def _edit(operator: str, column: Column, operand: Value) -> Callable[[Json], Json]:
    match operator, operand:
        case "_delete_key", str(key):
            return lambda old: without_key(old, key)
        case "_delete_elem", int(number):
            return lambda old: without_element(old, number)
        case "_delete_at_path", list(items):
            path = list(map(str, items))
            return lambda old: without_path(old, path)
        case _:
            other: Json = stored(column, operand)
            return (lambda old: joined(old, other)) if operator == "_append" else (lambda old: joined(other, old))


def _adding(column: Column, operand: Stored) -> Callable[[Stored], Stored]:
    def sum_of(old: Stored) -> Stored:
        if old is None:
            return None
        return stored(column, old + operand if column.scalar == "bigint" else _SUMS.add(old, operand))

    return sum_of


# what PostgreSQL's operators do to JSON values


def joined(left: Json, right: Json) -> Json:
    """`left || right`: objects become one, everything else one list."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left | right
    return _listed(left) + _listed(right)


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


def without_key(value: Json, key: str) -> Json:
    """`value - key`: an object without the key, a list without the text."""
    if isinstance(value, dict):
        return {name: item for name, item in value.items() if name != key}
    if isinstance(value, list):
        return [item for item in value if item != key]
    raise ViolationError("22023", "cannot delete from scalar")


def without_element(value: Json, number: int) -> Json:
    """`value - number`: a list without an element."""
    if isinstance(value, dict):
        raise ViolationError("22023", "cannot delete from object using integer index")
    if isinstance(value, list):
        return _without(value, number)
    raise ViolationError("22023", "cannot delete from scalar")


def _without(items: list[Json], number: int) -> list[Json]:
    at = number if number >= 0 else len(items) + number
    return [item for place, item in enumerate(items) if place != at]


def without_path(value: Json, path: list[str]) -> Json:
    """`value #- path`: without what is at the end of the path, if anything is."""
    if not isinstance(value, dict | list):
        raise ViolationError("22023", "cannot delete path in scalar")
    return _cut(value, path, 0) if path and value else value


def _cut(value: Json, path: list[str], level: int) -> Json:
    last = level == len(path) - 1
    if isinstance(value, dict):
        key = path[level]
        if last or key not in value:
            return without_key(value, key)
        return value | {key: _cut(value[key], path, level + 1)}
    if isinstance(value, list):
        number = _number(path[level], level)
        at = number if number >= 0 else len(value) + number
        if last or not 0 <= at < len(value):
            return _without(value, number)
        return [_cut(item, path, level + 1) if place == at else item for place, item in enumerate(value)]
    return value


def _number(text: str, level: int) -> int:
    if not _index(text) or int(text) not in INTEGERS:
        raise ViolationError("22P02", f'path element at position {level + 1} is not an integer: "{text}"')
    return int(text)
