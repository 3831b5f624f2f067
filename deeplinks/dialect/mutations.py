"""Reading mutations: inserts, updates and deletes, and the answers they are asked for.

The dialect. It reads what shall change; nothing changes here.
"""

from __future__ import annotations

from deeplinks.dialect.changes import changes, operators
from deeplinks.dialect.conditions import condition, key_condition
from deeplinks.dialect.conflicts import on_conflict
from deeplinks.dialect.nesting import Layer, layers
from deeplinks.dialect.payload import Objects, flat
from deeplinks.dialect.refusal import RequestError, unexpected, unknown_field
from deeplinks.dialect.scope import TYPENAME, Field, Scope, as_tree, fields
from deeplinks.dialect.selecting import only
from deeplinks.dialect.selections import selection
from deeplinks.dialect.statements import (
    Affected,
    And,
    Answer,
    Condition,
    Delete,
    Insert,
    One,
    Outcome,
    Returning,
    Typename,
    Update,
    UpdateMany,
)
from deeplinks.dialect.values import Operand, Tree, Value
from deeplinks.tables import Table


def insert(table: Table, field: Field, scope: Scope, path: str) -> Insert:
    """`insert_T`: rows, in the order given."""
    return _insert(table, field, scope, path, "objects", outcome(table, field, scope, path))


def insert_one(table: Table, field: Field, scope: Scope, path: str) -> Insert:
    """`insert_T_one`: one row, answered by itself, or by null where a conflict ignored it."""
    return _insert(table, field, scope, path, "object", one(table, field, scope, path))


def _insert(table: Table, field: Field, scope: Scope, path: str, name: str, answer: Answer) -> Insert:
    arguments = only(field, (name, "on_conflict") if table.conflicts else (name,), path)
    rows = Operand(required(arguments, name, path), "rows", f"{path}.args.{name}")
    conflict = on_conflict(table, scope.open(arguments.get("on_conflict")), scope, f"{path}.args.on_conflict")
    return Insert(table, rows, conflict, answer, scope.tables)


def new_rows(statement: Insert, value: Value) -> Objects | list[Layer]:
    """The rows of an insert, now that their value is known: flat ones, or layers where they bring others along.

    Raises `RequestError`.
    """
    table, path = statement.table, statement.rows.path
    single = isinstance(statement.answer, One)
    if value is None or (single and not isinstance(value, dict)):
        raise unexpected("an object" if single else "a list", f"{table.graphql_name}_insert_input", value, path)
    rows = flat(table, value, path, "insert_input", "", table.insert_by_name)
    return layers(table, value, path, statement.tables, statement.on_conflict) if rows is None else rows


def update(table: Table, field: Field, scope: Scope, path: str) -> Update:
    """`update_T`: the same changes for all rows that are so."""
    arguments = only(field, ("where", *operators(table)), path)
    where = condition(table, _present(arguments, "where", scope, path), scope, f"{path}.args.where")
    return Update(table, where, changes(table, arguments, scope, f"{path}.args"), outcome(table, field, scope, path))


def update_by_key(table: Table, field: Field, scope: Scope, path: str) -> Update:
    """`update_T_by_pk`: changes of one row, answered by it, or by null where it is not there."""
    arguments = only(field, ("pk_columns", *operators(table)), path)
    key = _present(arguments, "pk_columns", scope, path)
    if not isinstance(key, dict):
        raise unexpected("an object", f"{table.graphql_name}_pk_columns_input", key, f"{path}.args.pk_columns")
    where = And(key_condition(table, key, f"{path}.args.pk_columns"))
    return Update(table, where, changes(table, arguments, scope, f"{path}.args"), one(table, field, scope, path))


def update_many(table: Table, field: Field, scope: Scope, path: str) -> UpdateMany:
    """`update_T_many`: updates in written order, an answer each."""
    arguments = only(field, ("updates",), path)
    updates = Operand(required(arguments, "updates", path), "updates", f"{path}.args.updates")
    return UpdateMany(table, updates, outcome(table, field, scope, path), scope.tables)


def updates_of(statement: UpdateMany, value: Value) -> list[Value]:
    """The updates, now that their value is known. Raises `RequestError`."""
    if value is None:
        type_name = f"[{statement.table.graphql_name}_updates!]"
        raise unexpected("a list", type_name, value, statement.updates.path)
    return value if isinstance(value, list) else [value]


def each_update(statement: UpdateMany, value: Value) -> list[Update]:
    """The updates as statements of their own, without variables. Raises `RequestError`."""
    path = statement.updates.path
    updates = updates_of(statement, value)
    return [_one_update(statement, each, f"{path}[{number}]") for number, each in enumerate(updates)]


def _one_update(statement: UpdateMany, value: Value, path: str) -> Update:
    table = statement.table
    if not isinstance(value, dict):
        raise unexpected("an object", f"{table.graphql_name}_updates", value, path)
    for name in value.keys() - {"where", *operators(table)}:
        raise unknown_field(name, f"{table.graphql_name}_updates", path)
    if value.get("where") is None:
        raise RequestError("missing required field 'where'", f"{path}.where")
    parts, scope = {name: as_tree(part) for name, part in value.items()}, Scope({}, tables=statement.tables)
    where = condition(table, parts["where"], scope, f"{path}.where")
    return Update(table, where, changes(table, parts, scope, path), statement.answer)


def delete(table: Table, field: Field, scope: Scope, path: str) -> Delete:
    """`delete_T`: the rows that are so."""
    arguments = only(field, ("where",), path)
    where = condition(table, _present(arguments, "where", scope, path), scope, f"{path}.args.where")
    return Delete(table, where, outcome(table, field, scope, path))


def delete_by_key(table: Table, field: Field, scope: Scope, path: str) -> Delete:
    """`delete_T_by_pk`: one row, answered as it was, or null where it was not there."""
    arguments = only(field, table.key, path)
    where: Condition = And(key_condition(table, arguments, f"{path}.args"))
    return Delete(table, where, one(table, field, scope, path))


def required(arguments: dict[str, Tree], name: str, path: str) -> Tree:
    """An argument that has to be there. Raises `RequestError`."""
    if name not in arguments:
        raise RequestError(f"missing required field '{name}'", f"{path}.args.{name}")
    return arguments[name]


def _present(arguments: dict[str, Tree], name: str, scope: Scope, path: str) -> Tree:
    # Null means "all rows" in a query's filter; a mutation's has to be said.
    value = scope.open(required(arguments, name, path))
    if value is None:
        raise unexpected("an object", name, None, f"{path}.args.{name}")
    return value


def one(table: Table, field: Field, scope: Scope, path: str) -> One:
    """The row itself as the answer."""
    return One(selection(table, field.selections, scope, path))


def outcome(table: Table, field: Field, scope: Scope, path: str) -> Outcome:
    """A mutation response as the answer. Raises `RequestError`."""
    type_name = f"{table.graphql_name}_mutation_response"
    return Outcome(
        tuple(_part(table, part, type_name, scope, path) for part in fields(field.selections, type_name, scope))
    )


def _part(table: Table, field: Field, type_name: str, scope: Scope, path: str) -> Affected | Returning | Typename:
    match field.name:
        case "affected_rows":
            return Affected(field.key)
        case "returning" if "select" in table.verbs:
            return Returning(field.key, selection(table, field.selections, scope, f"{path}.selectionSet.returning"))
        case name if name == TYPENAME:
            return Typename(field.key, type_name)
        case name:
            raise unknown_field(name, type_name, f"{path}.selectionSet")
