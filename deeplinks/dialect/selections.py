"""Reading selections: which columns and relations a row shows, and the arguments of lists.

The dialect. It reads what is asked for; nothing is fetched and nothing is written here.
"""

from __future__ import annotations

from collections.abc import Iterable

from graphql.language import SelectionNode

from deeplinks.dialect.conditions import condition
from deeplinks.dialect.refusal import RequestError, not_among, unexpected, unknown_field
from deeplinks.dialect.scope import TYPENAME, Field, Scope, fields
from deeplinks.dialect.statements import Nested, OrderBy, Pick, Select, Selection, Typename
from deeplinks.dialect.values import Operand, Tree
from deeplinks.tables import TABLES, Relation, Table

# Hasura's directions: descending, nulls first. PostgreSQL's own defaults are spelled out.
DIRECTIONS = {
    "asc": (False, False),
    "asc_nulls_first": (False, True),
    "asc_nulls_last": (False, False),
    "desc": (True, True),
    "desc_nulls_first": (True, True),
    "desc_nulls_last": (True, False),
}
LIST_ARGUMENTS = frozenset({"where", "order_by", "limit", "offset"})


def only(field: Field, allowed: Iterable[str], path: str) -> dict[str, Tree]:
    """The field's arguments, all of them among the allowed. Raises `RequestError`."""
    arguments = field.arguments
    for name in arguments.keys() - set(allowed):
        raise RequestError(f"'{field.name}' has no argument named '{name}'", f"{path}.args.{name}")
    return arguments


def select(table: Table, field: Field, scope: Scope, path: str) -> Select:
    """A list of rows as the field asks for it."""
    arguments = only(field, LIST_ARGUMENTS, path)
    return Select(
        table,
        selection(table, field.selections, scope, path),
        where=condition(table, arguments.get("where"), scope, f"{path}.args.where"),
        order_by=order(table, arguments.get("order_by"), scope, f"{path}.args.order_by"),
        limit=_count(arguments, "limit", "limit", path),
        # A negative offset is PostgreSQL's to refuse, as under Hasura.
        offset=_count(arguments, "offset", "Int", path),
    )


def _count(arguments: dict[str, Tree], name: str, kind: str, path: str) -> Operand | None:
    value = arguments.get(name)
    return None if value is None else Operand(value, kind, f"{path}.args.{name}", nullable=True)


def selection(table: Table, selections: Iterable[SelectionNode], scope: Scope, path: str) -> Selection:
    """What a row of the table shows, in the order asked for. Raises `RequestError`."""
    inside = f"{path}.selectionSet"
    return tuple(_item(table, field, scope, inside) for field in fields(selections, table.graphql_name, scope))


def _item(table: Table, field: Field, scope: Scope, path: str) -> Pick | Typename | Nested:
    if field.name == TYPENAME:
        return Typename(field.key, table.graphql_name)
    if column := table.by_name.get(field.name):
        only(field, (), f"{path}.{field.name}")
        return Pick(field.key, column)
    if relation := table.relation_by_name.get(field.name):
        return Nested(field.key, relation, _related(relation, field, scope, f"{path}.{field.name}"))
    raise unknown_field(field.name, table.graphql_name, path)


def _related(relation: Relation, field: Field, scope: Scope, path: str) -> Select:
    table = TABLES[relation.table]
    if relation.many:
        return select(table, field, scope, path)
    only(field, (), path)
    return Select(table, selection(table, field.selections, scope, path))


def order(table: Table, value: Tree, scope: Scope, path: str) -> tuple[OrderBy, ...]:
    """Keys to sort by, in the order written: a list of objects or one object. Raises `RequestError`."""
    value = scope.open(value)
    if value is None:
        return ()
    items = value if isinstance(value, list) else [value]
    return tuple(key for item in items for key in _keys(table, (), scope.open(item), scope, path))


def _keys(table: Table, way: tuple[Relation, ...], value: Tree, scope: Scope, path: str) -> list[OrderBy]:
    if not isinstance(value, dict):
        raise unexpected("an object", f"{table.graphql_name}_order_by", value, path)
    return [key for name, part in value.items() for key in _key(table, way, name, scope.open(part), scope, path)]


def _key(table: Table, way: tuple[Relation, ...], name: str, value: Tree, scope: Scope, path: str) -> list[OrderBy]:
    column, relation = table.by_name.get(name), table.relation_by_name.get(name)
    if column is None and (relation is None or relation.many):
        raise unknown_field(name, f"{table.graphql_name}_order_by", path)
    if value is None:
        return []
    if relation is not None:
        return _keys(TABLES[relation.table], (*way, relation), value, scope, f"{path}.{name}")
    assert column is not None
    descending, nulls_first = _direction(value, f"{path}.{name}")
    return [OrderBy(way, column, descending, nulls_first)]


def _direction(value: Tree, path: str) -> tuple[bool, bool]:
    if not isinstance(value, str):
        raise unexpected("an enum value", "order_by", value, path)
    if value not in DIRECTIONS:
        raise not_among(DIRECTIONS, "order_by", value, path)
    return DIRECTIONS[value]
