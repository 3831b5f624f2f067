"""The storage in memory: the same rules as the database's, and what is its own.

`TEST_SEQUENCES` says how many random sequences of batches (40).
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from decimal import Decimal
from itertools import groupby
from typing import Any, cast

import anyio
import pytest
from gql.graphql_request import GraphQLRequest

from deeplinks import Deep, GraphQLStorage, MemoryStorage, load, synchronize, tables
from deeplinks.batch import Batch, Content, Cursor, LogEntry, Row, Written
from deeplinks.errors import QueryError
from deeplinks.ids import new_id
from deeplinks.server.engine import open_engine
from deeplinks.server.settings import Settings
from deeplinks.server.transport import InProcessTransport
from deeplinks.storage.protocol import Storage
from deeplinks.testing import Author, history, read_snapshot
from deeplinks.testing.contract import until
from tests.sync.test_two_replicas import content

SEQUENCES = int(os.environ.get("TEST_SEQUENCES", "40"))
BATCHES = 12
THREADS, EACH = 8, 100
TIMES = ("created_at", "updated_at")


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[GraphQLStorage]:
    async with open_engine(Settings(database_url=database_url)) as engine:
        yield GraphQLStorage(transport=InProcessTransport(engine))


class Chaotic:
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
        data: dict[str, Any] = {
            table: [(id, self.datum(table)) for id in self.some(3)] for table in tables.SYNCHRONIZED
        }
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
        if table == "objects":
            return self.chance.choice([True, False, {}, {"a": [1, 1.5, None]}, {"$map": [[1, "a"], [True, "b"]]}])
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
        author = Chaotic(random.Random(seed))
        for _ in range(BATCHES):
            batch = author.batch()
            expected = await told(database, batch)
            assert await told(memory, batch) == expected, f"seed {seed}, batch {batch}"
            author.hear(batch, expected)
        assert await log(memory, author.space) == await log(database, author.space), f"seed {seed}"
        assert await rows(memory, author.space) == await rows(database, author.space), f"seed {seed}"


# Whatever a client of the dialect may send.

A, B, C = (f"{digit}1111111-1111-4111-8111-111111111111" for digit in "abc")
DOCUMENTS = [
    f'mutation {{ insert_deep_spaces_one(object: {{id: "{A}", name: "mine"}}) {{ id name floor version }} }}',
    f'mutation {{ insert_deep_spaces_one(object: {{id: "{A}"}}) {{ id }} }}',
    f'mutation {{ insert_deep_spaces_one(object: {{id: "{B}", name: "mine"}}) {{ id }} }}',
    f'mutation {{ insert_deep_spaces_one(object: {{id: "{B}", floor: 1}}) {{ id }} }}',
    f'mutation {{ update_deep_spaces_by_pk(pk_columns: {{id: "{A}"}}, _set: {{floor: 2}}) {{ floor }} }}',
    f'mutation {{ update_deep_spaces_by_pk(pk_columns: {{id: "{A}"}}, _set: {{floor: 1, version: 4}}) {{ floor version }} }}',
    f'mutation {{ update_deep_spaces_by_pk(pk_columns: {{id: "{A}"}}, _set: {{floor: 0}}) {{ floor }} }}',
    f'mutation {{ update_deep_spaces_by_pk(pk_columns: {{id: "{A}"}}, _set: {{created_at: "2020-01-01"}}) {{ id }} }}',
    f'mutation {{ insert_deep_links_one(object: {{id: "{B}"}}) {{ id }} }}',
    f'mutation {{ insert_deep_links_one(object: {{_deep: "{A}", id: "none"}}) {{ id }} }}',
    f'mutation {{ insert_deep_links_one(object: {{_deep: "{A}", id: "{B}", _i: 500}}) {{ id _i type {{ id }} }} }}',
    f'mutation {{ insert_deep_links_one(object: {{_deep: "{A}", id: "{B}"}}) {{ id }} }}',
    f'mutation {{ insert_deep_links_one(object: {{_deep: "{A}", id: "{C}", _to: "{B}"}}) {{ _i to {{ in {{ id }} }} }} }}',
    f'mutation {{ insert_deep_strings_one(object: {{id: "{B}", _data: "text"}}) {{ _deep link {{ id }} }} }}',
    f'mutation {{ insert_deep_numbers_one(object: {{id: "{B}", _data: "1.0"}}) {{ _data }} }}',
    f'mutation {{ insert_deep_objects_one(object: {{id: "{C}", _data: {{a: [1, 1.5, null]}}}}) {{ _data }} }}',
    f'mutation {{ insert_deep_strings_one(object: {{id: "{new_id()[:-4]}0000", _data: "text"}}) {{ id }} }}',
    f'mutation {{ insert_deep_strings_one(object: {{id: "{C}"}}) {{ id }} }}',
    f'mutation {{ update_deep_links(where: {{id: {{_eq: "{B}"}}}}, _set: {{_deep: "{B}"}}) {{ affected_rows }} }}',
    f'mutation {{ update_deep_links(where: {{id: {{_eq: "{B}"}}}}, _set: {{_deep: null}}) {{ affected_rows }} }}',
    f'mutation {{ update_deep_numbers(where: {{id: {{_eq: "{B}"}}}}, _set: {{_data: 7}}) {{ returning {{ _data }} }} }}',
    f'mutation {{ delete_deep_links(where: {{_deep: {{_eq: "{A}"}}}}) {{ affected_rows }} }}',
    "mutation { delete_deep_links(where: {_type: {_is_null: true}, _i: {_lt: 10}}) { affected_rows } }",
    f'mutation {{ delete_deep_links_by_pk(id: "{C}") {{ id to {{ id }} object {{ id }} }} }}',
    f'mutation {{ insert_deep_links_one(object: {{_deep: "{A}", id: "{C}"}}) {{ id }} }}',
    f'mutation {{ insert_deep_batches_one(object: {{_deep: "{A}", client: "{B}", seq: 1, checksum: "x", withdrawn: true}}) {{ seq }} }}',
    f'mutation {{ insert_deep_batches_one(object: {{_deep: "{A}", client: "{B}", seq: 1, checksum: "x", withdrawn: true}}) {{ seq }} }}',
    f'mutation {{ insert_deep_batches_one(object: {{_deep: "{A}", client: "{B}", seq: 1, checksum: "x"}}) {{ seq }} }}',
    f'mutation {{ insert_deep_batches_one(object: {{_deep: "{A}", client: "{B}", seq: 2, checksum: "x", expects: [{{id: "{B}", n: 1}}]}}) {{ seq }} }}',
    f'mutation {{ insert_deep_batches_one(object: {{_deep: "{A}", client: "{B}", seq: 2, checksum: "x", expects: [{{id: "{B}"}}]}}) {{ seq }} }}',
    f'mutation {{ insert_deep_batches_one(object: {{_deep: "{A}", client: "{B}", seq: 2, checksum: "x", expects: 5}}) {{ seq }} }}',
    f'mutation {{ insert_deep_batches_one(object: {{_deep: "{A}", client: "{B}", seq: 2, checksum: "x", expects: [{{id: "{C}", n: 1}}]}}) {{ seq }} }}',
    f'mutation {{ insert_deep_batches_one(object: {{_deep: "{A}", client: "{B}", seq: 2, checksum: "x", expects: [{{id: "{C}", n: 1000}}]}}) {{ seq }} }}',
    f'mutation {{ insert_deep_batches_one(object: {{_deep: "{A}", client: "{B}", seq: 2, checksum: "x", expects: [{{id: "{C}", n: 1.5}}]}}) {{ seq }} }}',
    f'mutation {{ insert_deep_batches_one(object: {{_deep: "{A}", client: "{B}", seq: 2, checksum: "x", expects: [{{id: "c", n: 1}}]}}) {{ seq }} }}',
    f'mutation {{ insert_deep_batches(objects: [{{_deep: "{A}", client: "{C}", seq: 1, checksum: "x", withdrawn: true}}, {{_deep: "{A}", client: "{C}", seq: 2, checksum: "y"}}]) {{ affected_rows }} }}',
    f'mutation {{ insert_deep_batches(objects: [{{_deep: "{A}", client: "{C}", seq: 1, checksum: "x", withdrawn: true}}, {{_deep: "{A}", client: "{C}", seq: 2, checksum: "y"}}]) {{ affected_rows }} }}',
    f'mutation {{ insert_deep_batches_one(object: {{_deep: "{A}", client: "{B}", seq: 2, checksum: "x", expects: []}}) {{ seq withdrawn }} }}',
    f'mutation {{ insert_deep_batches_one(object: {{_deep: "{A}", client: "{B}", seq: 3}}) {{ seq }} }}',
    f'{{ deep_changes(where: {{_deep: {{_eq: "{A}"}}}}, order_by: {{n: asc}}) {{ n table operation id client seq }} }}',
    f'{{ deep_spaces_by_pk(id: "{A}") {{ name floor version __typename }} }}',
    "{ deep_links(where: {_i: {_lt: 13}}, order_by: {_i: asc}) { id _i _deep } }",
    "{ deep_links(offset: -1) { id } }",
    "{ deep_links(limit: -1) { id } }",
]


async def answered(storage: GraphQLStorage, document: str) -> tuple[Any, Any]:
    result = await storage._transport.execute(GraphQLRequest(document))
    return result.data, result.errors


async def test_the_same_documents_give_the_same_answers_and_errors(database: GraphQLStorage) -> None:
    memory = MemoryStorage()
    for document in DOCUMENTS:
        expected = await answered(database, document)
        assert await answered(memory, document) == expected, document


# What is its own.


@pytest.fixture
def memory() -> MemoryStorage:
    return MemoryStorage()


def test_it_says_that_it_is_not_durable(memory: MemoryStorage) -> None:
    assert memory.durable is False
    assert "not durable" in repr(memory)


async def test_a_space_goes_there_and_back(memory: MemoryStorage) -> None:
    deep = Deep()
    User, alice = deep(), deep.String("Alice")
    user = User(value=alice, to=User)
    for one in (User, alice, user, deep.Number(Decimal("0.10")), deep.String("")):
        one.store("database")
    async with synchronize(deep, memory) as database:
        await database.flush()

    assert content(await load(memory, space=deep.id)) == content(deep)


async def test_two_synchronizers_follow_each_other(memory: MemoryStorage) -> None:
    deep = Deep()
    name = deep.String("Alice").store("database")
    async with synchronize(deep, memory) as one:
        await one.flush()
        copy = await load(memory, space=deep.id)
        async with synchronize(copy, memory) as other:
            copy[name.id].data = "Bob"
            await other.flush()
            await until(lambda: name.data == "Bob")
            name.data = "Carol"
            await one.flush()
            await until(lambda: copy[name.id].data == "Carol")


async def test_a_close_takes_nothing_from_others(memory: MemoryStorage) -> None:
    author = Author()
    async with aclosing(memory.bells(author.space)) as bells:
        assert await anext(bells) == 0
        await memory.close()
        await memory.write(author.batch(author.link()))
        assert await anext(bells) == 2

    assert len(await read_snapshot(memory, author.space)) == 1


async def test_what_was_handed_out_is_no_way_in(memory: MemoryStorage) -> None:
    author, source = Author(), {"language": "python", "name": "f", "source": "x"}
    link = author.link()
    await memory.write(author.batch(link, data={"functions": {str(link["id"]): dict(source)}}))
    for row in await read_snapshot(memory, author.space):
        if row.table == "functions":
            cast("dict[str, Any]", row.row["_data"])["source"] = "y"
    for entry in await history(memory, author.space):
        cast("dict[str, Any]", entry.after).clear()

    assert {"_data": source}.items() <= (await read_snapshot(memory, author.space))[1].row.items()
    assert all(entry.after for entry in await history(memory, author.space))


def test_threads_lose_nothing_and_hear_each_other(memory: MemoryStorage) -> None:
    space = Author().space
    total = THREADS * EACH

    async def work() -> int:
        author = Author(space)
        async with aclosing(memory.bells(space)) as bells:
            for _ in range(EACH):
                await memory.write(author.batch(author.link()))
            # One more: the root.
            with anyio.fail_after(60):
                async for newest in bells:
                    if newest == total + 1:
                        break
        return len(await read_snapshot(memory, space))

    with ThreadPoolExecutor(THREADS) as pool:
        done = [pool.submit(asyncio.run, work()) for _ in range(THREADS)]

    assert [one.result() for one in done] == [total] * THREADS


def test_a_listener_whose_loop_is_closed_stops_no_writer(memory: MemoryStorage) -> None:
    author = Author()
    bells = memory.bells(author.space)

    async def first() -> int:
        return await anext(bells)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(first())
    loop.close()

    assert asyncio.run(memory.write(author.batch())) == Written()
    asyncio.run(bells.aclose())


async def test_its_number_of_requests_is_what_a_server_would_have_got(memory: MemoryStorage) -> None:
    author = Author()
    await memory.write(author.batch())
    await memory.read(Cursor(author.space), 100)

    assert memory.requests == 2
