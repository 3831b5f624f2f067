"""Aggregates as SQL: figures over chosen rows, and these rows as nodes, as one JSON text.

The dialect's SQL. What a node shows is written by whoever shows rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from deeplinks.dialect.functions import told
from deeplinks.dialect.sql.choosing import chosen
from deeplinks.dialect.sql.figures import figure
from deeplinks.dialect.sql.spelling import spelled
from deeplinks.dialect.sql.writer import Writer, concatenated, literal, quoted, words
from deeplinks.dialect.statements import Aggregate, Count, Figure, Figures, Measures, Nodes, Selection, Tell, Typename

Row: TypeAlias = "Callable[[Writer, str, Selection], str]"
# The place of a row in the order asked for. No column of a table can be called so.
NUMBER = quoted("#")


def aggregated(writer: Writer, aggregate: Aggregate, row: Row, alias: str, joined: str = "true") -> str:
    """A statement that gives one text: what is told of the table's rows, called `alias`; `row` writes what a node shows."""
    told_of = writer.alias()
    # A role's limit is about rows that are shown: more may be counted.
    limit = writer.session.rights.of(aggregate.rows.table).limit
    pieces = _Pen(writer, told_of, row, limit).object(aggregate.parts)
    rows = _rows(writer, aggregate, alias, joined)
    # One answer, also where nothing in it counts or lists.
    return words("SELECT", concatenated(*pieces), "FROM", f"({rows})", told_of, "HAVING true")


def _rows(writer: Writer, aggregate: Aggregate, alias: str, joined: str) -> str:
    rows, numbered = aggregate.rows, writer.alias()
    nodes = any(isinstance(part, Nodes) for part in aggregate.parts)
    cut = rows.limit or rows.offset or rows.distinct_on
    found = chosen(writer, rows, alias, f"{alias}.*", joined, ordered=bool(nodes or cut), limited=False)
    if not nodes:
        return found
    # PostgreSQL may sort the rows again for a count of different values: the nodes keep their place by its number.
    return words("SELECT", f"{numbered}.*, row_number() OVER () AS {NUMBER} FROM", f"({found})", numbered)


@dataclass(frozen=True, slots=True)
class _Pen:
    """Writes what is told of the rows called `alias`, of which `limit` are shown at most."""

    writer: Writer
    alias: str
    row: Row
    limit: int | None

    def object(self, parts: Sequence[Figures | Nodes | Measures | Tell | Typename]) -> list[str]:
        """The pieces of a JSON object."""
        pieces: list[str] = []
        text = "{"
        for number, part in enumerate(parts):
            text += f'{"," if number else ""}"{part.key}":'
            before, values, after = self._part(part)
            pieces += [literal(text + before), *values] if values else []
            text = after if values else text + before
        return [*pieces, literal(text + "}")]

    def _part(self, part: Figures | Nodes | Measures | Tell | Typename) -> tuple[str, list[str], str]:
        """Text before, expressions that are never null, text after."""
        match part:
            case Typename(_, name):
                return f'"{name}"', [], ""
            case Figures(_, parts) | Measures(_, parts):
                return "", self.object(parts), ""
            case Nodes(_, selection):
                return "[", [self._listed(selection)], "]"
            case Tell(_, asked):
                before, value, after = self._told(asked)
                return before, [value], after

    def _listed(self, selection: Selection) -> str:
        place = f"{self.alias}.{NUMBER}"
        shown = "" if self.limit is None else f"FILTER (WHERE {place} <= {self.limit})"
        listed = f"string_agg({self.row(self.writer, self.alias, selection)}, ',' ORDER BY {place})"
        return f"coalesce({words(listed, shown)}, '')"

    def _told(self, asked: Figure) -> tuple[str, str, str]:
        value = figure(self.alias, asked)
        if isinstance(asked, Count):
            return "", f"{value}::text", ""
        return spelled(self.writer, value, told(asked.function, asked.column), nullable=True)
