"""The output types, made from the tables: rows, mutation responses, and the three roots.

The server. It says what a client may ask for; every field is answered by the dialect's SQL.
"""

from __future__ import annotations

from collections.abc import Mapping

from deeplinks.dialect.columns import AGGREGATE
from deeplinks.dialect.operation import ROOTS
from deeplinks.server.aggregates import forge_aggregate
from deeplinks.server.forging import Forge, Part, Shape, many, maybe
from deeplinks.server.inputs import STREAMED, operations, scalar
from deeplinks.tables import TABLES, Column, Relation, Table

# A schema has to have a query: for those who see no table at all.
NO_QUERIES = {"no_queries_available": Part(str, "no table may be seen by this role")}


def forge_outputs(forge: Forge) -> tuple[type, type | None, type | None]:
    """All output types; what comes back are the roots of queries, mutations and subscriptions, as far as there are any."""
    tables = forge.tables.values()
    shown = [table for table in tables if "select" in table.verbs]
    for table in shown:
        _row(forge, table)
        if "aggregate" in table.verbs:
            forge_aggregate(forge, table)
    for table in tables:
        if table.verbs & {"insert", "update", "delete"}:
            _response(forge, table)
    queries = {name: part for table in shown for name, part in _queries(forge, table).items()}
    streams = {f"{table.graphql_name}_stream": _stream(forge, table) for table in shown if table.name in STREAMED}
    changes = {name: part for table in tables for name, part in _mutations(forge, table).items()}
    return (
        forge.output("query_root", queries or NO_QUERIES),
        forge.output("mutation_root", changes) if changes else None,
        forge.output("subscription_root", {**queries, **streams}) if queries else None,
    )


def _row(forge: Forge, table: Table) -> None:
    columns = {each.name: _column(each) for each in table.columns}
    relations = {each.name: _relation(forge, table, each) for each in table.relations}
    figures = {
        f"{each.name}{AGGREGATE}": _aggregate(forge, forge.tables[each.table])
        for each in table.relations
        if each.many and "aggregate" in forge.tables[each.table].verbs
    }
    forge.output(table.graphql_name, {**columns, **relations, **figures}, f'A row of "deep.{table.name}".')


def _column(column: Column) -> Part:
    shape = maybe(scalar(column)) if column.nullable else scalar(column)
    path = {"path": Part(maybe(str), "a path into the value, like $.a.b or a[0]")}
    return Part(shape, arguments=path if column.scalar == "jsonb" else None)


def _aggregate(forge: Forge, table: Table) -> Part:
    shape = forge.named(f"{table.graphql_name}{AGGREGATE}")
    return Part(shape, f'what is told of rows of "deep.{table.name}"', _list_arguments(forge, table))


def _relation(forge: Forge, table: Table, relation: Relation) -> Part:
    other = forge.tables[relation.table]
    shape = forge.named(other.graphql_name)
    if relation.many:
        return Part(many(shape), "the rows at the other side", _list_arguments(forge, other))
    # A reference may dangle; the link of a data row is held by a foreign key.
    certain = forge.tables is TABLES and not table.by_name[relation.ours].nullable
    # Whoever sees not all rows may miss it all the same.
    return Part(shape if certain else maybe(shape), "the row at the other side")


def _list_arguments(forge: Forge, table: Table) -> Mapping[str, Part]:
    name = table.graphql_name
    return {
        "distinct_on": Part(maybe(many(forge.named(f"{name}_select_column"))), "of rows alike in these, the first"),
        "limit": Part(maybe(int), "at most so many rows"),
        "offset": Part(maybe(int), "leave out the first rows; give an order with it"),
        "order_by": Part(maybe(many(forge.named(f"{name}_order_by"))), "sort by these, the first counts most"),
        "where": Part(maybe(forge.named(f"{name}_bool_exp")), "which rows"),
    }


def _key(table: Table) -> Mapping[str, Part]:
    return {name: Part(scalar(table.by_name[name]), required=True) for name in table.key if name in table.by_name}


def _queries(forge: Forge, table: Table) -> Mapping[str, Part]:
    name = table.graphql_name
    shape = forge.named(name)
    rows = {name: Part(many(shape), f'rows of "deep.{table.name}"', _list_arguments(forge, table))}
    if "aggregate" in table.verbs:
        rows[f"{name}{AGGREGATE}"] = _aggregate(forge, table)
    if not table.keyed:
        return rows
    return {**rows, f"{name}_by_pk": Part(maybe(shape), f'a row of "deep.{table.name}" by its key', _key(table))}


def _stream(forge: Forge, table: Table) -> Part:
    name = table.graphql_name
    arguments = {
        "batch_size": Part(int, "at most so many rows at a time", required=True),
        "cursor": Part(many(maybe(forge.named(f"{name}_stream_cursor_input"))), "where to begin", required=True),
        "where": Part(maybe(forge.named(f"{name}_bool_exp")), "which rows"),
    }
    return Part(many(forge.named(name)), f'rows of "deep.{table.name}" in batches, then those that come', arguments)


def _response(forge: Forge, table: Table) -> None:
    parts = {"affected_rows": Part(int, "how many rows were touched")}
    if "select" in table.verbs:
        parts["returning"] = Part(many(forge.named(table.graphql_name)), "the rows that were touched")
    forge.output(f"{table.graphql_name}_mutation_response", parts, f'What became of rows of "deep.{table.name}".')


def _mutations(forge: Forge, table: Table) -> Mapping[str, Part]:
    made: dict[str, Part] = {}
    if "delete" in table.verbs:
        made |= _deletes(forge, table)
    if "insert" in table.verbs:
        made |= _inserts(forge, table)
    if "update" in table.verbs:
        made |= _updates(forge, table)
    roots = (ROOTS["mutation", name] for name in made)
    return {root.name: made[root.name] for root in roots if root.there(forge.tables)}


def _shapes(forge: Forge, table: Table) -> tuple[Shape, Shape]:
    name = table.graphql_name
    return maybe(forge.named(f"{name}_mutation_response")), maybe(forge.named(name))


def _deletes(forge: Forge, table: Table) -> Mapping[str, Part]:
    name = table.graphql_name
    response, row = _shapes(forge, table)
    where = Part(forge.named(f"{name}_bool_exp"), "which rows; {} is all of them", required=True)
    return {
        f"delete_{name}": Part(response, f'delete rows of "deep.{table.name}"', {"where": where}),
        f"delete_{name}_by_pk": Part(row, f'delete a row of "deep.{table.name}"', _key(table)),
    }


def _inserts(forge: Forge, table: Table) -> Mapping[str, Part]:
    name = table.graphql_name
    response, row = _shapes(forge, table)
    given = forge.named(f"{name}_insert_input")
    several = {"objects": Part(many(given), "the rows", required=True)}
    single = {"object": Part(given, "the row", required=True)}
    if table.conflicts:
        conflict = Part(maybe(forge.named(f"{name}_on_conflict")), "what becomes of rows whose key is there")
        several["on_conflict"] = single["on_conflict"] = conflict
    return {
        f"insert_{name}": Part(response, f'insert rows into "deep.{table.name}"', several),
        f"insert_{name}_one": Part(row, f'insert a row into "deep.{table.name}"', single),
    }


def _updates(forge: Forge, table: Table) -> Mapping[str, Part]:
    name = table.graphql_name
    response, row = _shapes(forge, table)
    changes = operations(forge, table)
    where = Part(forge.named(f"{name}_bool_exp"), "which rows; {} is all of them", required=True)
    key = Part(forge.named(f"{name}_pk_columns_input"), "which row", required=True)
    updates = Part(many(forge.named(f"{name}_updates")), "the updates, in order", required=True)
    return {
        f"update_{name}": Part(response, f'update rows of "deep.{table.name}"', {**changes, "where": where}),
        f"update_{name}_by_pk": Part(row, f'update a row of "deep.{table.name}"', {**changes, "pk_columns": key}),
        f"update_{name}_many": Part(
            maybe(many(response)), f'update rows of "deep.{table.name}", in order', {"updates": updates}
        ),
    }
