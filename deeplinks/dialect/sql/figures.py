"""Figures over rows as SQL: what PostgreSQL's aggregate functions tell of rows that have an alias already.

The dialect's SQL. Expressions only; which rows there are is written elsewhere.
"""

from __future__ import annotations

from deeplinks.dialect.sql.writer import quoted, words
from deeplinks.dialect.statements import Count, Figure, Measure


def figure(alias: str, asked: Figure) -> str:
    """What is told of the rows called `alias`."""
    return counted(alias, asked) if isinstance(asked, Count) else measured(alias, asked)


def measured(alias: str, measure: Measure) -> str:
    """What a function tells of a column of the rows called `alias`."""
    name = f"{alias}.{quoted(measure.column.name)}"
    if measure.column.scalar == "uuid":
        # PostgreSQL knows no extremes of uuids; those of their texts are the same.
        name = f'({name}::text COLLATE "C")'
    return f"{measure.function}({name})"


def counted(alias: str, count: Count) -> str:
    """How many of the rows called `alias`."""
    names = [f"{alias}.{quoted(column.name)}" for column in count.columns]
    if not names:
        return "count(*)"
    # A tuple is never null: several columns count all rows.
    what = names[0] if len(names) == 1 else f"({', '.join(names)})"
    return f"count({words('DISTINCT' if count.distinct else '', what)})"
