"""What is to be answered of rows: `returning=["id", {"link": ["_type"]}]` becomes fields, and the shape of the answer.

The client. It knows columns and relations; values and verbs are made elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from graphql.language import FieldNode

from deeplinks.client.documents import Document, field
from deeplinks.client.tables import check_known, plain, unknown
from deeplinks.client.values import READERS, Read, Shape, whole
from deeplinks.dialect.functions import EXTREMES, FUNCTIONS
from deeplinks.errors import InvalidError, WrongTypeError
from deeplinks.tables import TABLES, Relation, Table

Item: TypeAlias = "str | Mapping[str, object]"
Returning: TypeAlias = "Sequence[Item]"

# Functions that answer with the column's own type; the others answer with a float.
OWN: Final = EXTREMES | {"sum"}
AGGREGATE: Final = "_aggregate"
COUNTS: Final = frozenset({"count", "columns", "distinct", *FUNCTIONS})


def floating(value: Any) -> Any:
    """A float that came as text."""
    return float(value) if isinstance(value, str) else value


def list_types(table: Table) -> dict[str, str]:
    """The types of a list's arguments."""
    name = table.graphql_name
    return {
        "distinct_on": f"[{name}_select_column!]",
        "limit": "Int",
        "offset": "Int",
        "order_by": f"[{name}_order_by!]",
        "where": f"{name}_bool_exp",
    }


class Selecting:
    """Fields of rows, for one document."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def rows(self, table: Table, returning: Returning | None) -> tuple[list[FieldNode], Shape]:
        """The fields of a row, and where in it numbers are. Raises `InvalidError`."""
        if isinstance(returning, str | Mapping):
            raise WrongTypeError(what="returning", expected='a list, as ["id", {"link": ["_type"]}]', value=returning)
        fields, shape = list[FieldNode](), Shape()
        for item in plain(table) if returning is None else returning:
            for name, inside in _pairs(item):
                fields.append(self._field(table, name, inside, shape))
        if not fields:
            raise InvalidError(what="returning", why="it is empty; name one column at least")
        return fields, shape

    def figures(self, table: Table, given: Mapping[str, object]) -> tuple[FieldNode, Shape]:
        """The field `aggregate` with what is asked of it. Raises `InvalidError`."""
        shape, fields = Shape(), list[FieldNode]()
        if given.get("count", not any(map(given.get, FUNCTIONS))):
            fields.append(self._count(table, given))
            shape.numbers["count"] = whole
        for function in FUNCTIONS:
            if columns := given.get(function):
                shape.inner[function] = inner = Shape()
                fields.append(field(function, [_measured(table, function, one, inner) for one in _list(columns)]))
        return field("aggregate", fields), shape

    def _count(self, table: Table, given: Mapping[str, object]) -> FieldNode:
        types = {"columns": f"[{table.graphql_name}_select_column!]", "distinct": "Boolean"}
        arguments = {name: given.get(name) or None for name in types}
        return field("count", arguments=self._document.arguments(types, arguments))

    def _field(self, table: Table, name: str, inside: Any, shape: Shape) -> FieldNode:
        options: Mapping[str, Any] = dict(inside) if isinstance(inside, Mapping) else {}  # pyright: ignore[reportUnknownArgumentType]
        key = options.get("as") or name
        if name in table.by_name:
            return self._column(table, name, options, key, shape)
        if name.removesuffix(AGGREGATE) != name:
            relation = _relation(table, name.removesuffix(AGGREGATE))
            return self._aggregated(relation, name, options, key, shape)
        relation = _relation(table, name)
        other = TABLES[relation.table]
        returning = options.get("returning") if isinstance(inside, Mapping) else inside
        selections, shape.inner[key] = self.rows(other, returning)
        arguments = self._arguments(relation, options, ("as", "returning"))
        return field(name, selections, arguments, options.get("as"))

    def _column(self, table: Table, name: str, options: Mapping[str, Any], key: str, shape: Shape) -> FieldNode:
        check_known(f"option of {name!r}", options, ("as", "path"))
        scalar = table.by_name[name].scalar
        if scalar in READERS:
            shape.numbers[key] = READERS[scalar]
        path = {"path": options.get("path")}
        return field(name, arguments=self._document.arguments({"path": "String"}, path), alias=options.get("as"))

    def _aggregated(
        self, relation: Relation, name: str, options: Mapping[str, Any], key: str, shape: Shape
    ) -> FieldNode:
        figures, inner = self.figures(TABLES[relation.table], options)
        shape.inner[key] = Shape(inner={"aggregate": inner})
        arguments = self._arguments(relation, options, ("as", *COUNTS))
        return field(name, [figures], arguments, options.get("as"))

    def _arguments(self, relation: Relation, options: Mapping[str, Any], others: Sequence[str]) -> Any:
        types = list_types(TABLES[relation.table]) if relation.many else {}
        check_known(f"option of {relation.name!r}", options, (*types, *others))
        return self._document.arguments(types, {name: options[name] for name in types if name in options})


def _pairs(item: Any) -> list[tuple[str, Any]]:
    if isinstance(item, str):
        return [(item, None)]
    if isinstance(item, Mapping):
        return list(item.items())  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    raise WrongTypeError(what="returning", expected='names and mappings, as "id" and {"link": ["_type"]}', value=item)


def _relation(table: Table, name: str) -> Relation:
    relation = table.relation_by_name.get(name)
    if relation is None:
        raise unknown(f"field of {table.graphql_name}", name, [*table.by_name, *table.relation_by_name])
    return relation


def _measured(table: Table, function: str, name: str, shape: Shape) -> FieldNode:
    column = table.by_name.get(name)
    if column is None:
        raise unknown(f"column of {table.graphql_name}", name, table.by_name)
    read: Read | None = READERS.get(column.scalar) if function in OWN else floating
    if read is not None:
        shape.numbers[name] = read
    return field(name)


def _list(value: Any) -> Sequence[str]:
    return [value] if isinstance(value, str) else value
