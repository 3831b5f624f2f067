"""The storage in memory keeps the same rules as the database: the same batches give the same rows, log and refusals.

`TEST_SEQUENCES` says how many random sequences of batches (40).
"""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator, Mapping
from itertools import groupby
from typing import Any

import pytest

from deeplinks import GraphQLStorage, MemoryStorage, tables
from deeplinks.batch import Batch, Content, Cursor, LogEntry, Row, Written
from deeplinks.errors import QueryError
from deeplinks.ids import new_id
from deeplinks.server.engine import open_engine
from deeplinks.server.settings import Settings
from deeplinks.server.transport import InProcessTransport
from deeplinks.storage.protocol import Storage

SEQUENCES = int(os.environ.get("TEST_SEQUENCES", "40"))
BATCHES = 12
TIMES = ("created_at", "updated_at")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[GraphQLStorage]:
    async with open_engine(Settings(database_url=database_url)) as engine:
        yield GraphQLStorage(transport=InProcessTransport(engine))


class Author:
    """Writes random batches, sensible and senseless ones."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.space, self.client, self.seq = new_id(), new_id(), 0
        self.last: Batch | None = None
        self.ids = [new_id() for _ in range(12)]
        self.ids += [self.space, tables.BUILT_INS["String"]]

    def some(self, most: int = 4) -> list[str]:
        """Different ids, root and built-ins seldom."""
        weights = [8] * 12 + [1, 1]
        return list(dict.fromkeys(self.chance.choices(self.ids, weights, k=self.chance.randint(0, most))))

    def reference(self) -> str | None:
        return self.chance.choice([None, new_id(), *self.ids])

    def content(self) -> Content:
        chance = self.chance
        # At first all of them, or most of what follows would be data of no link.
        links: list[Row] = [self.link(id) for id in (self.some() if self.seq else self.ids)]
        updates: list[tuple[str, Row]] = [(id, self.columns()) for id in self.some() if chance.random() < 0.7]
        data: dict[str, Any] = {table: [(id, self.datum(table)) for id in self.some(3)] for table in tables.SYNCHRONIZED}
        data_deletes = {table: self.some(2) for table in tables.SYNCHRONIZED}
        return Content(links, updates, data, data_deletes, self.some(2) if chance.random() < 0.3 else [])

    def link(self, id: str) -> Row:
        row: Row = {"id": id, "_deep": self.space, "_type": self.reference(), "_to": self.reference()}
        if self.chance.random() < 0.2:
            row["_i"] = self.chance.randint(1, 10_000)
        return row

    def columns(self) -> Row:
        columns: Row = {"_type": self.reference(), "_value": self.reference()}
        if self.chance.random() < 0.02:
            columns["_i"] = 5
        return columns

    def datum(self, table: str) -> Any:
        if table == "numbers":
            return self.chance.choice(["0", "-1", "1.50", "1" * 40, "1e3", "0.000"])
        if table == "functions":
            return {"language": "python", "name": None, "source": self.chance.choice(["", "x = 1.0", "é"])}
        return self.chance.choice(["", "a", "é𝄞", "no\x01body"])

    def batch(self) -> Batch:
        """The next one; or the last one again, or one whose number is taken or too large."""
        if self.last is not None and self.chance.random() < 0.1:
            return self.last
        seq = self.seq + self.chance.choices([1, 0, 2], [20, 1, 1])[0]
        return Batch.seal(self.space, self.client, seq, self.content())

    def hear(self, batch: Batch, answer: object) -> None:
        """Go on from what was written."""
        if isinstance(answer, Written):
            self.seq, self.last = max(self.seq, batch.seq), batch


async def told(storage: Storage, batch: Batch) -> Written | tuple[str, str, str]:
    """What the storage says to a batch: what was written, or the class of the error, its reason and its words."""
    try:
        return await storage.write(batch)
    except QueryError as error:
        return type(error).__name__, str(error.facts["reason"]), str(error.facts["why"])


async def rows(storage: Storage, space: str) -> list[tuple[str, Mapping[str, Any]]]:
    """A space's snapshot, without times."""
    found: list[Any] = []
    cursor, more = Cursor.start(space), True
    while more and cursor.snapshot:
        page = await storage.read(cursor, 1000)
        found += [(row.table, timeless(row.row)) for row in page.rows]
        cursor, more = page.cursor, page.more
    return found


def timeless(row: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (row or {}).items() if name not in TIMES}


async def log(storage: Storage, space: str) -> list[Any]:
    """A space's log; rows that one statement touched have no order among themselves, unless it gave them one."""
    page = await storage.read(Cursor(space, 0), 100_000)
    assert [entry.n for entry in page.entries] == list(range(1, len(page.entries) + 1))
    result: list[Any] = []
    for key, group in groupby(page.entries, key=lambda entry: (entry.table, entry.operation, entry.seq)):
        entries = [told_entry(entry) for entry in group]
        result.append((key, entries if key[1] == "insert" else sorted(entries, key=lambda entry: entry[0])))
    return result


def told_entry(entry: LogEntry) -> tuple[Any, ...]:
    return entry.id, timeless(entry.before), timeless(entry.after), entry.client


@pytest.mark.timeout(600)
async def test_the_same_batches_give_the_same_rows_log_and_refusals(database: GraphQLStorage) -> None:
    memory = MemoryStorage()
    for seed in range(SEQUENCES):
        author = Author(random.Random(seed))
        for _ in range(BATCHES):
            batch = author.batch()
            expected = await told(database, batch)
            assert await told(memory, batch) == expected, f"seed {seed}, batch {batch}"
            author.hear(batch, expected)
        assert await log(memory, author.space) == await log(database, author.space), f"seed {seed}"
        assert await rows(memory, author.space) == await rows(database, author.space), f"seed {seed}"
