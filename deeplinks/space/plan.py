"""Plan: from which index a query starts, and in which order it gives what it finds.

The space room. It reads and explains; what matches is the terms' business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Final, TypeAlias

from deeplinks.errors import InvalidError, WrongTypeError
from deeplinks.space.association import Association
from deeplinks.space.criteria import number
from deeplinks.space.ends import Ends
from deeplinks.space.terms import UNKNOWN, Every, Look, Term

# How people say an order: "data", {"data": "desc"}, or a list of those.
Order: TypeAlias = "str | Mapping[str, str] | Sequence[str | Mapping[str, str]]"

# What an association is sorted by.
Key: TypeAlias = Callable[[Ends, Association], tuple[object, ...]]

_EVERYTHING: Final = "all associations"


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a query was answered: where it started, and whom it had to look at.

    `start` is the criterion whose index was the smallest, `size` what that holds; `sizes` has every criterion with the size
    of its index, None where there is none. `visited` counts the associations looked at, `found` those that matched.
    """

    start: str
    size: int
    sizes: dict[str, int | None]
    visited: int
    found: int

    def __str__(self) -> str:
        others = [f"{name}: {'no index' if size is None else size}" for name, size in self.sizes.items()]
        begin = f"starts from {self.start} ({self.size}), visits {self.visited}, finds {self.found}"
        return "\n  ".join([begin, *others])


def explain(term: Term, look: Look, found: Callable[[Look], int]) -> Explanation:
    """Answer it, and tell how."""
    terms = term.terms if isinstance(term, Every) else (term,)
    measure = Look(look.space)
    sizes = {str(one): one.size(measure, UNKNOWN) for one in terms}
    start = min(sizes, key=lambda name: sizes[name], default=_EVERYTHING)
    size = sizes.get(start, UNKNOWN)
    if size == UNKNOWN:
        start, size = _EVERYTHING, len(look.space.associations)
    count = found(look)
    known = {name: None if size == UNKNOWN else size for name, size in sizes.items()}
    return Explanation(start, size, known, look.visited, count)


@dataclass(frozen=True, slots=True)
class Ordering:
    """The order of what is found: by these fields, and by the order of creation where they are equal."""

    keys: tuple[tuple[Key, bool], ...] = ()

    def sorted(self, associations: Iterable[Association]) -> list[Association]:
        """In order; the last field is sorted by first, as sorting is stable."""
        ordered = sorted(associations, key=lambda one: one.seq)
        ends = Ends()
        for key, descending in reversed(self.keys):
            ordered.sort(key=partial(key, ends), reverse=descending)  # pyright: ignore[reportArgumentType, reportCallIssue]
        return ordered


def ordering(order: object) -> Ordering:
    """The order that people mean. Raises `InvalidError`, `WrongTypeError`."""
    if order is None:
        return Ordering()
    parts: list[object] = list(order) if isinstance(order, list | tuple) else [order]  # pyright: ignore[reportUnknownArgumentType]
    return Ordering(tuple(map(_key, parts)))


def _key(part: object) -> tuple[Key, bool]:
    pairs: list[tuple[object, object]]
    if isinstance(part, str):
        pairs = [(part, "asc")]
    elif isinstance(part, Mapping) and len(part) == 1:  # pyright: ignore[reportUnknownArgumentType]
        pairs = list(part.items())  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    else:
        raise WrongTypeError(
            what="order_by",
            expected='a field, a dict of one like {"data": "desc"}, or a list',
            value=part,  # pyright: ignore[reportUnknownArgumentType]
        )
    name, direction = pairs[0]
    if name not in _KEYS:
        raise InvalidError(what=f"order_by {name!r}", why=f"the fields are {', '.join(map(str, _KEYS))}")
    if direction not in ("asc", "desc"):
        raise InvalidError(what=f"order_by {name}: {direction!r}", why="a direction is asc or desc")
    return _KEYS[name], direction == "desc"


def _by_data(ends: Ends, one: Association) -> tuple[object, ...]:
    """Booleans, numbers, texts, dates, then the rest as it came; None after all of them."""
    data = ends.data(one)
    if isinstance(data, bool):
        return 0, data
    if number(data):
        return 1, data
    if isinstance(data, str):
        return 2, data
    if isinstance(data, date):
        return 3, _moment(data)
    return (5,) if data is None else (4,)


def _moment(day: date) -> datetime:
    """A date among times is the beginning of its day."""
    return day if isinstance(day, datetime) else datetime(day.year, day.month, day.day, tzinfo=UTC)


_KEYS: Final[dict[object, Key]] = {
    "id": lambda _, one: (one.id,),
    "seq": lambda _, one: (one.seq,),
    "created_at": lambda _, one: (one.created_at,),
    "updated_at": lambda _, one: (one.updated_at,),
    "data": _by_data,
}


def amount(name: str, value: object, least: int | None) -> int | None:
    """A number of associations. Raises `WrongTypeError`, `InvalidError`."""
    if value is None:
        return least
    if not isinstance(value, int) or isinstance(value, bool):
        raise WrongTypeError(what=name, expected="a whole number", value=value)
    if value < 0:
        raise InvalidError(what=f"{name} {value}", why="it is less than 0")
    return value
