"""Storages that were set back to an older state or whose log was cut at the worst moment. Each found by simulation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import pytest

from deeplinks import Deep, GraphQLStorage, MemoryStorage, load, synchronize
from deeplinks.batch import Batch, Content, Cursor, Page, Written
from deeplinks.errors import RewoundError, UnavailableError
from deeplinks.space.ledger import StorageMarker
from deeplinks.storage.memory.rules import Rules
from deeplinks.storage.memory.storage import MemoryTransport
from deeplinks.sync.conflicts import Conflict, Lost
from deeplinks.sync.outbox import Outbox, Sealed
from deeplinks.sync.replica import replica_of
from tests.simulation.backups import back_up, prune, set_back
from tests.simulation.server import FOREIGN
from tests.waiting import until


class Quiet(MemoryStorage):
    """Rings nobody: what is read is read when it is asked for. The answer of a write is lost while `after` says so."""

    def __init__(self) -> None:
        super().__init__()
        self.after: Callable[[], bool] = lambda: False

    async def bells(self, space: str) -> AsyncGenerator[int]:
        yield 0
        await asyncio.Event().wait()

    async def write(self, batch: Batch) -> Written:
        written = await super().write(batch)
        if self.after():
            raise UnavailableError(storage="the cable", why="cut after the commit")
        return written

    @property
    def rules(self) -> Rules:
        return self._memory._rules


def written(outbox: Outbox) -> Sealed:
    """What waits, sealed and acknowledged."""
    sealed = outbox.next(100)
    assert sealed is not None
    outbox.settle(sealed, Written())
    return sealed


def once(step: Callable[[], object]) -> Callable[[], bool]:
    """Take a step at the first call, which says that the answer is lost; no later one."""
    steps = [step]

    def after() -> bool:
        if not steps:
            return False
        steps.pop()()
        return True

    return after


@asynccontextmanager
async def answer_lost(storage: Quiet, deep: Deep, *, pruned: bool = True) -> AsyncGenerator[Deep]:
    """What waits is committed, and every answer is lost; then somebody else changes it, and its first entry is pruned."""
    floor = storage.rules.newest(deep.id) + 1
    lost: list[bool] = []
    storage.after = lambda: lost.append(True) is None
    await until(lambda: lost)
    theirs = GraphQLStorage(transport=MemoryTransport(storage._memory))
    other = await load(theirs, space=deep.id)
    async with synchronize(other, theirs):
        yield other
    if pruned:
        prune(storage.rules, deep.id, floor)


async def test_a_change_that_was_acknowledged_and_lost_with_a_backup_is_not_shown_any_more() -> None:
    deep, storage = Deep(), Quiet()
    text = deep.String("old").store("database")
    async with synchronize(deep, storage) as database:
        await database.flush()
        await database.catch_up()
        backup = back_up(storage)
        text.data = "new"
        await database.flush()
        set_back(storage, backup)
        await database.catch_up()

        assert text.data == "old"


async def test_what_was_destroyed_is_there_again_with_the_backup_that_has_it() -> None:
    deep, storage = Deep(), Quiet()
    text = deep.String("here").store("database")
    async with synchronize(deep, storage) as database:
        await database.flush()
        await database.catch_up()
        backup = back_up(storage)
        text.destroy()
        await database.flush()
        set_back(storage, backup)
        await database.catch_up()

        assert deep[text.id].data == "here"


async def test_a_mark_that_was_taken_away_is_there_again_with_the_backup_that_has_it() -> None:
    deep, storage = Deep(), Quiet()
    Thing = deep().store("database", "typed_true")
    async with synchronize(deep, storage) as database:
        await database.flush()
        await database.catch_up()
        backup = back_up(storage)
        Thing.unstore("database", "typed_true")
        await database.flush()
        set_back(storage, backup)
        await database.catch_up()

        assert Thing.is_stored("database", "typed_true")


async def test_what_was_read_and_not_acknowledged_is_kept_and_sent_again_when_the_storage_is_set_back() -> None:
    deep, storage = Deep(), Quiet()
    deep.String("first").store("database")
    async with synchronize(deep, storage) as database:
        backup = back_up(storage)
        await database.flush()
        later = deep.String("later").store("database")
        lost: list[bool] = []
        storage.after = once(lambda: lost.append(True))
        await until(lambda: lost)
        await database.catch_up()
        set_back(storage, backup)
        await database.flush()
        await database.catch_up()
        copy = await load(storage, space=deep.id)

        assert deep[later.id] is later
        assert copy[later.id].data == "later"


async def test_what_others_destroyed_before_its_answer_came_is_gone_though_the_log_was_pruned() -> None:
    deep, storage = Deep(), Quiet()
    deep().store("database")
    async with synchronize(deep, storage) as database:
        await database.flush()
        deep().store("database")
        text = deep.String("mine").store("database")
        async with answer_lost(storage, deep) as other:
            other[text.id].destroy()
        await database.catch_up()
        storage.after = lambda: False
        await database.flush()
        await database.catch_up()

        assert text.destroyed


async def test_a_mark_that_others_took_away_before_its_answer_came_is_gone_though_the_log_was_pruned() -> None:
    deep, storage = Deep(), Quiet()
    Thing = deep().store("database")
    async with synchronize(deep, storage) as database:
        await database.flush()
        deep().store("database")
        Thing.store("database", "typed_true")
        async with answer_lost(storage, deep) as other:
            other[Thing.id].unstore("database", "typed_true")
        await database.catch_up()
        storage.after = lambda: False
        await database.flush()
        await database.catch_up()

        assert not Thing.is_stored("database", "typed_true")


async def test_a_new_association_is_sent_once_though_its_answer_was_lost_and_the_log_was_pruned() -> None:
    deep, storage = Deep(), Quiet()
    async with synchronize(deep, storage) as database:
        await database.flush()
        text = deep.String("mine").store("database")
        lost: list[bool] = []
        storage.after = once(lambda: lost.append(True))
        await until(lambda: lost)
        other = await load(storage, space=deep.id)
        other[text.id].data = "theirs"
        async with synchronize(other, storage):
            pass
        prune(storage.rules, deep.id, storage.rules.newest(deep.id))
        await database.flush()
        await database.catch_up()
        copy = await load(storage, space=deep.id)

        assert (text.data, copy[text.id].data) == ("theirs", "theirs")


def test_two_that_others_changed_meanwhile_are_brought_up_to_date_as_one() -> None:
    deep = Deep()
    one, other = deep.String("0").store("database"), deep.String("0").store("database")
    replica, outbox = replica_of(deep, "database"), replica_of(deep, "database").outbox
    replica.inbox.settle([written(outbox)])
    with deep.together():
        one.data = other.data = "mine"
    sealed = written(outbox)
    for text in (one, other):
        outbox.rebase(text.id, "data", "theirs")
    seen: list[tuple[object, object]] = []
    deep.signals.changed.connect(lambda *_, **__: seen.append((one.data, other.data)), sender=deep)
    replica.inbox.settle([sealed])

    assert seen == [("theirs", "theirs")]


async def test_a_snapshot_of_a_space_is_read_before_anything_is_sent_to_a_storage_that_was_set_back() -> None:
    deep, storage = Deep(), Quiet()
    text = deep.String("old").store("database")
    async with synchronize(deep, storage) as database:
        await database.flush()
        await database.catch_up()
        backup = back_up(storage)
        other = await load(storage, space=deep.id)
        theirs = other.String("theirs").store("database")
        async with synchronize(other, storage):
            pass
        await database.catch_up()
        set_back(storage, backup)
        deep[theirs.id].data = "changed"
        text.data = "new"
        await database.flush()
        await database.catch_up()

        assert deep.get(theirs.id) is None
        assert (await load(storage, space=deep.id))[text.id].data == "new"


async def test_what_is_sent_again_is_seen_again_though_another_came_after_it() -> None:
    deep, storage = Deep(), Quiet()
    text = deep.String("old").store("database")
    async with synchronize(deep, storage) as database:
        await database.flush()
        await database.catch_up()
        backup = back_up(storage)
        deep().store("database")
        await database.flush()
        text.data = "mine"
        async with answer_lost(storage, deep, pruned=False) as other:
            other[text.id].data = "theirs"
        await database.catch_up()
        assert text.data == "theirs"
        set_back(storage, backup)
        storage.after = lambda: False
        await database.flush()
        await database.catch_up()
        copy = await load(storage, space=deep.id)

        assert (text.data, copy[text.id].data) == ("mine", "mine")


async def test_a_mark_whose_id_is_a_link_in_the_storage_that_was_set_back_is_none() -> None:
    deep, storage = Deep(), Quiet()
    Thing = deep().store("database")
    async with synchronize(deep, storage) as database:
        await database.flush()
        backup = back_up(storage)
        Thing.store("database", "typed_true")
        await database.flush()
        await database.catch_up()
        mark = deep.space.ledger("database").typed[StorageMarker.typed_true][Thing][0]
        set_back(storage, backup)
        await GraphQLStorage(transport=MemoryTransport(storage._memory)).write(
            Batch.seal(deep.id, Deep().id, 1, Content(links=[{"id": mark, "_deep": deep.id}]))
        )
        await database.catch_up()

        assert not Thing.is_stored("database", "typed_true")
        assert mark in deep


async def test_the_last_change_of_what_was_let_go_of_is_told_as_lost_where_the_backup_has_it_not() -> None:
    deep, storage = Deep(), Quiet()
    deep().store("database")
    told: list[Conflict] = []
    deep.signals.conflict.connect(lambda *_, conflict, **__: told.append(conflict), weak=False)
    async with synchronize(deep, storage) as database:
        await database.flush()
        backup = back_up(storage)
        text = deep.String("old").store("database")
        await database.flush()
        await database.catch_up()
        text.data = "new"
        text.unstore("database")
        text.data = "newer"
        set_back(storage, backup)
        await database.flush()

        assert [(one.id, one.mine, one.lost) for one in told] == [(text.id, "new", Lost.mine)]
        assert text.data == "newer"


class Paged(Quiet):
    """It gives two rows at a time, and something happens after some of its pages."""

    def __init__(self) -> None:
        super().__init__()
        self.pages = 0
        self.steps: dict[int, Callable[[], object]] = {}

    async def read(self, cursor: Cursor, limit: int = 1000) -> Page:
        page = await super().read(cursor, 2)
        self.pages += 1
        self.steps.pop(self.pages, lambda: None)()
        return page


@pytest.mark.parametrize("since", [0, 1, 5])
async def test_a_backup_that_is_restored_while_all_rows_are_read_is_noticed(since: int) -> None:
    deep, storage, backups = Deep(), Paged(), list[Rules]()
    links = [deep().store("database") for _ in range(8)]
    async with synchronize(deep, storage) as database:
        await database.flush()
    first, last = links[0].id, links[-1].id

    def change() -> None:
        backups.append(back_up(storage))
        storage._memory.answer(FOREIGN["update"], {"id": last, "row": {"_to": first}})

    def restore() -> None:
        set_back(storage, backups[0])
        for number in range(since):
            storage._memory.answer(FOREIGN["update"], {"id": first, "row": {"_from": links[number + 1].id}})

    storage.pages, storage.steps = 0, {1: change, 6: restore}
    copy, told = Deep(space=deep.id), list[Exception]()
    copy.signals.resynchronized.connect(lambda _, storage, why: told.append(why), weak=False)
    await load(storage, into=copy)

    assert not storage.steps
    assert [type(why) for why in told] == [RewoundError]
    assert copy[last].to_id is None
    assert copy[first].from_id == (links[since].id if since else None)
