"""Reading `where`: Hasura's boolean expressions become conditions.

The dialect. It reads what is said about rows; which rows that are is for SQL, or whoever interprets, to find.
"""

from __future__ import annotations

from deeplinks.dialect.columns import aggregated, counting
from deeplinks.dialect.operators import CASTS, OPERATORS
from deeplinks.dialect.refusal import RequestError, unexpected, unknown_field
from deeplinks.dialect.scope import Scope
from deeplinks.dialect.statements import ALWAYS, COUNTED, And, Compare, Condition, Counted, IsNull, Not, Or, Related
from deeplinks.dialect.values import Operand, Tree
from deeplinks.tables import Column, Relation, Table


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
        return comparisons(column, value, scope, path)
    if relation := aggregated(table, name, scope):
        return _counted(relation, value, scope, path)
    relation = table.relation_by_name.get(name)
    if relation is None and name != "_not":
        raise unknown_field(name, f"{table.graphql_name}_bool_exp", path.removesuffix(f".{name}"))
    if value is None:
        return ALWAYS
    if relation is None:
        return Not(condition(table, value, scope, path))
    return Related(relation, condition(scope.tables[relation.table], value, scope, path))


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


def comparisons(column: Column, value: Tree, scope: Scope, path: str) -> Condition:
    """A comparison expression over a column: all that it says together. Raises `RequestError`."""
    return _compared(column, column.scalar, value, scope, path)


def _compared(column: Column, scalar: str, value: Tree, scope: Scope, path: str) -> Condition:
    if value is None:
        return ALWAYS
    if not isinstance(value, dict):
        raise unexpected("an object", f"{scalar}_comparison_exp", value, path)
    return And(tuple(_comparison(column, scalar, name, part, scope, f"{path}.{name}") for name, part in value.items()))


def _comparison(column: Column, scalar: str, name: str, value: Tree, scope: Scope, path: str) -> Condition:
    if name == "_is_null":
        return _is_null(column, scope.open(value), path)
    if name == "_cast" and scalar in CASTS:
        return _cast(column, scalar, scope.open(value), scope, path)
    operator = OPERATORS[scalar].get(name)
    if operator is None:
        raise unknown_field(name, f"{scalar}_comparison_exp", path.removesuffix(f".{name}"))
    operand = Operand(value, operator.operand(scalar), path, operator.many, operator.nullable)
    return Compare(column, name, operand, as_text=scalar != column.scalar)


def _cast(column: Column, scalar: str, value: Tree, scope: Scope, path: str) -> Condition:
    if value is None:
        return ALWAYS
    if not isinstance(value, dict):
        raise unexpected("an object", f"{scalar}_cast_exp", value, path)
    for name in value.keys() - {CASTS[scalar]}:
        raise unknown_field(name, f"{scalar}_cast_exp", path)
    return And(
        tuple(_compared(column, name, scope.open(part), scope, f"{path}.{name}") for name, part in value.items())
    )


def _is_null(column: Column, value: Tree, path: str) -> Condition:
    if not isinstance(value, bool):
        raise unexpected("a boolean", "Boolean", value, path)
    return IsNull(column) if value else Not(IsNull(column))


def _counted(relation: Relation, value: Tree, scope: Scope, path: str) -> Condition:
    other = scope.tables[relation.table]
    type_name = f"{other.graphql_name}_aggregate_bool_exp"
    if value is None:
        return ALWAYS
    if not isinstance(value, dict):
        raise unexpected("an object", type_name, value, path)
    for name in value.keys() - {"count"}:
        raise unknown_field(name, type_name, path)
    count = scope.open(value.get("count"))
    return _count(relation, other, count, scope, f"{path}.count") if count is not None else ALWAYS


def _count(relation: Relation, other: Table, value: Tree, scope: Scope, path: str) -> Counted:
    type_name = f"{other.graphql_name}_aggregate_bool_exp_count"
    if not isinstance(value, dict):
        raise unexpected("an object", type_name, value, path)
    for name in value.keys() - {"arguments", "distinct", "filter", "predicate"}:
        raise unknown_field(name, type_name, path)
    predicate = scope.open(value.get("predicate"))
    if predicate is None:
        raise RequestError("missing required field 'predicate'", f"{path}.predicate")
    return Counted(
        relation,
        counting(other, value.get("arguments"), value.get("distinct"), scope, path, "arguments"),
        condition(other, value.get("filter"), scope, f"{path}.filter"),
        comparisons(COUNTED, predicate, scope, f"{path}.predicate"),
    )


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
