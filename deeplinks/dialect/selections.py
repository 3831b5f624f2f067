"""Reading selections: which columns and relations a row shows.

The dialect. It reads what is asked for; nothing is fetched and nothing is written here.
"""

from __future__ import annotations

from collections.abc import Iterable

from graphql.language import SelectionNode

from deeplinks.dialect import aggregates
from deeplinks.dialect.columns import aggregated
from deeplinks.dialect.refusal import unknown_field
from deeplinks.dialect.scope import TYPENAME, Field, Scope, fields
from deeplinks.dialect.selecting import only, rows
from deeplinks.dialect.statements import Aggregate, Nested, NestedAggregate, Pick, Select, Selection, Shown, Typename
from deeplinks.dialect.values import Operand
from deeplinks.tables import Column, Relation, Table


def select(table: Table, field: Field, scope: Scope, path: str) -> Select:
    """A list of rows as the field asks for it."""
    return rows(table, field, selection(table, field.selections, scope, path), scope, path)


def aggregate(table: Table, field: Field, scope: Scope, path: str) -> Aggregate:
    """Figures and nodes over rows as the field asks for them."""
    return aggregates.aggregate(table, field, scope, path, _node)


def _node(table: Table, field: Field, scope: Scope, path: str) -> Selection:
    return selection(table, field.selections, scope, path)


def selection(table: Table, selections: Iterable[SelectionNode], scope: Scope, path: str) -> Selection:
    """What a row of the table shows, in the order asked for. Raises `RequestError`."""
    inside = f"{path}.selectionSet"
    return tuple(_item(table, field, scope, inside) for field in fields(selections, table.graphql_name, scope))


def _item(table: Table, field: Field, scope: Scope, path: str) -> Shown:
    inside = f"{path}.{field.name}"
    if field.name == TYPENAME:
        return Typename(field.key, table.graphql_name)
    if column := table.by_name.get(field.name):
        return _pick(column, field, inside)
    if relation := table.relation_by_name.get(field.name):
        return Nested(field.key, relation, _related(relation, field, scope, inside))
    if relation := aggregated(table, field.name, scope):
        return NestedAggregate(field.key, relation, aggregate(scope.tables[relation.table], field, scope, inside))
    raise unknown_field(field.name, table.graphql_name, path)


def _pick(column: Column, field: Field, path: str) -> Pick:
    given = only(field, ("path",) if column.scalar == "jsonb" else (), path).get("path")
    return Pick(field.key, column, None if given is None else Operand(given, "path", f"{path}.args", nullable=True))


def _related(relation: Relation, field: Field, scope: Scope, path: str) -> Select:
    table = scope.tables[relation.table]
    if relation.many:
        return select(table, field, scope, path)
    only(field, (), path)
    return Select(table, selection(table, field.selections, scope, path))
