"""Queries: associations asked for by what they are and what they are connected with.

The space room. A query keeps the question and never an answer: it makes no association, and listens to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from deeplinks.errors import InvalidError
from deeplinks.space import plan, showing
from deeplinks.space.association import Association
from deeplinks.space.criteria import Q
from deeplinks.space.plan import Explanation, Order
from deeplinks.space.terms import Look
from deeplinks.space.tracking import LiveQuery

if TYPE_CHECKING:
    from deeplinks.space.space import Space


class Query:
    """A question, answered at every look anew: iterate it, ask for its `len`, or whether somebody is `in` it.

    Without `order_by` in the order of creation. Built-ins are left out unless a criterion names them.
    """

    __slots__ = ("_limit", "_offset", "_order", "_space", "_term")

    def __init__(
        self,
        space: Space,
        criteria: tuple[Q | Mapping[str, object], ...],
        fields: Mapping[str, object],
        order_by: Order | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> None:
        self._space = space
        self._term = Q(*criteria, **fields).term
        self._term.check(space)
        self._order = plan.ordering(order_by)
        self._limit = plan.amount("limit", limit, None)
        self._offset = plan.amount("offset", offset, 0) or 0

    def __iter__(self) -> Iterator[Association]:
        return iter(self._answer())

    def __len__(self) -> int:
        return self.count()

    def __bool__(self) -> bool:
        return self.exists()

    def __contains__(self, item: object) -> bool:
        """Whether an association, or that with an id, is in the answer."""
        one = self._space.look_up(item)
        if one is None or one._space is not self._space:
            return False
        return one in self._answer() if self._cut() else self.matches(one)

    def count(self) -> int:
        """How many there are, after `offset` and `limit`."""
        return self._within(sum(1 for _ in self._found(Look(self._space))))

    def first(self) -> Association | None:
        """The first of them, None where there is none."""
        return next(iter(self._answer()), None)

    def exists(self) -> bool:
        """Whether there is any: it stops at the first that it finds."""
        if self._cut():
            return self.count() > 0
        return next(self._found(Look(self._space)), None) is not None

    def explain(self) -> Explanation:
        """Answer it, and tell from which index that started, how large the indexes are, and whom it had to look at."""
        look = Look(self._space)
        return plan.explain(self._term, look, lambda look: self._within(sum(1 for _ in self._found(look))))

    def live(self) -> LiveQuery:
        """The answer as a set that follows every change until it is closed: use it in a `with` statement.

        One that nobody has any more ends by itself, unless it has handlers: then when they have ended.
        Raises `InvalidError` for a query with `limit` or `offset`, and inside `together()`, which may yet be undone.
        """
        if self._cut():
            raise InvalidError(what="live()", why="what is cut by limit or offset can't be followed")
        return LiveQuery(self._space, self._term, self._order, self._meets, self._answer())

    def matches(self, one: Association) -> bool:
        """Whether an association meets the criteria, wherever `limit` and `offset` cut."""
        return self._meets(one, Look(self._space))

    def _meets(self, one: Association, look: Look) -> bool:
        return one._space is self._space and self._term.matches(one, look) and self._shows(one, look)

    def _answer(self) -> list[Association]:
        return self._piece(self._order.sorted(self._found(Look(self._space))))

    def _piece(self, found: list[Association]) -> list[Association]:
        return (
            found[self._offset : None if self._limit is None else self._offset + self._limit] if self._cut() else found
        )

    def _found(self, look: Look) -> Iterator[Association]:
        return (one for one in self._term.find(look) if self._shows(one, look))

    def _shows(self, one: Association, look: Look) -> bool:
        return one.id not in self._space.built_ins or self._term.names(one, look)

    def _cut(self) -> bool:
        return self._limit is not None or self._offset > 0

    def _within(self, count: int) -> int:
        rest = max(count - self._offset, 0)
        return rest if self._limit is None else min(rest, self._limit)

    def __repr__(self) -> str:
        return f"<query {self._term}>"

    def _repr_html_(self) -> str:
        found = list(self)
        return showing.answer_page(f"{self._term}: {len(found)}", found)
