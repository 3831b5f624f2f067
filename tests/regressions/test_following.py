"""Counterexamples that were found once in following, waiting and the verbs without await; each stays."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator

import pytest

from deeplinks import (
    Association,
    Deep,
    Event,
    GraphQLStorage,
    MemoryStorage,
    Synchronizer,
    blocking,
    load,
    promise_status,
    synchronize,
)
from deeplinks.batch import Batch, Cursor, Page, Written
from deeplinks.errors import InvalidError, QueryError, ResyncError, UnavailableError
from tests.processes import ROOT, served
from tests.waiting import until, until_now


class Told(MemoryStorage):
    """A storage that does what the test says before it answers."""

    def __init__(self) -> None:
        super().__init__()
        self.resync = False
        self.gap = False
        self.hiccups = 0
        self.reading = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def write(self, batch: Batch) -> Written:
        if self.gap:
            self.gap = False
            raise QueryError(storage="it", path="$", why="gap", reason="22L03")
        return await super().write(batch)

    async def read(self, cursor: Cursor, limit: int = 1000) -> Page:
        if self.resync and not cursor.snapshot:
            self.resync = False
            raise ResyncError(space=cursor.space, n=cursor.n, why="pruned")
        if self.hiccups:
            self.hiccups -= 1
            raise UnavailableError(storage="it", why="hiccup")
        page = await super().read(cursor, limit)
        if cursor.snapshot and cursor.table == "links":
            self.reading.set()
            await self.go_on.wait()
        return page


async def test_what_is_written_while_all_is_read_anew_stays() -> None:
    storage, deep = Told(), Deep()
    Thing = deep().store("database")
    async with synchronize(deep, storage) as database:
        await database.flush()
        await database.catch_up()
        storage.resync = True
        storage.reading.clear()
        storage.go_on.clear()
        reading = asyncio.create_task(database.catch_up())
        await storage.reading.wait()
        mine = Thing(value=deep.String("mine")).store(database)
        await database.flush()
        storage.go_on.set()
        await reading

        assert not mine.destroyed
        assert mine.id in await load(storage, space=deep.id)


@pytest.fixture
async def followed() -> AsyncIterator[tuple[Association, Synchronizer, Association, Synchronizer]]:
    """A text that two have, and follow."""
    storage, deep = MemoryStorage(), Deep()
    text = deep.String("a").store("database")
    async with synchronize(deep, storage) as one:
        await one.flush()
        copy = await load(storage, space=deep.id)
        async with synchronize(copy, storage) as other:
            await until(lambda: other.following)
            yield text, one, copy[text.id], other


async def test_receivers_that_answer_each_other_for_what_came_in_stop_nothing(
    followed: tuple[Association, Synchronizer, Association, Synchronizer],
) -> None:
    text, one, copied, other = followed
    errors: list[Exception] = []
    count = 0

    def again(_: Event) -> None:
        nonlocal count
        count += 1
        copied.data = f"answer {count}"

    copied.space_of().signals.receiver_error.connect(lambda _, error, receiver: errors.append(error))
    with copied.on("data_set", again):
        text.data = "trigger"
        await one.flush()
        await until(lambda: errors)
    await other.flush()
    text.data = "later"
    await one.flush()
    await until(lambda: copied.data == "later")


async def test_an_await_in_together_is_the_error_of_who_wrote_it_alone(
    followed: tuple[Association, Synchronizer, Association, Synchronizer],
) -> None:
    text, one, copied, other = followed
    with pytest.raises(InvalidError, match="await"), copied.space_of().together():
        text.data = "meanwhile"
        await one.flush()
        await asyncio.sleep(0)
    await until(lambda: copied.data == "meanwhile")
    assert "following" in repr(other)


async def test_reading_in_together_is_refused_for_it_would_be_undone() -> None:
    storage, deep = MemoryStorage(), Deep()
    text = deep.String("a").store("database")
    async with synchronize(deep, storage) as database:
        await database.flush()
        copy = await load(storage, space=deep.id)
        text.data = "b"
        await database.flush()
        with pytest.raises(InvalidError, match="together"), copy.together():
            await load(storage, into=copy)
        with pytest.raises(InvalidError, match="together"), deep.together():
            await database.catch_up()
        await load(storage, into=copy)
    assert copy[text.id].data == "b"


async def test_a_storage_that_was_set_back_and_has_a_hiccup_is_written_all_the_same() -> None:
    storage, deep = Told(), Deep()
    text = deep.String("a").store("database")
    async with synchronize(deep, storage) as database:
        await database.flush()
        await database.catch_up()
        storage.gap, storage.hiccups = True, 1
        text.data = "b"
        await database.flush()
    assert (await load(storage, space=deep.id))[text.id].data == "b"


async def test_the_promise_of_a_type_waits_for_its_mark() -> None:
    storage, deep = MemoryStorage(), Deep()
    async with synchronize(deep, storage) as database:
        Thing = deep().store(database)
        await Thing.promise
        Thing.store(database, "typed_true")
        assert promise_status(Thing).is_pending
        await Thing.promise
        copy = await load(storage, space=deep.id)
    assert copy[Thing.id].is_stored("database", "typed_true")


async def test_an_operation_that_was_cancelled_is_a_failure_and_the_next_one_runs() -> None:
    user = Deep()()
    cancelled = asyncio.create_task(asyncio.Event().wait())
    cancelled.cancel()
    done: list[int] = []
    user.promise = cancelled
    user.promise = lambda: done.append(1)
    with pytest.raises(InvalidError, match="cancelled"):
        await user.promise
    assert done == [1]


async def test_del_gives_up_what_waits_behind_the_operation_under_way() -> None:
    user = Deep()()
    go_on, ran = asyncio.Event(), list[int]()

    async def operation(number: int) -> None:
        await go_on.wait()
        ran.append(number)

    for number in range(3):
        user.promise = operation(number)
    await asyncio.sleep(0)
    del user.promise
    go_on.set()
    await until(lambda: ran)
    await asyncio.sleep(0)
    assert ran == [0]


async def test_another_thread_waits_for_operations_of_this_loop() -> None:
    user = Deep()()
    user.promise = asyncio.sleep(0.01, result="done")
    assert await asyncio.to_thread(blocking.wait, user) == "done"


def test_reading_from_a_receiver_of_what_is_read_is_refused_and_no_deadlock() -> None:
    storage, deep = MemoryStorage(), Deep()
    text = deep.String("a").store("database")
    with blocking.synchronize(deep, storage) as one:
        one.flush()
        copy = blocking.load(storage, space=deep.id)
        with blocking.synchronize(copy, storage) as other:
            errors: list[Exception] = []

            def read(_: Event) -> None:
                try:
                    other.catch_up()
                except InvalidError as error:
                    errors.append(error)

            copy[text.id].on("data_set", read)
            text.data = "b"
            one.flush()
            until_now(lambda: other.flush() or errors)
    assert copy[text.id].data == "b"


def test_ctrl_c_while_something_comes_in_ends_no_following() -> None:
    storage, deep = MemoryStorage(), Deep()
    text = deep.String("a").store("database")
    with blocking.synchronize(deep, storage) as one:
        one.flush()
        copy = blocking.load(storage, space=deep.id)
        with blocking.synchronize(copy, storage) as other:
            copy.signals.changed.connect(lambda *_, **__: os.kill(os.getpid(), signal.SIGINT))
            text.data = "b"
            one.flush()
            with pytest.raises(KeyboardInterrupt):
                until_now(lambda: other.flush() or copy[text.id].data == "never")
            copy.signals.changed.receivers.clear()
            text.data = "c"
            one.flush()
            until_now(lambda: other.flush() or copy[text.id].data == "c")


def test_a_forked_child_is_told_that_nothing_is_open_there() -> None:
    script = """
import os
from deeplinks import Deep, MemoryStorage, blocking
from deeplinks.errors import InvalidError
with blocking.synchronize(Deep(), MemoryStorage()) as database:
    child = os.fork()
    if not child:
        try:
            database.flush()
        except InvalidError:
            storage, deep = MemoryStorage(), Deep()
            with blocking.synchronize(deep, storage) as own:
                deep.String("a").store(own)
            os._exit(0)
        os._exit(1)
    raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr


# What the first loop had connected is gone with it, unclosed.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_storage_serves_in_one_event_loop_after_another(database_url: str) -> None:
    with served(database_url) as address:
        in_one_loop_after_another(address)
        gc.collect()


def in_one_loop_after_another(address: str) -> None:
    storage, deep = GraphQLStorage(address), Deep()

    async def write(text: str) -> None:
        async with synchronize(deep, storage) as database:
            deep.String(text).store(database)

    for text in ("one", "two"):
        asyncio.run(write(text))

    async def read() -> set[object]:
        found = {one.data for one in await load(storage, space=deep.id)}
        await storage.close()
        return found

    assert asyncio.run(read()) == {None, "one", "two"}


async def test_a_together_of_another_thread_does_not_hold_up_the_loop() -> None:
    deep, opened, over = Deep(), threading.Event(), threading.Event()

    def think() -> None:
        with deep.together():
            opened.set()
            in_time.append(over.wait(5))

    in_time: list[bool] = []
    async with synchronize(deep, MemoryStorage()) as database:
        deep.String("before").store(database)
        thread = threading.Thread(target=think)
        thread.start()
        opened.wait()
        flushing = asyncio.create_task(database.flush())
        for _ in range(20):
            await asyncio.sleep(0)
        over.set()
        await flushing
        thread.join()

    assert in_time == [True]


def test_another_space_can_be_loaded_inside_together(database_url: str) -> None:
    mine, theirs = Deep(), Deep()
    with served(database_url) as address, blocking.synchronize(theirs, address) as other:
        text = theirs.String("there").store(other)
        other.flush()
        with blocking.synchronize(mine, address) as database:
            mine.String("waits").store(database)
            with mine.together():
                copied = mine.String(blocking.load(address, space=theirs.id)[text.id].data).store(database)
            database.flush()
            again = blocking.load(address, space=mine.id)

    assert again[copied.id].data == "there"
