"""Which rows: the rows of a table that a select means, in its order, each showing what it is told to.

The dialect's SQL. It writes FROM and all that comes after; what rows show is handed in.
"""

from __future__ import annotations

from deeplinks.dialect.sql.conditions import holds, where
from deeplinks.dialect.sql.ordering import distinct_on, order_by
from deeplinks.dialect.sql.parameters import count
from deeplinks.dialect.sql.sources import source
from deeplinks.dialect.sql.writer import Writer, words
from deeplinks.dialect.statements import Select


def chosen(
    writer: Writer,
    select: Select,
    alias: str,
    shown: str,
    joined: str = "true",
    ordered: bool = True,
    limited: bool = True,
) -> str:
    """A statement that gives what is `shown` of every row, in the order asked for where it is to be `ordered`.

    It gives no more rows than the session may see in a list, where it is to be `limited`.
    """
    table = source(writer, select.table)
    seen, asked = holds(writer, alias, table.condition), holds(writer, alias, select.where)
    head = words("SELECT", distinct_on(alias, select.distinct_on), shown)
    order = order_by(writer, alias, select.order_by) if ordered else ""
    return words(
        head,
        "FROM",
        table.name,
        alias,
        where(joined, seen, asked),
        order,
        _cut(writer, select, table.limit if limited else None),
    )


def _cut(writer: Writer, select: Select, most: int | None) -> str:
    bounds = [count(writer, select.limit)] if select.limit else []
    if most is not None:
        bounds.append(str(most))
    offset = f"OFFSET {count(writer, select.offset)}" if select.offset else ""
    return words(_limit(bounds), offset)


def _limit(bounds: list[str]) -> str:
    if len(bounds) > 1:
        # LEAST passes over a null.
        return f"LIMIT LEAST({', '.join(bounds)})"
    return f"LIMIT {bounds[0]}" if bounds else ""
