"""Reading names of columns: lists of a table's select columns, what is counted, and relations that are aggregated.

The dialect. It finds what is named among what the table shows; what is done with it is decided by the reader.
"""

from __future__ import annotations

from deeplinks.dialect.refusal import not_among, unexpected
from deeplinks.dialect.scope import Scope
from deeplinks.dialect.statements import Count
from deeplinks.dialect.values import Tree
from deeplinks.tables import Column, Relation, Table

AGGREGATE = "_aggregate"


def aggregated(table: Table, name: str, scope: Scope) -> Relation | None:
    """The array relation whose rows `<relation>_aggregate` is about, where those may be aggregated."""
    relation = table.relation_by_name.get(name.removesuffix(AGGREGATE)) if name.endswith(AGGREGATE) else None
    if relation is None or not relation.many:
        return None
    return relation if "aggregate" in scope.tables[relation.table].verbs else None


def select_columns(table: Table, value: Tree, scope: Scope, path: str) -> tuple[Column, ...]:
    """The columns named, each once; null names none, and a bare name is a list of one. Raises `RequestError`."""
    value = scope.open(value)
    if value is None:
        return ()
    items = value if isinstance(value, list) else [value]
    found = (_select_column(table, scope.open(item), f"{path}[{index}]") for index, item in enumerate(items))
    return tuple(dict.fromkeys(found))


def _select_column(table: Table, value: Tree, path: str) -> Column:
    if isinstance(value, str) and value in table.by_name:
        return table.by_name[value]
    raise not_among(table.by_name, f"{table.graphql_name}_select_column", value, path)


def counting(table: Table, columns: Tree, distinct: Tree, scope: Scope, path: str, name: str) -> Count:
    """What is counted of the table's rows; `name` is what the columns are called there. Raises `RequestError`."""
    once = scope.open(distinct)
    if once is not None and not isinstance(once, bool):
        raise unexpected("a boolean", "Boolean", once, f"{path}.distinct")
    return Count(select_columns(table, columns, scope, f"{path}.{name}"), bool(once))
