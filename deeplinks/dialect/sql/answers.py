"""What a mutation answers, over the rows it touched.

The dialect's SQL. It reads touched rows under a name; how they were touched is written elsewhere.
"""

from __future__ import annotations

from deeplinks.dialect.sql.rows import row, series
from deeplinks.dialect.sql.sources import whole
from deeplinks.dialect.sql.writer import Slot, Writer, concatenated, literal, words
from deeplinks.dialect.statements import (
    Affected,
    Answer,
    Nested,
    NestedAggregate,
    One,
    Outcome,
    Pick,
    Returning,
    Selection,
    Typename,
)
from deeplinks.tables import Column, Table


def answered(writer: Writer, answer: Answer, touched: str, alias: str, total: Slot | None = None) -> str:
    """A statement that gives the answer's JSON text over `touched`, whose rows are called `alias`.

    `total` gives the count of touched rows, where there are more than those.
    """
    if isinstance(answer, One):
        return words("SELECT", row(writer, alias, answer.selection), "FROM", touched)
    # One answer, also where no part of it counts or lists anything.
    return words("SELECT", outcome(writer, answer, alias, total=total), "FROM", touched, "HAVING true")


def outcome(writer: Writer, answer: Outcome, alias: str, present: str = "", total: Slot | None = None) -> str:
    """The JSON object of a mutation response; `present` is a column that is null where no row was touched."""
    pieces: list[str] = []
    text = "{"
    for number, part in enumerate(answer.parts):
        text += f'{"," if number else ""}"{part.key}":'
        before, value, after = _part(writer, part, alias, present, total)
        pieces += [literal(text + before), value] if value else []
        text = after if value else text + before
    return concatenated(*pieces, literal(text + "}"))


def _part(
    writer: Writer, part: Affected | Returning | Typename, alias: str, present: str, total: Slot | None
) -> tuple[str, str, str]:
    """Text before, an expression that is never null or none, text after."""
    match part:
        case Typename(_, name):
            return f'"{name}"', "", ""
        case Affected():
            return "", _count(writer, present, total), ""
        case Returning(_, selection):
            return "[", series(row(writer, alias, selection), present), "]"


def _count(writer: Writer, present: str, total: Slot | None) -> str:
    count = writer.put(total, "bigint") if total else f"count({present or '*'})"
    return f"{count}::text"


def selections(answer: Answer) -> tuple[Selection, ...]:
    """What the answer shows of rows."""
    if isinstance(answer, One):
        return (answer.selection,)
    return tuple(part.selection for part in answer.parts if isinstance(part, Returning))


def follows(answer: Answer) -> bool:
    """The answer follows relations: it has to be read after the mutation, for no statement sees its own effect."""
    return any(isinstance(item, Nested | NestedAggregate) for selection in selections(answer) for item in selection)


def shown(table: Table, answer: Answer) -> tuple[Column, ...]:
    """The columns of touched rows that the answer needs: all of them where it follows relations."""
    if follows(answer):
        return whole(table).columns
    items = (item for selection in selections(answer) for item in selection)
    return tuple(dict.fromkeys(item.column for item in items if isinstance(item, Pick)))
