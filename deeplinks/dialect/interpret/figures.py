"""Figures over rows held as dicts: what SQL's aggregate functions tell of them.

The dialect's interpreter. Rows in, one value out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from deeplinks.dialect.interpret import numerics
from deeplinks.dialect.interpret.json_values import frozen
from deeplinks.dialect.interpret.spelling import Stored
from deeplinks.dialect.interpret.tables import Row
from deeplinks.dialect.statements import Count, Figure, Measure
from deeplinks.tables import Column

FUNCTIONS: Mapping[str, Callable[[Sequence[Decimal]], Decimal | None]] = {
    "avg": numerics.average,
    "sum": numerics.summed,
    "stddev": lambda values: numerics.deviation(values, sample=True),
    "stddev_samp": lambda values: numerics.deviation(values, sample=True),
    "stddev_pop": lambda values: numerics.deviation(values, sample=False),
    "variance": lambda values: numerics.variance(values, sample=True),
    "var_samp": lambda values: numerics.variance(values, sample=True),
    "var_pop": lambda values: numerics.variance(values, sample=False),
}


def figure(asked: Figure, rows: Sequence[Row]) -> Stored:
    """What is told of the rows."""
    return counted(asked, rows) if isinstance(asked, Count) else measured(asked, rows)


def measured(measure: Measure, rows: Sequence[Row]) -> Stored:
    """What a function tells of a column; of no values nothing."""
    values = [value for row in rows if (value := row[measure.column.name]) is not None]
    if not values:
        return None
    match measure.function:
        case "max":
            return max(values)
        case "min":
            return min(values)
        case function:
            return FUNCTIONS[function](list(map(Decimal, values)))


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
