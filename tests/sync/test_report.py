"""The report: how a space stands with its storage, in every state, and the progress of reading and writing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import psycopg
import pytest

from deeplinks import Deep, GraphQLStorage, Progress, Report, Work, blocking, load, synchronize
from deeplinks.batch import Batch, Written
from deeplinks.errors import QueryError, UnavailableError
from tests.processes import served
from tests.waiting import until


class Moody(GraphQLStorage):
    """Fails for as long as it has a mood; holds writing up while the gate is shut."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint)
        self.mood: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def write(self, batch: Batch) -> Written:
        await self.gate.wait()
        if self.mood:
            raise self.mood
        return await super().write(batch)


@asynccontextmanager
async def moody(endpoint: str) -> AsyncIterator[Moody]:
    storage = Moody(endpoint)
    yield storage
    await storage.close()


async def test_before_it_is_open_it_says_what_waits_and_why() -> None:
    deep = Deep()
    deep.String("a").store("database")
    report = synchronize(deep, "http://localhost:1/v1/graphql").report()

    assert (report.state, report.waiting, report.marked, report.since) == ("closed", 1, 1, None)
    assert "enter its block" in report.why


async def test_it_counts_what_was_written(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        texts = [deep.String(str(number)).store(database) for number in range(3)]
        await database.flush()
        texts[0].data = "changed"
        texts[1].to = texts[0]
        await database.flush()
        texts[2].destroy()
        await database.flush()
        report = database.report()

    assert (report.created, report.updated, report.deleted) == (3, 2, 1)
    assert (report.batches, report.rows, report.retries) == (3, 9, 0)
    assert (report.waiting, report.sent, report.why, report.error) == (0, 0, "", "")
    assert report.bytes > 100
    assert report.requests >= 3
    assert report.written_at is not None
    assert report.since is not None
    assert report.since <= report.written_at <= datetime.now(UTC)


async def test_it_counts_what_was_read_and_how_far_that_is(endpoint: str, database_url: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        deep.String("a").store(database)
        await database.flush()
        await until(lambda: database.report().n == 3)
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as other:
            await other.execute("insert into deep.links (_deep) select %s from generate_series(1, 5)", (deep.id,))
        await until(lambda: (database.report().n, database.report().lag) == (8, 0))
        report = database.report()

    assert (report.state, report.lag, report.read) == ("following", 0, 8)


async def test_while_a_storage_is_away_it_says_why_and_since_when(endpoint: str) -> None:
    deep = Deep()
    async with moody(endpoint) as storage, synchronize(deep, storage) as database:
        storage.mood = UnavailableError(storage="the cable", why="cut")
        deep.String("a").store(database)
        await until(lambda: database.report().retries > 1)
        report = database.report()
        storage.mood = None
        await database.flush()
        after = database.report()

    assert report.waiting + report.sent == 1
    assert "the cable" in report.why
    assert report.why == report.error
    assert report.waiting_since is not None
    assert (after.why, after.waiting_since) == ("", None)
    # What went wrong last stays to be read.
    assert "the cable" in after.error


async def test_what_is_on_its_way_is_told_apart(endpoint: str) -> None:
    deep = Deep()
    async with moody(endpoint) as storage, synchronize(deep, storage) as database:
        storage.gate.clear()
        deep.String("sent").store(database)
        await until(lambda: database.report().sent == 1)
        deep.String("waits").store(database)
        report = database.report()
        storage.gate.set()

    assert (report.sent, report.waiting) == (1, 1)


async def test_it_reads_well(endpoint: str) -> None:
    deep = Deep()
    async with moody(endpoint) as storage, synchronize(deep, storage) as database:
        User = deep().store(database, "typed_true")
        User()
        await database.flush()
        storage.mood = UnavailableError(storage="the <cable>", why="cut")
        User()
        await until(lambda: database.report().retries)
        report = database.report()
        storage.mood = None

    text = repr(report)
    assert text.startswith("database   following since ")
    assert "1 type with all instances" in text
    assert "last error the <cable> can't be reached: cut" in text
    assert "the &lt;cable&gt;" in report._repr_html_()
    assert "the &lt;cable&gt;" in database._repr_html_()


async def test_it_is_a_value(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        report = database.report()
        with pytest.raises(AttributeError):
            report.waiting = 7  # type: ignore[misc]

    assert isinstance(report, Report)


def test_it_is_there_without_await(database_url: str) -> None:
    deep = Deep()
    with served(database_url) as address, blocking.synchronize(deep, address) as database:
        deep.String("a").store("database")
        database.flush()

        assert database.report().created == 1


async def test_the_progress_of_loading_is_told_page_by_page(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint):
        for number in range(1500):
            deep.String(str(number)).store("database")
    told: list[Progress] = []
    copy = await load(endpoint, space=deep.id, progress=told.append)

    assert [one.work for one in told] == [Work.reading] * len(told)
    assert [one.done for one in told][:2] == [1000, 1501]
    assert [one.over for one in told] == [False] * (len(told) - 1) + [True]
    assert told[-1].done == told[-1].total == 3001
    assert not copy.signals.progress.receivers


async def test_the_progress_of_writing_is_told_batch_by_batch(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deeplinks.sync.synchronizer.MOST", 10)
    deep = Deep()
    for number in range(25):
        deep.String(str(number)).store("database")
    told: list[Progress] = []

    def hear(_: Deep, progress: Progress) -> None:
        told.append(progress)

    deep.signals.progress.connect(hear)
    async with synchronize(deep, endpoint) as database:
        await database.flush()

    writing = [one for one in told if one.work is Work.writing]
    assert [(one.done, one.total) for one in writing] == [(10, 25), (20, 25), (25, 25)]
    assert [one.over for one in writing] == [False, False, True]
    assert str(writing[0]).startswith("writing database: 10 of 25 associations")


async def test_a_receiver_of_progress_that_raises_stops_nothing(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint):
        deep.String("a").store("database")
    copy = Deep(space=deep.id)
    errors: list[object] = []

    def hear(_: Deep, error: object, **__: object) -> None:
        errors.append(error)

    def fail(_: Deep, progress: Progress) -> None:
        raise RuntimeError(progress)

    copy.signals.receiver_error.connect(hear)
    copy.signals.progress.connect(fail)
    await load(endpoint, into=copy)

    assert len(copy) == 2
    assert errors


async def test_what_stopped_for_good_is_why_it_waits(endpoint: str) -> None:
    deep = Deep()
    async with moody(endpoint) as storage:
        with pytest.raises(Exception, match="no such table"):
            async with synchronize(deep, storage) as database:
                storage.mood = QueryError(storage="it", path="$", why="no such table", reason="validation-failed")
                deep.String("a").store(database)
                await until(lambda: database.report().state == "stopped")
                assert "no such table" in database.report().why
