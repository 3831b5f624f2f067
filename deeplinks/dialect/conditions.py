"""Reading `where`: Hasura's boolean expressions become conditions.

The dialect. It reads what is said about rows; which rows that are is for SQL, or whoever interprets, to find.
"""

from __future__ import annotations

from deeplinks.dialect.refusal import RequestError, unexpected, unknown_field
from deeplinks.dialect.scope import Scope
from deeplinks.dialect.statements import ALWAYS, And, Compare, Condition, IsNull, Not, Or, Related
from deeplinks.dialect.values import Operand, Tree
from deeplinks.tables import TABLES, Column, Table

SINGLE = ("_eq", "_neq", "_gt", "_gte", "_lt", "_lte")
LISTED = ("_in", "_nin")


def condition(table: Table, value: Tree, scope: Scope, path: str) -> Condition:
    """A boolean expression over the table's rows: null and `{}` are always true. Raises `RequestError`."""
    value = scope.open(value)
    if value is None:
        return ALWAYS
    if not isinstance(value, dict):
        raise unexpected("an object", f"{table.graphql_name}_bool_exp", value, path)
    return And(tuple(_part(table, name, part, scope, f"{path}.{name}") for name, part in value.items()))


def _part(table: Table, name: str, value: Tree, scope: Scope, path: str) -> Condition:
    if name in ("_and", "_or"):
        return _several(table, name, value, scope, path)
    value = scope.open(value)
    if column := table.by_name.get(name):
        return _column(column, value, scope, path)
    relation = table.relation_by_name.get(name)
    if relation is None and name != "_not":
        raise unknown_field(name, f"{table.graphql_name}_bool_exp", path.removesuffix(f".{name}"))
    if value is None:
        return ALWAYS
    if relation is None:
        return Not(condition(table, value, scope, path))
    return Related(relation, condition(TABLES[relation.table], value, scope, path))


def _several(table: Table, name: str, value: Tree, scope: Scope, path: str) -> Condition:
    value = scope.open(value)
    if value is None:
        return ALWAYS
    items = value if isinstance(value, list) else [value]
    parts: list[Condition] = []
    for index, item in enumerate(items):
        if scope.open(item) is None:
            raise unexpected("an object", f"{table.graphql_name}_bool_exp", None, f"{path}[{index}]")
        parts.append(condition(table, item, scope, f"{path}[{index}]"))
    return And(tuple(parts)) if name == "_and" else Or(tuple(parts))


def _column(column: Column, value: Tree, scope: Scope, path: str) -> Condition:
    if value is None:
        return ALWAYS
    if not isinstance(value, dict):
        raise unexpected("an object", f"{column.scalar}_comparison_exp", value, path)
    return And(tuple(_comparison(column, name, operand, scope, f"{path}.{name}") for name, operand in value.items()))


def _comparison(column: Column, operator: str, value: Tree, scope: Scope, path: str) -> Condition:
    if operator == "_is_null":
        return _is_null(column, scope.open(value), path)
    if operator not in SINGLE and operator not in LISTED:
        raise unknown_field(operator, f"{column.scalar}_comparison_exp", path.removesuffix(f".{operator}"))
    return Compare(column, operator, Operand(value, column.scalar, path, many=operator in LISTED))


def _is_null(column: Column, value: Tree, path: str) -> Condition:
    if not isinstance(value, bool):
        raise unexpected("a boolean", "Boolean", value, path)
    return IsNull(column) if value else Not(IsNull(column))


def key_condition(table: Table, values: dict[str, Tree], path: str) -> tuple[Compare, ...]:
    """The row with this key: every key column has to be named. Raises `RequestError`."""
    for name in values.keys() - set(table.key):
        raise unknown_field(name, f"{table.graphql_name}_pk_columns_input", path)
    parts: list[Compare] = []
    for name in table.key:
        if name not in values:
            raise RequestError(f"missing required field '{name}'", f"{path}.{name}")
        column = table.by_name[name]
        parts.append(Compare(column, "_eq", Operand(values[name], column.scalar, f"{path}.{name}")))
    return tuple(parts)
