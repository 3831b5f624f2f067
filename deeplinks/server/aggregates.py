"""The types of aggregates, made from the tables: what may be told of many rows at once.

The server. It says what a client may ask for; every figure is made by the dialect's SQL.
"""

from __future__ import annotations

from deeplinks.dialect.columns import AGGREGATE
from deeplinks.dialect.functions import functions, told
from deeplinks.server.forging import SCALAR_TYPES, Forge, Part, many, maybe
from deeplinks.tables import Table


def forge_aggregate(forge: Forge, table: Table) -> None:
    """`T_aggregate`, and the types inside it."""
    name = table.graphql_name
    parts = {
        "aggregate": Part(maybe(_figures(forge, table)), "figures over all of the rows"),
        "nodes": Part(many(forge.named(name)), "the rows themselves"),
    }
    forge.output(f"{name}{AGGREGATE}", parts, f'What is told of rows of "deep.{table.name}".')


def _figures(forge: Forge, table: Table) -> type:
    name = table.graphql_name
    counted = {
        "columns": Part(
            maybe(many(forge.named(f"{name}_select_column"))), "rows where they are not null; none: all rows"
        ),
        "distinct": Part(maybe(bool), "count different values"),
    }
    parts = {"count": Part(int, "how many", counted)}
    for function in functions(table):
        parts[function] = Part(maybe(_measures(forge, table, function)), f"{function} of columns")
    return forge.output(f"{name}_aggregate_fields", parts, f'Figures over rows of "deep.{table.name}".')


def _measures(forge: Forge, table: Table, function: str) -> type:
    parts = {
        name: Part(maybe(SCALAR_TYPES[told(function, column)])) for name, column in functions(table)[function].items()
    }
    said = f'{function} of columns of "deep.{table.name}".'
    return forge.output(f"{table.graphql_name}_{function}_fields", parts, said)
