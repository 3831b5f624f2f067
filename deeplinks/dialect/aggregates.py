"""Reading aggregates: figures over the rows that a field chooses, and these rows as nodes.

The dialect. It reads what is to be told of rows; nothing is counted here.
"""

from __future__ import annotations

from collections.abc import Callable

from deeplinks.dialect.columns import counting
from deeplinks.dialect.functions import functions
from deeplinks.dialect.refusal import unknown_field
from deeplinks.dialect.scope import TYPENAME, Field, Scope, fields
from deeplinks.dialect.selecting import only, rows
from deeplinks.dialect.statements import Aggregate, Figures, Measure, Measures, Nodes, Selection, Tell, Typename
from deeplinks.tables import Column, Table

Shows = Callable[[Table, Field, Scope, str], Selection]


def aggregate(table: Table, field: Field, scope: Scope, path: str, shows: Shows) -> Aggregate:
    """Figures and nodes over the rows that the field's arguments choose; `shows` reads what a node shows.

    Raises `RequestError`.
    """
    type_name, inside = f"{table.graphql_name}_aggregate", f"{path}.selectionSet"
    parts: list[Figures | Nodes | Typename] = []
    for part in fields(field.selections, type_name, scope):
        match part.name:
            case "nodes":
                only(part, (), f"{inside}.nodes")
                parts.append(Nodes(part.key, shows(table, part, scope, f"{inside}.nodes")))
            case "aggregate":
                only(part, (), f"{inside}.aggregate")
                parts.append(_figures(table, part, scope, f"{inside}.aggregate"))
            case name if name == TYPENAME:
                parts.append(Typename(part.key, type_name))
            case name:
                raise unknown_field(name, type_name, inside)
    return Aggregate(rows(table, field, (), scope, path), tuple(parts))


def _figures(table: Table, field: Field, scope: Scope, path: str) -> Figures:
    type_name, inside = f"{table.graphql_name}_aggregate_fields", f"{path}.selectionSet"
    parts = (_told(table, part, type_name, scope, inside) for part in fields(field.selections, type_name, scope))
    return Figures(field.key, tuple(parts))


def _told(table: Table, field: Field, type_name: str, scope: Scope, path: str) -> Tell | Measures | Typename:
    inside = f"{path}.{field.name}"
    if field.name == TYPENAME:
        return Typename(field.key, type_name)
    if field.name == "count":
        given = only(field, ("columns", "distinct"), inside)
        figure = counting(table, given.get("columns"), given.get("distinct"), scope, f"{inside}.args", "columns")
        return Tell(field.key, figure)
    columns = functions(table).get(field.name)
    if columns is None:
        raise unknown_field(field.name, type_name, path)
    only(field, (), inside)
    return _measures(table, field, columns, scope, inside)


def _measures(table: Table, field: Field, columns: dict[str, Column], scope: Scope, path: str) -> Measures:
    type_name, inside = f"{table.graphql_name}_{field.name}_fields", f"{path}.selectionSet"
    parts: list[Tell | Typename] = []
    for part in fields(field.selections, type_name, scope):
        if part.name == TYPENAME:
            parts.append(Typename(part.key, type_name))
            continue
        if part.name not in columns:
            raise unknown_field(part.name, type_name, inside)
        only(part, (), f"{inside}.{part.name}")
        parts.append(Tell(part.key, Measure(field.name, columns[part.name])))
    return Measures(field.key, tuple(parts))
