"""Pruning: the old part of the log goes, behind a floor that readers know of.

The storage room. It says how much stays; the SQL is in `sql/queries/prune.sql`, and what a reader below the floor does is
the reader's business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from deeplinks import resources
from deeplinks.errors import InvalidError, NotFoundError
from deeplinks.ids import canonical
from deeplinks.storage.migrations import require
from deeplinks.storage.postgres import Connection, connect, describe, translated

# Entries that go in one transaction.
SLICE: Final = 10_000
UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, slots=True)
class Keep:
    """What stays of a log: its last `entries`, and those younger than `age`; the newest one always."""

    entries: int | None = None
    age: timedelta | None = None

    def __post_init__(self) -> None:
        if self.entries is None and self.age is None:
            raise InvalidError(what="keep", why="it says neither how many entries stay nor how old they may be")
        if (self.entries or 0) < 0 or (self.age or timedelta(0)) < timedelta(0):
            raise InvalidError(what="keep", why="it is less than nothing")

    @classmethod
    def parsed(cls, *texts: str) -> Keep:
        """`"10000"` entries, `"30d"` of time (s, m, h, d, w), or both. Raises `InvalidError`."""
        entries, age = None, None
        for text in texts:
            found = re.fullmatch(r"([0-9]{1,9})([smhdw]?)", text)
            if found is None:
                raise InvalidError(
                    what=f"keep {text!r}", why="it is no number of entries and no time like 30d, 12h, 90m"
                )
            number, unit = int(found[1]), found[2]
            if unit:
                age = timedelta(**{UNITS[unit]: number})
            else:
                entries = number
        return cls(entries, age)


@dataclass(frozen=True, slots=True)
class Pruned:
    """What became of the log of a space: how many entries and batches went, its floor now, how many entries are left."""

    space: str
    entries: int
    batches: int
    floor: int
    left: int


async def prune(url: str, keep: Keep, *, space: str | None = None) -> list[Pruned]:
    """Take away what need not stay of the log of a space, or of every space of the database.

    Writers and readers go on meanwhile: a reader that was not that far reads everything anew by itself. Raises
    `NotFoundError` for a space that is not there, `SchemaMissingError`, `UnavailableError`, `SettingsError`.
    """
    named = None if space is None else canonical(space)
    async with await connect(url) as connection:
        await require(connection)
        with translated(describe(url)):
            spaces = [str(row[0]) for row in await _rows(connection, "spaces", space=named)]
            if named is not None and not spaces:
                raise NotFoundError(what="space with a log", name=named)
            return [await _prune(connection, one, keep) for one in spaces]


async def _prune(connection: Connection, space: str, keep: Keep) -> Pruned:
    await _done(connection, "floor", space=space, entries=keep.entries, age=keep.age)
    entries = 0
    while slice := await _done(connection, "entries", space=space, slice=SLICE):
        entries += slice
    batches = await _done(connection, "batches", space=space)
    ((floor, left),) = await _rows(connection, "stand", space=space)
    return Pruned(space, entries, batches, int(str(floor)), int(str(left)))


async def _done(connection: Connection, name: str, **values: object) -> int:
    """How many rows a statement touched."""
    return (await connection.execute(_sql(name), values)).rowcount


async def _rows(connection: Connection, name: str, **values: object) -> list[tuple[object, ...]]:
    return await (await connection.execute(_sql(name), values)).fetchall()


def _sql(name: str) -> bytes:
    return resources.statements("sql/queries/prune.sql")[name]
