"""Hasura's aggregate functions, said once: over which columns each is, and the scalar of what it tells.

The dialect. Names and kinds; what a function makes of rows is for SQL, or whoever interprets, to know.
"""

from __future__ import annotations

from collections.abc import Iterable

from deeplinks.tables import Column, Table

NUMBERS = frozenset({"bigint", "numeric"})
# What has no order that PostgreSQL would give an extreme of.
UNORDERED = frozenset({"jsonb", "Boolean"})
EXTREMES = frozenset({"max", "min"})
FUNCTIONS = (
    "avg",
    "max",
    "min",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "sum",
    "var_pop",
    "var_samp",
    "variance",
)


def measured(function: str, columns: Iterable[Column]) -> dict[str, Column]:
    """The columns that the function is about."""
    if function in EXTREMES:
        return {column.name: column for column in columns if column.scalar not in UNORDERED}
    return {column.name: column for column in columns if column.scalar in NUMBERS}


def functions(table: Table) -> dict[str, dict[str, Column]]:
    """The functions that are about some column of the table, with these columns."""
    found = {function: measured(function, table.columns) for function in FUNCTIONS}
    return {function: columns for function, columns in found.items() if columns}


def told(function: str, column: Column) -> str:
    """The scalar of what the function tells of the column."""
    return column.scalar if function in EXTREMES or function == "sum" else "Float"
