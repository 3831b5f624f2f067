"""The verbs as requests: what a caller gives, in Hasura's words, becomes one document with variables.

The client. It checks names and shapes; what values mean is the server's to say. Nothing is sent here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias, TypedDict

from graphql import OperationType
from graphql.language import FieldNode

from deeplinks.client.documents import Document, Request, field
from deeplinks.client.returning import Returning, Selecting, list_types
from deeplinks.client.tables import check_known, table_of, unknown
from deeplinks.client.values import Shape, whole
from deeplinks.errors import InvalidError, WrongTypeError
from deeplinks.tables import Table

Where: TypeAlias = "Mapping[str, object]"
OrderBy: TypeAlias = "Mapping[str, object] | Sequence[Mapping[str, object]]"
Row: TypeAlias = "dict[str, object]"


class Changes(TypedDict, total=False):
    """What an update may do to columns, in Hasura's words."""

    _set: Where
    _inc: Where
    _append: Where
    _prepend: Where
    _delete_key: Where
    _delete_elem: Where
    _delete_at_path: Where


class Figures(TypedDict, total=False):
    """What may be told of many rows: how many, and functions of columns."""

    count: bool
    columns: Sequence[str]
    distinct: bool
    avg: Sequence[str]
    max: Sequence[str]
    min: Sequence[str]
    stddev: Sequence[str]
    stddev_pop: Sequence[str]
    stddev_samp: Sequence[str]
    sum: Sequence[str]
    var_pop: Sequence[str]
    var_samp: Sequence[str]
    variance: Sequence[str]


CHANGES: Final = tuple(Changes.__annotations__)
FIGURES: Final = tuple(Figures.__annotations__)


def select(
    kind: OperationType, table: str, pk_columns: Where | None, returning: Returning | None, given: Mapping[str, object]
) -> Request:
    """A list, or the row with a key."""
    found, document = table_of(table), Document(kind)
    selections, shape = Selecting(document).rows(found, returning)
    if pk_columns is None:
        arguments = document.arguments(list_types(found), given)
        return document.request(field(found.graphql_name, selections, arguments), shape)
    _check_alone("pk_columns", given)
    arguments = document.arguments(_key_types(found), _key(found, pk_columns))
    return document.request(field(f"{found.graphql_name}_by_pk", selections, arguments), shape)


def stream(
    table: str,
    cursor: Mapping[str, object],
    ordering: str,
    batch_size: int,
    where: Where | None,
    returning: Returning | None,
) -> Request:
    """A stream from a value of one column on."""
    found, document = table_of(table), Document(OperationType.SUBSCRIPTION)
    if len(cursor) != 1:
        raise WrongTypeError(what="cursor", expected='one column and where to begin, as {"_i": 0}', value=cursor)
    selections, shape = Selecting(document).rows(found, returning)
    name = found.graphql_name
    types = {"batch_size": "Int!", "cursor": f"[{name}_stream_cursor_input]!", "where": f"{name}_bool_exp"}
    begin = [{"initial_value": dict(cursor), "ordering": ordering.upper()}]
    arguments = document.arguments(types, {"batch_size": batch_size, "cursor": begin, "where": where})
    return document.request(field(f"{name}_stream", selections, arguments), shape)


def aggregate(table: str, figures: Mapping[str, object], given: Mapping[str, object]) -> Request:
    """Figures about rows."""
    found, document = table_of(table), Document(OperationType.QUERY)
    check_known("figure", figures, FIGURES)
    asked, shape = Selecting(document).figures(found, figures)
    arguments = document.arguments(list_types(found), given)
    root = field(f"{found.graphql_name}_aggregate", [asked], arguments)
    return document.request(root, Shape(inner={"aggregate": shape}))


def insert(
    table: str, row: Where | None, objects: Sequence[Where] | None, conflict: Where | None, returning: Returning | None
) -> Request:
    """New rows, or one."""
    found, document = table_of(table), Document(OperationType.MUTATION)
    if (row is None) == (objects is None):
        raise InvalidError(what="insert", why="give object= for one row, or objects= for a list of them")
    name = found.graphql_name
    types = {
        "object": f"{name}_insert_input!",
        "objects": f"[{name}_insert_input!]!",
        "on_conflict": f"{name}_on_conflict",
    }
    arguments = document.arguments(types, {"object": row, "objects": objects, "on_conflict": conflict})
    if row is None:
        return _several(document, found, f"insert_{name}", arguments, returning)
    return _single(document, found, f"insert_{name}_one", arguments, returning)


def update(
    table: str,
    where: Where | None,
    pk_columns: Where | None,
    changes: Mapping[str, object],
    returning: Returning | None,
) -> Request:
    """New values for the rows that are so, or for the one with a key."""
    found, document = table_of(table), Document(OperationType.MUTATION)
    _check_which("update", where, pk_columns)
    name = found.graphql_name
    types = {change: f"{name}{change}_input" for change in CHANGES}
    check_known("change", changes, CHANGES)
    if not any(value is not None for value in changes.values()):
        raise InvalidError(what="update", why=f"it changes nothing; give one of {', '.join(CHANGES)}")
    if pk_columns is None:
        arguments = document.arguments({"where": f"{name}_bool_exp!", **types}, {"where": where, **changes})
        return _several(document, found, f"update_{name}", arguments, returning)
    types["pk_columns"] = f"{name}_pk_columns_input!"
    arguments = document.arguments(types, {"pk_columns": _key(found, pk_columns), **changes})
    return _single(document, found, f"update_{name}_by_pk", arguments, returning)


def update_many(table: str, updates: Sequence[Where], returning: Returning | None) -> Request:
    """Updates in order, each with an answer of its own."""
    found, document = table_of(table), Document(OperationType.MUTATION)
    name = found.graphql_name
    arguments = document.arguments({"updates": f"[{name}_updates!]!"}, {"updates": updates})
    return _several(document, found, f"update_{name}_many", arguments, returning)


def delete(table: str, where: Where | None, pk_columns: Where | None, returning: Returning | None) -> Request:
    """The rows that are so, or the one with a key, gone."""
    found, document = table_of(table), Document(OperationType.MUTATION)
    _check_which("delete", where, pk_columns)
    name = found.graphql_name
    if pk_columns is None:
        arguments = document.arguments({"where": f"{name}_bool_exp!"}, {"where": where})
        return _several(document, found, f"delete_{name}", arguments, returning)
    arguments = document.arguments(_key_types(found), _key(found, pk_columns))
    return _single(document, found, f"delete_{name}_by_pk", arguments, returning)


def _several(document: Document, table: Table, name: str, arguments: Any, returning: Returning | None) -> Request:
    selections, shape = Selecting(document).rows(table, returning)
    parts = [field("affected_rows"), field("returning", selections)]
    return document.request(field(name, parts, arguments), Shape({"affected_rows": whole}, {"returning": shape}))


def _single(document: Document, table: Table, name: str, arguments: Any, returning: Returning | None) -> Request:
    selections: list[FieldNode]
    selections, shape = Selecting(document).rows(table, returning)
    return document.request(field(name, selections, arguments), shape)


def _key_types(table: Table) -> dict[str, str]:
    return {name: f"{table.by_name[name].scalar}!" for name in table.key}


def _key(table: Table, given: Where) -> Where:
    """The key, whole. Raises `InvalidError`."""
    for name in given:
        if name not in table.key:
            raise unknown(f"column of the key of {table.graphql_name}", name, table.key)
    for name in table.key:
        if given.get(name) is None:
            raise InvalidError(what="pk_columns", why=f"{name!r} is missing; the key is {', '.join(table.key)}")
    return given


def _check_which(verb: str, where: Where | None, pk_columns: Where | None) -> None:
    if (where is None) == (pk_columns is None):
        raise InvalidError(what=verb, why="say which rows by where=, {} for all of them, or the one by pk_columns=")


def _check_alone(name: str, given: Mapping[str, object]) -> None:
    others = [other for other, value in given.items() if value is not None]
    if others:
        raise InvalidError(what=name, why=f"it names one row, and goes without {', '.join(others)}")
