"""Figures over rows held as dicts: what SQL's aggregate functions tell of them.

The dialect's interpreter. Rows in, one value out.
"""

from __future__ import annotations

from collections.abc import Sequence

from deeplinks.dialect.interpret.json_values import frozen
from deeplinks.dialect.interpret.spelling import Stored
from deeplinks.dialect.interpret.tables import Row
from deeplinks.dialect.statements import Count
from deeplinks.tables import Column


def counted(count: Count, rows: Sequence[Row]) -> int:
    """How many rows, by SQL's rules for null and for tuples."""
    if not count.columns:
        return len(rows)
    values = [tuple(_comparable(column, row[column.name]) for column in count.columns) for row in rows]
    if len(count.columns) == 1:
        values = [value for value in values if value[0] is not None]
    return len(set(values)) if count.distinct else len(values)


def _comparable(column: Column, value: Stored) -> Stored:
    return frozen(value) if column.scalar == "jsonb" and value is not None else value
