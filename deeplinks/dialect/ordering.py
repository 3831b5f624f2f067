"""Reading orders: by columns, by the one row at the end of relations, by figures over related rows; and `distinct_on`.

The dialect. It reads what rows are sorted by, in the order written; nothing is sorted here.
"""

from __future__ import annotations

from collections.abc import Iterator

from deeplinks.dialect.columns import aggregated, select_columns
from deeplinks.dialect.functions import functions
from deeplinks.dialect.refusal import RequestError, not_among, unexpected, unknown_field
from deeplinks.dialect.scope import Scope
from deeplinks.dialect.statements import Count, Figure, Measure, Order, OrderBy, OrderByFigure
from deeplinks.dialect.values import Tree
from deeplinks.tables import Column, Relation, Table

# Hasura's directions: descending, nulls first. PostgreSQL's own defaults are spelled out.
DIRECTIONS = {
    "asc": (False, False),
    "asc_nulls_first": (False, True),
    "asc_nulls_last": (False, False),
    "desc": (True, True),
    "desc_nulls_first": (True, True),
    "desc_nulls_last": (True, False),
}


def order(table: Table, value: Tree, scope: Scope, path: str) -> Order:
    """Keys to sort by, in the order written: a list of objects or one object. Raises `RequestError`."""
    value = scope.open(value)
    if value is None:
        return ()
    items = value if isinstance(value, list) else [value]
    return tuple(key for item in items for key in _keys(table, (), scope.open(item), scope, path))


def _keys(
    table: Table, way: tuple[Relation, ...], value: Tree, scope: Scope, path: str
) -> Iterator[OrderBy | OrderByFigure]:
    for name, part in _parts(value, f"{table.graphql_name}_order_by", scope, path):
        yield from _key(table, way, name, part, scope, path)


def _parts(value: Tree, type_name: str, scope: Scope, path: str) -> list[tuple[str, Tree]]:
    if not isinstance(value, dict):
        raise unexpected("an object", type_name, value, path)
    return [(name, scope.open(part)) for name, part in value.items()]


def _key(
    table: Table, way: tuple[Relation, ...], name: str, value: Tree, scope: Scope, path: str
) -> Iterator[OrderBy | OrderByFigure]:
    column, relation, many = table.by_name.get(name), table.relation_by_name.get(name), aggregated(table, name, scope)
    if column is None and many is None and (relation is None or relation.many):
        raise unknown_field(name, f"{table.graphql_name}_order_by", path)
    if value is None:
        return
    inside = f"{path}.{name}"
    if column is not None:
        yield OrderBy(way, column, *_direction(value, inside))
    elif relation is not None:
        yield from _keys(scope.tables[relation.table], (*way, relation), value, scope, inside)
    elif many is not None:
        yield from _figures(way, many, value, scope, inside)


def _figures(
    way: tuple[Relation, ...], relation: Relation, value: Tree, scope: Scope, path: str
) -> Iterator[OrderByFigure]:
    table = scope.tables[relation.table]
    type_name = f"{table.graphql_name}_aggregate_order_by"
    for name, part in _parts(value, type_name, scope, path):
        for figure, direction, place in _figure(table, name, part, scope, path):
            yield OrderByFigure(way, relation, figure, *_direction(direction, place))


def _figure(table: Table, name: str, value: Tree, scope: Scope, path: str) -> Iterator[tuple[Figure, Tree, str]]:
    columns = functions(table).get(name)
    if columns is None and name != "count":
        raise unknown_field(name, f"{table.graphql_name}_aggregate_order_by", path)
    if value is None:
        return
    if columns is None:
        yield Count(), value, f"{path}.{name}"
        return
    type_name = f"{table.graphql_name}_{name}_order_by"
    for each, direction in _parts(value, type_name, scope, f"{path}.{name}"):
        if each not in columns:
            raise unknown_field(each, type_name, f"{path}.{name}")
        if direction is not None:
            yield Measure(name, columns[each]), direction, f"{path}.{name}.{each}"


def _direction(value: Tree, path: str) -> tuple[bool, bool]:
    if not isinstance(value, str):
        raise unexpected("an enum value", "order_by", value, path)
    if value not in DIRECTIONS:
        raise not_among(DIRECTIONS, "order_by", value, path)
    return DIRECTIONS[value]


def distinct(table: Table, value: Tree, keys: Order, scope: Scope, path: str) -> tuple[tuple[Column, ...], Order]:
    """The columns of `distinct_on`, and the order with them: without one, rows come sorted by these columns.

    Raises `RequestError` where the order does not begin with them.
    """
    columns = select_columns(table, value, scope, f"{path}.distinct_on")
    if columns and not keys:
        return columns, tuple(OrderBy((), column, *DIRECTIONS["asc"]) for column in columns)
    first = {key.column for key in keys[: len(columns)] if isinstance(key, OrderBy) and not key.path}
    if not first >= set(columns):
        raise RequestError('"distinct_on" columns must match initial "order_by" columns', path)
    return columns, keys
