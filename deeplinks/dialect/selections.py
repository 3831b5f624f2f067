"""Reading selections: which columns and relations a row shows, and the arguments of lists.

The dialect. It reads what is asked for; nothing is fetched and nothing is written here.
"""

from __future__ import annotations

from collections.abc import Iterable

from graphql.language import SelectionNode

from deeplinks.dialect.conditions import condition
from deeplinks.dialect.ordering import distinct, order
from deeplinks.dialect.refusal import RequestError, unknown_field
from deeplinks.dialect.scope import TYPENAME, Field, Scope, fields
from deeplinks.dialect.statements import Nested, Pick, Select, Selection, Typename
from deeplinks.dialect.values import Operand, Tree
from deeplinks.tables import Relation, Table

LIST_ARGUMENTS = frozenset({"where", "order_by", "distinct_on", "limit", "offset"})


def only(field: Field, allowed: Iterable[str], path: str) -> dict[str, Tree]:
    """The field's arguments, all of them among the allowed. Raises `RequestError`."""
    arguments = field.arguments
    for name in arguments.keys() - set(allowed):
        raise RequestError(f"'{field.name}' has no argument named '{name}'", f"{path}.args.{name}")
    return arguments


def select(table: Table, field: Field, scope: Scope, path: str) -> Select:
    """A list of rows as the field asks for it."""
    return rows(table, field, selection(table, field.selections, scope, path), scope, path)


def rows(table: Table, field: Field, shown: Selection, scope: Scope, path: str) -> Select:
    """The rows that the field's arguments choose, showing this."""
    arguments = only(field, LIST_ARGUMENTS, path)
    keys = order(table, arguments.get("order_by"), scope, f"{path}.args.order_by")
    columns, keys = distinct(table, arguments.get("distinct_on"), keys, scope, f"{path}.args")
    return Select(
        table,
        shown,
        where=condition(table, arguments.get("where"), scope, f"{path}.args.where"),
        order_by=keys,
        distinct_on=columns,
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
    table = scope.tables[relation.table]
    if relation.many:
        return select(table, field, scope, path)
    only(field, (), path)
    return Select(table, selection(table, field.selections, scope, path))
