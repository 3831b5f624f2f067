"""Reading which rows a field chooses: where, order_by, distinct_on, limit, offset.

The dialect. It reads the arguments of lists; what their rows show is read elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable

from deeplinks.dialect.conditions import condition
from deeplinks.dialect.ordering import distinct, order
from deeplinks.dialect.refusal import RequestError
from deeplinks.dialect.scope import Field, Scope
from deeplinks.dialect.statements import Select, Selection
from deeplinks.dialect.values import Operand, Tree
from deeplinks.tables import Table

LIST_ARGUMENTS = frozenset({"where", "order_by", "distinct_on", "limit", "offset"})


def only(field: Field, allowed: Iterable[str], path: str) -> dict[str, Tree]:
    """The field's arguments, all of them among the allowed. Raises `RequestError`."""
    arguments = field.arguments
    for name in arguments.keys() - set(allowed):
        raise RequestError(f"'{field.name}' has no argument named '{name}'", f"{path}.args.{name}")
    return arguments


def rows(table: Table, field: Field, shown: Selection, scope: Scope, path: str) -> Select:
    """The rows that the field's arguments choose, showing this. Raises `RequestError`."""
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
