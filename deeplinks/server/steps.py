"""One step of a stream: from a place in it to the next one, with the answers between them.

The server. It asks the database once and keeps nothing; who goes from place to place is not known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

import psycopg
from strawberry.types import ExecutionResult

from deeplinks.dialect.sql import LOST, Hole, Initial, Parameter, Step, most_of
from deeplinks.dialect.statements import Stream
from deeplinks.server import faults
from deeplinks.server.answers import codes, spliced
from deeplinks.server.database import Database
from deeplinks.server.execute import LiveQuery, failed

# Between these lie all keys.
FIRST, LAST = "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"
RESYNC: Final = "resync"
LASTING: Final = frozenset({RESYNC, "data-exception", "validation-failed", faults.TOO_LONG})
PRUNED: Final = "the log was pruned past this stream's place: subscribe again, from the last value that was told"


@dataclass(frozen=True, slots=True)
class Place:
    """How far a reader has come: up to an edge in the order of the cursor, in the table as a snapshot saw it.

    `heeding` is true where there is nothing beyond the edge: what comes then is in the log. `stands` is where that stood.
    """

    initial: str | None = None
    edge: str | None = None
    key: str | None = None
    since: str | None = None
    stands: str = ""
    heeding: bool = False


@dataclass(frozen=True, slots=True)
class Stepped:
    """What a step gave: answers, and the place after them. `number` is that of the last look before it."""

    answers: Sequence[ExecutionResult]
    place: Place
    number: int
    failed: bool = False

    @property
    def waits(self) -> bool:
        """There is nothing more until something changes."""
        return self.failed or self.place.heeding

    @property
    def over(self) -> bool:
        """Nothing will ever come after this error."""
        return self.failed and LASTING.issuperset(codes(self.answers[-1]))


async def step(database: Database, live: LiveQuery, place: Place, number: int) -> Stepped:
    """What comes after the place; what goes wrong is told in an answer."""
    (scanning,), (heeding,) = live.query.chains
    asked = _filled(heeding if place.heeding else scanning, place, _first_key(live))
    try:
        moment, *rows = await database.table(asked, live.within)
    except psycopg.Error as error:
        return Stepped([failed(faults.from_database(error))], place, number, failed=True)
    except UnicodeEncodeError:
        return Stepped([failed(faults.no_text())], place, number, failed=True)
    if moment[0] == b"%d" % LOST:
        return Stepped([failed(faults.told(PRUNED, RESYNC))], place, number, failed=True)
    return _stepped(live, place, moment, rows, number)


def _first_key(live: LiveQuery) -> str:
    statement = live.planned.statement
    assert isinstance(statement, Stream)
    return FIRST if statement.descending else LAST


def _filled(step: Step, place: Place, key: str) -> Step:
    """The statement for this place."""
    found = {
        Hole.INITIAL: place.initial,
        Hole.EDGE: place.edge if place.edge is not None else place.initial,
        Hole.KEY: place.key or key,
        Hole.SINCE: place.since,
    }

    def value(given: Parameter) -> Parameter:
        if isinstance(given, Initial):
            return given.value if found[given.hole] is None else found[given.hole]
        return found[given] if isinstance(given, Hole) else given

    return Step(step.text, tuple(map(value, step.parameters)))


def _stepped(live: LiveQuery, place: Place, moment: Sequence[bytes], rows: list[list[bytes]], number: int) -> Stepped:
    _, size, since, initial, stands = (part.decode() for part in moment)
    batch = int(size)
    changed = [row for row in rows if row[0] == b"1"]
    beyond = [row for row in rows if row[0] == b"2"]
    after = replace(place, initial=initial, since=since, stands=stands)
    if len(changed) == most_of(batch):
        # There may be more of them: from here on they are read in their order, with what lies between told again.
        after, beyond = _at(after, changed[-1]), []
    elif place.heeding or len(beyond) < batch:
        after = replace(after, edge=None, key=None, heeding=True)
    else:
        after = _at(after, beyond[-1])
    cut = [*_batches(changed, batch), *_batches(beyond, batch)]
    return Stepped([_answer(live, rows) for rows in cut], after, number)


def _at(place: Place, row: Sequence[bytes]) -> Place:
    return replace(place, edge=row[3].decode(), key=row[4].decode(), heeding=False)


def _batches(rows: list[list[bytes]], size: int) -> list[list[list[bytes]]]:
    waiting = iter(rows)
    batches: list[list[list[bytes]]] = []
    while batch := list(islice(waiting, size)):
        batches.append(batch)
    return batches


def _answer(live: LiveQuery, rows: list[list[bytes]]) -> ExecutionResult:
    text = b"[" + b",".join(row[2] for row in rows) + b"]"
    return ExecutionResult(data=spliced([(live.planned.key, text)]), errors=None)
