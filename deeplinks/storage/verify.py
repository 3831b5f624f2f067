"""Verifying: the tables of a space against a replay of its log, and the log against itself.

The storage room. It looks, in one snapshot, and mends nothing; the SQL is in `sql/queries/verify.sql`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from psycopg import IsolationLevel

from deeplinks import resources
from deeplinks.errors import NotFoundError
from deeplinks.ids import canonical
from deeplinks.storage.migrations import require
from deeplinks.storage.postgres import Connection, connect, describe, translated
from deeplinks.tables import RESERVED_SPACE

# Differences of one kind of look that are told one by one; the others are counted.
MOST: Final = 100
LOOKS: Final = ("gaps", "chain", "rows", "dead")


class Fault(StrEnum):
    """How tables and log differ."""

    gap = "gap"
    broken = "broken"
    missing = "missing"
    unlogged = "unlogged"
    different = "different"
    alive = "alive"
    unburied = "unburied"


MEANINGS: Final = {
    Fault.gap: "the log lacks entries before {n}: followers stop there and read everything anew",
    Fault.broken: "entry {n} of {table} {id} does not begin where the one before it ended: a change was not logged",
    Fault.missing: "{table} {id} is in the log, last at {n}, and not in the table",
    Fault.unlogged: "{table} {id} is in the table, and the log knows nothing of it: followers never see it",
    Fault.different: "{table} {id} is not what entry {n} left: a change was not logged",
    Fault.alive: "{table} {id} is remembered as deleted and is there",
    Fault.unburied: "{table} {id} was deleted at {n} and is not remembered as dead: it could come back",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One row, or one number, of which tables and log say different things: `logged` and `found` are the row's images."""

    fault: Fault
    table: str | None
    id: str | None
    n: int | None
    logged: object = None
    found: object = None

    def __str__(self) -> str:
        return MEANINGS[self.fault].format(table=self.table, id=self.id, n=self.n)


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found of a space: entries above the floor up to the newest, rows, and how many of those nothing can be said of,
    for their entries were pruned; the differences, and how many more there are than are listed.
    """

    space: str
    floor: int
    newest: int
    entries: int
    rows: int
    unchecked: int
    differences: tuple[Difference, ...] = ()
    more: int = 0

    @property
    def whole(self) -> bool:
        """Whether no difference was found."""
        return not self.differences

    def __str__(self) -> str:
        checked = f"{self.entries} entries, {self.rows} rows"
        if self.unchecked:
            since = f"the log was pruned up to {self.floor}" if self.floor else "the log began later"
            checked += f", {self.unchecked} of them without an entry ({since})"
        found = len(self.differences) + self.more
        return f"{self.space}: {checked}: {'whole' if self.whole else f'{found} differences'}"


async def verify(url: str, *, space: str | None = None) -> list[Verification]:
    """Compare the tables of a space, or of every space of the database, with what its log says; nothing is changed.

    Raises `NotFoundError` for a space that is not there, `SchemaMissingError`, `UnavailableError`, `SettingsError`.
    """
    named = None if space is None else canonical(space)
    async with await connect(url) as connection:
        await require(connection)
        with translated(describe(url)):
            await connection.execute("set timezone = 'UTC'")
            await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
            await connection.set_read_only(True)
            async with connection.transaction():
                spaces = [str(row[0]) for row in await _rows(connection, "spaces", named)]
                if named is not None and not spaces:
                    raise NotFoundError(what="space", name=named)
                return [await _verify(connection, one) for one in spaces]


async def _verify(connection: Connection, space: str) -> Verification:
    ((floor, newest, entries, rows),) = await _rows(connection, "head", space)
    unchecked = sum(_number(row[0]) for row in await _rows(connection, "unchecked", space))
    differences: list[Difference] = []
    found = 0
    for look in LOOKS:
        shown = await _rows(connection, look, space)
        differences += [_difference(row) for row in shown]
        found += _counted(shown)
    return Verification(
        space=space,
        floor=_number(floor),
        newest=_number(newest),
        entries=_number(entries),
        rows=_number(rows),
        unchecked=unchecked,
        differences=tuple(differences),
        more=found - len(differences),
    )


def _counted(shown: list[tuple[object, ...]]) -> int:
    """How many there are in all, which each of those that are shown says."""
    return _number(shown[0][-1]) if shown else 0


def _difference(row: tuple[object, ...]) -> Difference:
    fault, table, id, n, logged, found, _ = row
    number = None if n is None else _number(n)
    return Difference(Fault(str(fault)), _text(table), _text(id), number, logged, found)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _number(value: object) -> int:
    return int(str(value))


async def _rows(connection: Connection, name: str, space: str | None) -> list[tuple[object, ...]]:
    text = resources.statements("sql/queries/verify.sql")[name]
    return await (
        await connection.execute(text, {"space": space, "reserved": RESERVED_SPACE, "most": MOST}, prepare=False)
    ).fetchall()
