"""Following live: what one writes the other hears, once and in order, and nothing comes back as an echo. Over real HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import psycopg
import pytest

from deeplinks import Change, Deep, GraphQLStorage, Synchronizer, load, synchronize
from deeplinks.batch import Batch, Cursor, Page, Written
from deeplinks.errors import AccessDeniedError, ResyncError, UnavailableError
from deeplinks.server.serve import running
from deeplinks.server.settings import Settings
from tests.sync.test_two_replicas import content
from tests.waiting import until

DEEP_LINKS = "insert into deep.links (_deep, _type) values (%s, %s) returning id::text"


class Counting(GraphQLStorage):
    """Remembers the batches it wrote and counts what it read."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint)
        self.batches: list[Batch] = []
        self.reads = 0

    async def write(self, batch: Batch) -> Written:
        self.batches.append(batch)
        return await super().write(batch)

    async def read(self, cursor: Cursor, limit: int = 1000) -> Page:
        self.reads += 1
        return await super().read(cursor, limit)


@asynccontextmanager
async def both(endpoint: str) -> AsyncIterator[tuple[Deep, Synchronizer, Deep, Synchronizer]]:
    """A space, and a second copy of it that follows; both open."""
    one = Deep()
    one.String("first").store("database")
    async with synchronize(one, endpoint) as first:
        await first.flush()
        other = await load(endpoint, space=one.id)
        async with synchronize(other, endpoint) as second:
            yield one, first, other, second


async def test_a_change_here_is_seen_there(endpoint: str) -> None:
    async with both(endpoint) as (one, _, other, _):
        name = one.String("Alice").store("database")
        await until(lambda: name.id in other)
        assert other[name.id].data == "Alice"


async def test_each_change_of_both_is_seen_by_the_other_and_both_equal_the_tables(endpoint: str) -> None:
    async with both(endpoint) as (one, first, other, second):
        for number in range(50):
            one.String(f"one {number}").store(first)
            other.String(f"other {number}").store(second)
            await asyncio.sleep(0)
        await first.flush()
        await second.flush()
        await until(lambda: len(one) == len(other) == 102)

        assert content(one) == content(other) == content(await load(endpoint, space=one.id))


async def test_what_came_in_is_not_written_back(endpoint: str) -> None:
    one = Deep()
    storage = Counting(endpoint)
    async with synchronize(one, endpoint) as first:
        one.String("first").store(first)
        await first.flush()
        other = await load(endpoint, space=one.id)
        async with synchronize(other, storage) as second:
            text = one.String("Alice").store(first)
            text.data = "Bob"
            await until(lambda: text.id in other and other[text.id].data == "Bob")
            await second.flush()

    assert storage.batches == []
    await storage.close()


async def test_loading_ten_thousand_rows_and_following_writes_nothing(endpoint: str) -> None:
    one = Deep()
    Thing = one()
    Thing.store("database", "typed_true")
    for _ in range(10_000):
        Thing()
    async with synchronize(one, endpoint):
        pass
    storage = Counting(endpoint)
    other = await load(storage, space=one.id)
    async with synchronize(other, storage) as database:
        await until(lambda: database.following)
        await database.flush()

    assert len(other) == len(one)
    assert storage.batches == []
    await storage.close()


async def test_an_own_change_that_comes_back_is_told_to_nobody(endpoint: str) -> None:
    one = Deep()
    storage = Counting(endpoint)
    async with synchronize(one, storage) as database:
        text = one.String("a").store(database)
        await database.flush()
        heard: list[Change] = []
        one.signals.changed.connect(lambda _, changes: heard.extend(changes))
        text.data = "b"
        await database.flush()
        reads = storage.reads
        await until(lambda: storage.reads > reads or not database._outbox.pending(text.id, "data"))
        await database.catch_up()

    assert [(change.old, change.new, change.origin) for change in heard] == [("a", "b", None)]
    await storage.close()


async def test_a_change_that_came_in_says_where_it_is_from(endpoint: str) -> None:
    async with both(endpoint) as (one, _, other, second):
        heard: list[str | None] = []
        second.on("constructed", lambda event: heard.append(event.origin))
        name = one.String("Alice").store("database")
        await until(lambda: name.id in other)
        assert heard == ["database"]


async def test_a_group_is_told_whole(endpoint: str) -> None:
    async with both(endpoint) as (one, _, other, _):
        heard: list[int] = []
        other.signals.changed.connect(lambda _, changes: heard.append(len({change.id for change in changes})))
        with one.together():
            for number in range(5):
                one.String(f"{number}").store("database")
        await until(lambda: len(other) == 7)
        assert heard == [5]


async def test_what_another_tool_writes_is_seen(endpoint: str, database_url: str) -> None:
    async with both(endpoint) as (one, _, other, _):
        async with await psycopg.AsyncConnection.connect(database_url) as connection:
            row = await (await connection.execute(DEEP_LINKS, (one.id, one.String.id))).fetchone()
        assert row
        await until(lambda: row[0] in one and row[0] in other)
        assert other[row[0]].type is other.String


async def test_two_servers_on_one_database_serve_one_graph(database_url: str) -> None:
    settings = Settings(database_url=database_url, port=0)
    one = Deep()
    async with running(settings) as here, running(settings) as there, synchronize(one, here) as first:
        one.String("first").store(first)
        await first.flush()
        other = await load(there, space=one.id)
        async with synchronize(other, there) as second:
            name = one.String("Alice").store(first)
            await until(lambda: name.id in other)
            other[name.id].data = "Bob"
            await until(lambda: name.data == "Bob")
            assert second.pending == 0


class Toggled(GraphQLStorage):
    """A storage whose bells, and reads, can be cut."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint)
        self.cut = asyncio.Event()
        self.heard = 0

    async def bells(self, space: str) -> AsyncIterator[int]:  # type: ignore[override]
        if self.cut.is_set():
            raise UnavailableError(storage="the cable", why="cut")
        bells = super().bells(space)
        try:
            async for n in bells:
                self.heard += 1
                yield n
                if self.cut.is_set():
                    raise UnavailableError(storage="the cable", why="cut")
        finally:
            await bells.aclose()

    async def read(self, cursor: Cursor, limit: int = 1000) -> Page:
        if self.cut.is_set():
            raise UnavailableError(storage="the cable", why="cut")
        return await super().read(cursor, limit)


async def test_what_was_written_while_the_line_was_cut_is_seen_when_it_is_back(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deeplinks.sync.patience.LONGEST_PAUSE", 0.05)
    one = Deep()
    storage = Toggled(endpoint)
    async with synchronize(one, endpoint) as first:
        one.String("first").store(first)
        await first.flush()
        other = await load(endpoint, space=one.id)
        async with synchronize(other, storage) as second:
            await until(lambda: second.following)
            storage.cut.set()
            name = one.String("Alice").store(first)
            await first.flush()
            await until(lambda: not second.following)
            storage.cut.clear()
            await until(lambda: name.id in other)
    await storage.close()


async def test_a_space_that_nobody_rings_is_read_by_its_timer(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deeplinks.sync.follower.UNRUNG", 0.01)
    one = Deep()

    class Deaf(GraphQLStorage):
        async def bells(self, space: str) -> AsyncIterator[int]:  # type: ignore[override]
            await asyncio.Event().wait()
            yield 0

    storage = Deaf(endpoint)
    async with synchronize(one, endpoint) as first:
        one.String("first").store(first)
        await first.flush()
        other = await load(endpoint, space=one.id)
        async with synchronize(other, storage):
            name = one.String("Alice").store(first)
            await until(lambda: name.id in other)
    await storage.close()


async def test_what_no_retry_helps_against_is_raised_to_whoever_leaves(endpoint: str) -> None:
    class Revoked(GraphQLStorage):
        async def bells(self, space: str) -> AsyncIterator[int]:  # type: ignore[override]
            raise AccessDeniedError(storage="it", why="revoked")
            yield 0

    storage = Revoked(endpoint)
    deep = Deep()
    with pytest.raises(AccessDeniedError, match="revoked"):
        async with synchronize(deep, storage) as database:
            await until(lambda: "stopped" in repr(database))
    await storage.close()


async def prune(database_url: str, space: str) -> None:
    """Drop the whole log of a space but its last entry."""
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        newest = "(select max(n) from deep.changes where _deep = %(space)s)"
        await connection.execute(f"update deep.spaces set floor = {newest} - 1 where id = %(space)s", {"space": space})
        await connection.execute(
            "delete from deep.changes where _deep = %(space)s and n <= (select floor from deep.spaces where id = %(space)s)",
            {"space": space},
        )


@pytest.fixture
def resynchronized() -> Callable[[Deep], list[ResyncError]]:
    def hear(deep: Deep) -> list[ResyncError]:
        heard: list[ResyncError] = []
        deep.signals.resynchronized.connect(lambda _, storage, why: heard.append(why))
        return heard

    return hear


async def test_a_reader_below_the_floor_reads_all_anew(
    endpoint: str, database_url: str, resynchronized: Callable[[Deep], list[ResyncError]]
) -> None:
    one = Deep()
    gone, kept, cleared = one().store("database"), one.String("kept"), one.String("text").store("database")
    kept.store("database")
    async with synchronize(one, endpoint) as first:
        await first.flush()
        other = await load(endpoint, space=one.id)
        heard = resynchronized(other)
        gone.destroy()
        del cleared.data
        late = one.String("late").store(first)
        await first.flush()
        await prune(database_url, one.id)
        mine = other.String("mine").store("database")

        await load(endpoint, into=other)

    assert len(heard) == 1
    assert gone.id not in other
    assert (other[late.id].data, other[kept.id].data, other[cleared.id].data) == ("late", "kept", None)
    assert mine.id in other


async def test_a_log_that_was_set_back_is_noticed_and_everything_read_and_written_anew(
    database_url: str, resynchronized: Callable[[Deep], list[ResyncError]]
) -> None:
    settings = Settings(database_url=database_url, port=0)
    one = Deep()
    async with running(settings) as endpoint:
        before = one.String("before").store("database")
        async with synchronize(one, endpoint):
            pass
        backup = await rows(database_url)
        async with synchronize(one, endpoint):
            after = one.String("after the backup").store("database")
        heard = resynchronized(one)
        await restore(database_url, backup)
        async with synchronize(one, endpoint) as database:
            again = one.String("again").store(database)
            await database.flush()
        copy = await load(endpoint, space=one.id)

    assert len(heard) == 1
    assert after.id not in one
    assert content(copy) == content(one)
    assert {copy[before.id].data, copy[again.id].data} == {"before", "again"}


TABLES = ("links", "strings", "changes", "batches")


async def rows(database_url: str) -> dict[str, list[str]]:
    """All rows of the tables, as JSON."""
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        found: dict[str, list[str]] = {}
        for table in TABLES:
            cursor = await connection.execute(f"select to_jsonb(t)::text from deep.{table} t")
            found[table] = [row[0] for row in await cursor.fetchall()]
        return found


async def restore(database_url: str, backup: dict[str, list[str]]) -> None:
    """Put the tables back as they were, as restoring a dump does: without triggers."""
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        await connection.execute("set session_replication_role = replica")
        for table in TABLES:
            await connection.execute(f"delete from deep.{table}")
            for row in backup[table]:
                statement = (
                    f"insert into deep.{table} select * from jsonb_populate_record(null::deep.{table}, %s::jsonb)"
                )
                await connection.execute(statement, [row])


async def test_two_who_make_at_the_same_time_get_places_of_their_own(endpoint: str) -> None:
    async with both(endpoint) as (one, first, other, second):
        for _ in range(20):
            one().store("database")
            other().store("database")
        await asyncio.gather(first.flush(), second.flush())
        await until(lambda: len(one) == len(other) == 42 and all(here.i for space in (one, other) for here in space))

        for space in (one, other):
            assert len({here.i for here in space}) == 42
