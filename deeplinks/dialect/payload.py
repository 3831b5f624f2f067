"""Rows that come with a request: checked by sets, never row by row, and handed on as one JSON text.

The dialect. The main load passes through this door: nothing here may cost per row what can be said of all rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import orjson

from deeplinks.dialect.refusal import RequestError, unexpected, unknown_field
from deeplinks.dialect.values import TAKES, Value, check
from deeplinks.tables import Column, Table

Object = dict[str, Value]


class JsonText(bytes):
    """JSON text on its way to a parameter, encoded already."""


def encoded(value: object, path: str) -> JsonText:
    """A value as JSON text with every digit. Raises `RequestError` for text that is no Unicode."""
    try:
        return JsonText(orjson.dumps(value, default=exact))
    except (orjson.JSONEncodeError, RecursionError) as error:
        raise RequestError(f"the value is not JSON: {error}", path, "data-exception") from None


def exact(value: object) -> orjson.Fragment:
    """What the encoder asks for a value it does not know: a Decimal is a number with all its digits."""
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(str(value).encode())
    raise TypeError(f"{type(value).__name__} is no JSON value")


@dataclass(frozen=True, slots=True)
class Objects:
    """Rows of a table, checked. `columns` some row names; `partial`: those of them that some row leaves out."""

    rows: Sequence[Object]
    columns: tuple[Column, ...]
    partial: frozenset[str]


def objects(
    table: Table,
    value: Value,
    path: str,
    type_name: str = "insert_input",
    inside: str = "",
    among: Mapping[str, Column] | None = None,
) -> Objects:
    """The rows of an insert, or what they have `inside`; columns are those that may be inserted, or `among` others.

    Raises `RequestError` at the first row that is none.
    """
    among = table.insert_by_name if among is None else among
    found = flat(table, value, path, type_name, inside, among)
    if found is None:
        raise _unknown_name(among, f"{table.graphql_name}_{type_name}", value, path, inside)
    return found


def flat(
    table: Table, value: Value, path: str, type_name: str, inside: str, among: Mapping[str, Column]
) -> Objects | None:
    """The same, or nothing where rows name what is not among the columns. Raises `RequestError`."""
    items = value if isinstance(value, list) else [value]
    rows = [item for item in items if isinstance(item, dict)]
    if len(rows) != len(items):
        raise _no_object(f"{table.graphql_name}_{type_name}", items, path)
    shapes = set(map(tuple, rows))
    named = {name for shape in shapes for name in shape}
    partial = {name for name in named if any(name not in shape for shape in shapes)}
    columns = tuple(column for column in among.values() if column.name in named)
    if len(columns) != len(named):
        return None
    for column in columns:
        _check_column(column, rows, _Places(path, inside, isinstance(value, list)))
    return Objects(rows, columns, frozenset(partial))


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the rows are: in a list, or alone."""

    path: str
    inside: str
    listed: bool

    def of(self, index: int) -> str:
        return f"{self.path}[{index}]{self.inside}" if self.listed else f"{self.path}{self.inside}"


def _no_object(type_name: str, items: Sequence[Value], path: str) -> RequestError:
    index, item = next((index, item) for index, item in enumerate(items) if not isinstance(item, dict))
    return unexpected("an object", type_name, item, f"{path}[{index}]")


def _unknown_name(among: Mapping[str, Column], type_name: str, value: Value, path: str, inside: str) -> RequestError:
    places = _Places(path, inside, isinstance(value, list))
    rows = value if isinstance(value, list) else [value]
    strangers = ((index, row.keys() - among.keys()) for index, row in enumerate(rows) if isinstance(row, dict))
    index, names = next((index, names) for index, names in strangers if names)
    return unknown_field(min(names), type_name, places.of(index))


def _check_column(column: Column, rows: Sequence[Object], places: _Places) -> None:
    takes = TAKES.get(column.scalar)
    if takes is None:
        return
    name = column.name
    kinds = {type(row.get(name)) for row in rows}
    if not kinds <= takes | {type(None)} or float in kinds:
        _check_each(column, rows, places)


def _check_each(column: Column, rows: Sequence[Object], places: _Places) -> None:
    for index, row in enumerate(rows):
        value = row.get(column.name)
        if value is not None:
            check(column.scalar, value, f"{places.of(index)}.{column.name}")
