"""Aggregates over dicts: figures over chosen rows, and these rows as nodes.

The dialect's interpreter. What a node shows is told by whoever shows rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from deeplinks.dialect.functions import told
from deeplinks.dialect.interpret.figures import counted, measured
from deeplinks.dialect.interpret.spelling import shown_as
from deeplinks.dialect.interpret.tables import Row
from deeplinks.dialect.session import Session
from deeplinks.dialect.statements import Aggregate, Count, Figure, Figures, Measures, Nodes, Selection, Tell, Typename
from deeplinks.dialect.values import Value

Shape: TypeAlias = "Callable[[Row], dict[str, Value]]"
Teller: TypeAlias = "Callable[[Sequence[Row]], Value]"


@dataclass(frozen=True, slots=True)
class Telling:
    """Makes tellers for a session; `shape` makes what shows a node, `limit` is how many nodes are shown at most."""

    session: Session
    shape: Callable[[Selection], Shape]
    limit: int | None

    def teller(self, aggregate: Aggregate) -> Teller:
        """A function that tells of rows what the aggregate asks."""
        return self._object(aggregate.parts)

    def _object(self, parts: Sequence[Figures | Nodes | Measures | Tell | Typename]) -> Teller:
        tellers = [(part.key, self._part(part)) for part in parts]
        return lambda rows: {key: tells(rows) for key, tells in tellers}

    def _part(self, part: Figures | Nodes | Measures | Tell | Typename) -> Teller:
        match part:
            case Typename(_, name):
                return lambda _: name
            case Figures(_, parts) | Measures(_, parts):
                return self._object(parts)
            case Nodes(_, selection):
                shows, limit = self.shape(selection), self.limit
                return lambda rows: list(map(shows, rows[:limit]))
            case Tell(_, figure):
                return self._figure(figure)

    def _figure(self, figure: Figure) -> Teller:
        if isinstance(figure, Count):
            return lambda rows: counted(figure, rows)
        scalar = told(figure.function, figure.column)
        return lambda rows: shown_as(scalar, measured(figure, rows), self.session)
