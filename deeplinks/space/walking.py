"""Walking: from an association along links to others, nearest first; neighbourhoods and shortest paths.

The space room. Breadth first and without recursion; circles end by themselves. Which links are taken is a term's to say.
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from deeplinks.errors import InvalidError
from deeplinks.space.association import Association, here
from deeplinks.space.back_references import each
from deeplinks.space.criteria import Q
from deeplinks.space.fields import FROM, TO, Field
from deeplinks.space.plan import amount
from deeplinks.space.terms import Look, Term

if TYPE_CHECKING:
    from deeplinks.space.space import Space

Direction: TypeAlias = Literal["out", "in", "both"]

# Which links are taken: those of a type, of one of several types, or those that meet criteria.
Via: TypeAlias = (
    "Association | str | uuid.UUID | Q | Mapping[str, object] | Sequence[Association | str | uuid.UUID] | None"
)

# Which end of a link is the near one, and which the far one.
_ENDS: Final[dict[Direction, list[tuple[Field, Field]]]] = {
    "out": [(FROM, TO)],
    "in": [(TO, FROM)],
    "both": [(FROM, TO), (TO, FROM)],
}


class _Steps:
    """The links that may be taken from an association, each with the association it leads to."""

    def __init__(self, space: Space, via: Via, direction: Direction) -> None:
        if direction not in _ENDS:
            raise InvalidError(what=f"direction {direction!r}", why=f"it is one of {', '.join(get_args(Direction))}")
        self._ends = _ENDS[direction]
        self._look = Look(space)
        self._term: Term = _criteria(via).term
        self._term.check(space)

    def __call__(self, one: Association) -> Iterator[tuple[Association, Association]]:
        for near, far in self._ends:
            for link in tuple(each(near.members(one))):
                end = here(getattr(link, far.slot))
                # Whoever walks may have changed something since the last step.
                self._look.ends.forget()
                if end is not None and self._term.matches(link, self._look):
                    yield link, end


def _criteria(via: Via) -> Q:
    if via is None:
        return Q()
    if isinstance(via, Q | Mapping):
        return Q(via)
    if isinstance(via, list | tuple):
        return Q({"_or": [{"type": type} for type in via]})
    return Q(type=via)


def walk(start: Association, depth: int | None, via: Via, direction: Direction) -> Iterator[Association]:
    """All that can be reached within so many links, each once, nearest first; not the start itself."""
    steps = _Steps(start.space_of(), via, direction)
    return _walked(start, amount("depth", depth, None), steps)


def _walked(start: Association, depth: int | None, steps: _Steps) -> Iterator[Association]:
    seen = {start}
    queue = deque([(start, 0)])
    while queue:
        one, far = queue.popleft()
        if far == depth:
            return
        for _, end in steps(one):
            if end not in seen:
                seen.add(end)
                queue.append((end, far + 1))
                yield end


def shortest_path(a: Association, b: Association, via: Via, direction: Direction) -> list[Association]:
    """From one to the other: associations and, between them, the links taken; empty where there is no way."""
    steps = _Steps(a.space_of(), via, direction)
    # How each was first reached: the link, and where from.
    reached: dict[Association, tuple[Association, Association] | None] = {a: None}
    queue = deque([a])
    while queue and b not in reached:
        one = queue.popleft()
        for link, end in steps(one):
            if end not in reached:
                reached[end] = link, one
                queue.append(end)
    return _back(b, reached) if b in reached else []


def _back(end: Association, reached: Mapping[Association, tuple[Association, Association] | None]) -> list[Association]:
    path = [end]
    while taken := reached[path[-1]]:
        path.extend(taken)
    return path[::-1]
