"""Reading `on_conflict`: what becomes of a row whose key is there.

The dialect. It reads what shall happen; whether a key is there is found by whoever inserts.
"""

from __future__ import annotations

from deeplinks.dialect.conditions import condition
from deeplinks.dialect.refusal import RequestError, not_among, unexpected, unknown_field
from deeplinks.dialect.scope import Scope
from deeplinks.dialect.statements import OnConflict
from deeplinks.dialect.values import Tree
from deeplinks.tables import Column, Table


def on_conflict(table: Table, value: Tree, scope: Scope, path: str) -> OnConflict | None:
    """The constraint, the columns that are taken from the new row, and which old rows may change. Raises `RequestError`."""
    if value is None:
        return None
    type_name = f"{table.graphql_name}_on_conflict"
    if not isinstance(value, dict):
        raise unexpected("an object", type_name, value, path)
    for name in value.keys() - {"constraint", "update_columns", "where"}:
        raise unknown_field(name, type_name, path)
    _check_constraint(table, value, scope, path)
    columns = _columns(table, scope.open(value.get("update_columns", [])), scope, f"{path}.update_columns")
    return OnConflict(columns, condition(table, value.get("where"), scope, f"{path}.where"))


def _check_constraint(table: Table, value: dict[str, Tree], scope: Scope, path: str) -> None:
    if "constraint" not in value:
        raise RequestError("missing required field 'constraint'", f"{path}.constraint")
    constraint = scope.open(value["constraint"])
    if constraint != table.constraint:
        raise not_among([table.constraint], f"{table.graphql_name}_constraint", constraint, f"{path}.constraint")


def _columns(table: Table, value: Tree, scope: Scope, path: str) -> tuple[Column, ...]:
    items = value if isinstance(value, list) else [value]
    return tuple(dict.fromkeys(_column(table, scope.open(item), path) for item in items))


def _column(table: Table, value: Tree, path: str) -> Column:
    if isinstance(value, str) and value in table.update_by_name:
        return table.update_by_name[value]
    raise not_among(table.update_by_name, f"{table.graphql_name}_update_column", value, path)
