"""Expecting: a change that is made only if nobody else changed something since it was seen (optimistic locking).

The space room. What others changed, and when, is told by whoever reads a storage; here it is a number.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from deeplinks.errors import InvalidError, StaleError, WrongTypeError

if TYPE_CHECKING:
    from deeplinks.space.association import Association
    from deeplinks.space.ledger import Ledger
    from deeplinks.space.space import Space


@dataclass(frozen=True, slots=True)
class Sight:
    """At which change of a storage's log an association was seen last, and the last change that somebody else made."""

    n: int
    by_others: int


# What whoever reads a storage knows of an association; None for one that the storage has not told yet.
Sighting: TypeAlias = "Callable[[Association], Sight | None]"


def version(space: Space, association: Association) -> int | None:
    """At which change it was seen, in the first storage that has told it."""
    found = (sighting(association) for sighting in tuple(space.sightings.values()))
    return next((seen.n for seen in found if seen is not None), None)


@contextmanager
def expecting(space: Space, association: Association, n: int | None, storage: str | None) -> Generator[None]:
    """A together() that is written only if nobody else changed the association since change n."""
    association.space_of()
    name, seen = _seen(space, association, storage)
    if n is not None and (not isinstance(n, int) or isinstance(n, bool)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise WrongTypeError(what="version", expected="an int, as association.version", value=n)
    expected = seen.n if n is None else n
    if seen.by_others > expected:
        told = "nothing was changed here"
        raise StaleError(storage=name, association=association, expected=expected, actual=seen.by_others, told=told)
    ledger: Ledger = space.ledger(name)
    with space.together():
        ledger.expect(association, expected)
        yield


def _seen(space: Space, association: Association, storage: str | None) -> tuple[str, Sight]:
    told = {name: sighting(association) for name, sighting in space.sightings.items() if storage in (None, name)}
    found = [(name, seen) for name, seen in told.items() if seen is not None]
    if len(found) == 1:
        return found[0]
    what = f"expecting a version of {association!r}"
    if found:
        names = ", ".join(name for name, _ in found)
        raise InvalidError(what=what, why=f"several storages have it ({names}); name one: storage=...")
    raise InvalidError(what=what, why="no storage has told it yet; store it, flush, and let it be read first")
