"""Reading `T_stream`: from which value of which column on, in which direction, how many rows at a time.

The dialect. It reads what a stream is; where a reader of one is, and what comes next, is found out elsewhere.
"""

from __future__ import annotations

from deeplinks.dialect.conditions import condition
from deeplinks.dialect.refusal import RequestError, not_among, unexpected, unknown_field
from deeplinks.dialect.scope import Field, Scope
from deeplinks.dialect.selections import only, selection
from deeplinks.dialect.statements import Stream
from deeplinks.dialect.values import Operand, Tree
from deeplinks.tables import Column, Table

# Whether it descends.
ORDERINGS = {"ASC": False, "DESC": True}


def stream(table: Table, field: Field, scope: Scope, path: str) -> Stream:
    """`T_stream`: rows in the order of one column, in batches. Raises `RequestError`."""
    arguments = only(field, ("batch_size", "cursor", "where"), path)
    for name in ("batch_size", "cursor"):
        if name not in arguments:
            raise RequestError(f"missing required field '{name}'", f"{path}.args.{name}")
    column, initial, descending = _cursor(table, arguments["cursor"], scope, f"{path}.args.cursor")
    return Stream(
        table,
        selection(table, field.selections, scope, path),
        column,
        descending,
        initial,
        Operand(arguments["batch_size"], "batch size", f"{path}.args.batch_size"),
        condition(table, arguments.get("where"), scope, f"{path}.args.where"),
    )


def _cursor(table: Table, value: Tree, scope: Scope, path: str) -> tuple[Column, Operand, bool]:
    """The one column, the value after which it begins, and whether it descends."""
    value = scope.open(value)
    items = value if isinstance(value, list) else [value]
    given = [item for item in map(scope.open, items) if item is not None]
    if len(given) != 1:
        raise _not_one(path, len(given))
    parts = _object(given[0], f"{table.graphql_name}_stream_cursor_input", path)
    for name in parts.keys() - {"initial_value", "ordering"}:
        raise unknown_field(name, f"{table.graphql_name}_stream_cursor_input", path)
    column, initial = _initial(table, scope.open(parts.get("initial_value")), f"{path}.initial_value")
    return column, initial, _descending(scope.open(parts.get("ordering")), f"{path}.ordering")


def _initial(table: Table, value: Tree, path: str) -> tuple[Column, Operand]:
    type_name = f"{table.graphql_name}_stream_cursor_value_input"
    values = _object(value, type_name, path)
    for name in values:
        if name not in table.by_name:
            raise unknown_field(name, type_name, path)
    if len(values) != 1:
        raise _not_one(path, len(values))
    ((name, initial),) = values.items()
    column = table.by_name[name]
    return column, Operand(initial, column.scalar, f"{path}.{name}")


def _descending(value: Tree, path: str) -> bool:
    if value is None:
        return False
    if not isinstance(value, str) or value not in ORDERINGS:
        raise not_among(ORDERINGS, "cursor_ordering", value, path)
    return ORDERINGS[value]


def _object(value: Tree, type_name: str, path: str) -> dict[str, Tree]:
    if not isinstance(value, dict):
        raise unexpected("an object", type_name, value, path)
    return value


def _not_one(path: str, count: int) -> RequestError:
    why = "multiple column cursors are not supported" if count > 1 else "one streaming column field is expected"
    return RequestError(why, path)
