"""Figures over rows as SQL: what PostgreSQL's aggregate functions tell of rows that have an alias already.

The dialect's SQL. Expressions only; which rows there are is written elsewhere.
"""

from __future__ import annotations

from deeplinks.dialect.sql.writer import quoted, words
from deeplinks.dialect.statements import Count


def counted(alias: str, count: Count) -> str:
    """How many of the rows called `alias`."""
    names = [f"{alias}.{quoted(column.name)}" for column in count.columns]
    if not names:
        return "count(*)"
    # A tuple is never null: several columns count all rows.
    what = names[0] if len(names) == 1 else f"({', '.join(names)})"
    return f"count({words('DISTINCT' if count.distinct else '', what)})"
