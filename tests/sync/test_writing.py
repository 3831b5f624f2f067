"""What the synchronizer sends: how often, how much, and that it takes effect once. Over real HTTP."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator

import pytest

import deeplinks
from deeplinks import Deep, GraphQLStorage, synchronize
from deeplinks.batch import Batch, Content, Cursor, Page, Written
from deeplinks.errors import UnavailableError
from tests.asking import ask
from tests.waiting import until


class Counting(GraphQLStorage):
    """Remembers the batches it wrote."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint)
        self.batches: list[Batch] = []

    async def write(self, batch: Batch) -> Written:
        self.batches.append(batch)
        return await super().write(batch)


@pytest.fixture
async def storage(endpoint: str) -> AsyncIterator[Counting]:
    storage = Counting(endpoint)
    yield storage
    await storage.close()


async def test_ten_changes_of_one_field_between_flushes_are_one_write(storage: Counting) -> None:
    deep = Deep()
    async with synchronize(deep, storage) as database:
        user = deep().store(database)
        await database.flush()
        for name in "abcdefghij":
            user.value = deep.String(name)
        await database.flush()

        last = storage.batches[-1].content
        assert len(storage.batches) == 2
        assert last.updates == [(user.id, {"_value": user.value_id})]


async def test_ten_thousand_associations_with_strings_take_at_most_twenty_five_requests(storage: Counting) -> None:
    deep = Deep()
    async with synchronize(deep, storage) as database:
        Thing = deep()
        for number in range(10_000):
            Thing(value=deep.String(f"thing {number}")).store(database)
        await database.flush()
        assert storage.requests <= 25

    copy = await deeplinks.load(storage, space=deep.id)
    assert len(copy) == len(deep)


async def test_a_change_that_was_taken_back_is_no_batch(storage: Counting) -> None:
    deep = Deep()
    async with synchronize(deep, storage) as database:
        text = deep.String("a").store(database)
        await database.flush()
        before = len(storage.batches)
        text.data = "b"
        text.data = "a"
        await database.flush()

        assert len(storage.batches) == before


async def test_what_is_made_and_destroyed_before_it_is_sent_is_no_batch(storage: Counting) -> None:
    deep = Deep()
    async with synchronize(deep, storage) as database:
        before = len(storage.batches)
        with deep.together():
            deep().store(database).destroy()
        await database.flush()

        assert len(storage.batches) == before


async def test_only_the_changed_columns_are_sent(storage: Counting) -> None:
    deep = Deep()
    async with synchronize(deep, storage) as database:
        one, other = deep().store(database), deep().store(database)
        await database.flush()
        one.to = other
        await database.flush()

        assert storage.batches[-1].content == Content(updates=[(one.id, {"_to": other.id})])


async def test_a_batch_sent_twice_takes_effect_once(storage: Counting, endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, storage) as database:
        text = deep.String("a").store(database)
        await database.flush()
        text.data = "b"
        await database.flush()
        query = "query ($deep: uuid!) { deep_changes(where: {_deep: {_eq: $deep}}, order_by: {n: asc}) { n } }"
        before = await ask(endpoint, query, deep=deep.id)

        again = await storage.write(storage.batches[-1])

        assert again.already
        assert await ask(endpoint, query, deep=deep.id) == before


class Ambiguous(Counting):
    """Every answer to a write is lost once, after the commit."""

    async def write(self, batch: Batch) -> Written:
        seen = batch in self.batches
        written = await super().write(batch)
        if not seen:
            raise UnavailableError(storage="the cable", why="cut after the commit")
        return written


async def test_a_write_whose_answer_was_lost_is_sent_again_and_takes_effect_once(endpoint: str) -> None:
    deep = Deep()
    storage = Ambiguous(endpoint)
    async with synchronize(deep, storage) as database:
        text = deep.String("a").store(database)
        await database.flush()
        text.data = "b"
        await database.flush()

    assert [batch.seq for batch in storage.batches] == [1, 1, 2, 2]
    query = 'query ($id: uuid!) { deep_changes(where: {id: {_eq: $id}, table: {_eq: "strings"}}) { operation } }'
    rows = await ask(endpoint, query, id=text.id)
    assert [row["operation"] for row in rows["deep_changes"]] == ["insert", "update"]
    await storage.close()


async def test_two_writers_of_different_fields_of_one_association_both_win(endpoint: str) -> None:
    deep = Deep()
    link = deep().store("database")
    near, far = deep().store("database"), deep().store("database")
    async with synchronize(deep, endpoint):
        pass
    one = await deeplinks.load(endpoint, space=deep.id)
    other = await deeplinks.load(endpoint, space=deep.id)
    async with synchronize(one, endpoint) as first, synchronize(other, endpoint) as second:
        one[link.id].from_ = one[near.id]
        other[link.id].to = other[far.id]
        await first.flush()
        await second.flush()

    final = await deeplinks.load(endpoint, space=deep.id)
    assert final[link.id].from_ is final[near.id]
    assert final[link.id].to is final[far.id]


async def test_a_change_made_while_no_storage_is_attached_is_written_on_entering(endpoint: str) -> None:
    deep = Deep()
    text = deep.String("early").store("database")

    async with synchronize(deep, endpoint):
        pass

    copy = await deeplinks.load(endpoint, space=deep.id)
    assert copy[text.id].data == "early"


async def test_loading_ten_thousand_rows_writes_nothing(storage: Counting) -> None:
    deep = Deep()
    Thing = deep().store("database", "typed_true")
    for _ in range(5_000):
        Thing(value=deep.Number(1))
    async with synchronize(deep, storage):
        pass
    written = len(storage.batches)
    copy = await deeplinks.load(storage, space=deep.id)
    async with synchronize(copy, storage) as database:
        await database.flush()

        assert len(storage.batches) == written
        assert database.pending == 0


async def test_instances_of_a_typed_mark_are_stored_before_and_after_it_and_in_the_next_process(endpoint: str) -> None:
    deep = Deep()
    Thing = deep()
    before = Thing()
    async with synchronize(deep, endpoint) as database:
        Thing.store(database, "typed_true")
        after = Thing()
    copy = await deeplinks.load(endpoint, space=deep.id)
    assert {before.id, after.id} <= copy.ids
    assert copy[Thing.id].is_stored("database", "typed_true")
    assert len(copy[Thing.id].out) == 0

    async with synchronize(copy, endpoint):
        third = copy[Thing.id]()

    last = await deeplinks.load(endpoint, space=deep.id)
    assert third.id in last.ids


async def test_a_group_is_never_cut(storage: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deeplinks.sync.synchronizer.MOST", 3)
    deep = Deep()
    with deep.together():
        group = [deep().store("database") for _ in range(8)]
    deep().store("database")
    async with synchronize(deep, storage):
        pass

    first = {row["id"] for row in storage.batches[0].content.links}
    assert {one.id for one in group} <= first
    assert len(storage.batches) == 2


async def test_unstore_leaves_the_row_and_stops_following(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        text = deep.String("a").store(database)
        await database.flush()
        text.data = "b"
        text.unstore(database)
        text.data = "c"

    copy = await deeplinks.load(endpoint, space=deep.id)
    assert copy[text.id].data == "b"


async def test_purge_deletes_the_row(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        text = deep.String("a").store(database)
        await database.flush()
        text.unstore(database, purge=True)

    copy = await deeplinks.load(endpoint, space=deep.id)
    assert text.id not in copy
    assert text.data == "a"


async def test_storing_again_writes_what_changed_meanwhile(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        text = deep.String("a").store(database)
        await database.flush()
        text.unstore(database)
        text.data = "c"
        text.store(database)

    copy = await deeplinks.load(endpoint, space=deep.id)
    assert copy[text.id].data == "c"


class Blind(Counting):
    """Reads nothing, so that it can't know which rows are there."""

    async def read(self, cursor: Cursor, limit: int = 1000) -> Page:
        return Page([], [], Cursor(cursor.space), more=False)


async def test_a_create_whose_id_is_there_already_is_sent_again_as_an_update(endpoint: str) -> None:
    deep = Deep()
    one = deep().store("database")
    async with synchronize(deep, endpoint):
        pass
    other = Deep(space=deep.id)
    twin = other.space.place(one.id, "elsewhere")
    twin.type = other.String
    twin.data = "twin"
    storage = Blind(endpoint)
    async with synchronize(other, storage) as database:
        twin.store(database)
    await storage.close()

    copy = await deeplinks.load(endpoint, space=deep.id)
    assert copy[one.id].type is copy.String
    assert copy[one.id].data == "twin"
    assert len(storage.batches) == 2


async def test_a_cursor_in_the_log_names_its_space_and_number(storage: Counting) -> None:
    deep = Deep()
    deep().store("database")
    async with synchronize(deep, storage):
        pass
    page = await storage.read(Cursor.start(deep.id))
    while page.more:
        page = await storage.read(page.cursor)

    assert page.cursor.space == deep.id
    assert page.cursor.n > 0


async def test_large_texts_are_cut_into_batches_that_a_server_takes(storage: Counting) -> None:
    deep = Deep()
    for _ in range(12):
        deep.String("x" * 3_000_000).store("database")
    async with synchronize(deep, storage) as database:
        await database.flush()

    assert [len(batch.content.links) for batch in storage.batches] == [2, 2, 2, 2, 2, 2]


async def test_a_typed_mark_that_two_processes_set_is_gone_when_one_takes_it_away(endpoint: str) -> None:
    deep = Deep()
    Thing = deep().store("database")
    async with synchronize(deep, endpoint):
        pass
    one = await deeplinks.load(endpoint, space=deep.id)
    other = await deeplinks.load(endpoint, space=deep.id)
    for copy in (one, other):
        async with synchronize(copy, endpoint):
            copy[Thing.id].store("database", "typed_true")
    async with synchronize(one, endpoint):
        one[Thing.id].unstore("database", "typed_true")

    last = await deeplinks.load(endpoint, space=deep.id)
    assert not last[Thing.id].is_stored("database", "typed_true")


async def test_a_space_that_was_synchronized_is_freed_like_any_other(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint):
        deep().store("database")
    gone = weakref.ref(deep)
    del deep
    gc.collect()

    assert gone() is None


async def test_a_typed_mark_goes_with_its_group(storage: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deeplinks.sync.synchronizer.MOST", 2)
    deep = Deep()
    for _ in range(3):
        deep().store("database")
    with deep.together():
        Thing = deep()
        Thing.store("database", "typed_true")
        Thing()
    async with synchronize(deep, storage):
        pass

    marks = [any(row["_type"] == deep.TypedTrue.id for row in batch.content.links) for batch in storage.batches]
    types = [any(row["id"] == Thing.id for row in batch.content.links) for batch in storage.batches]
    assert marks == types
    assert len(marks) > 1


class Slow(Counting):
    """Writes when it is let go on, and says when it was asked."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint)
        self.asked = asyncio.Semaphore(0)
        self.go_on = asyncio.Semaphore(0)

    async def write(self, batch: Batch) -> Written:
        self.asked.release()
        await self.go_on.acquire()
        return await super().write(batch)


async def test_the_next_full_batch_is_ready_while_one_is_on_its_way(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deeplinks.sync.synchronizer.MOST", 10)
    monkeypatch.setattr("deeplinks.sync.synchronizer.AHEAD", 0)
    deep = Deep()
    storage = Slow(endpoint)
    async with synchronize(deep, storage) as database:
        made = [deep().store(database) for _ in range(25)]
        await storage.asked.acquire()
        await until(lambda: len(database._outbox.sealed) == 2)
        # A change of what is on its way comes after it.
        made[0].value = made[24]
        first = asyncio.ensure_future(made[9].promise)
        storage.go_on.release()
        await first
        assert [one.sync["database"] for one in made[10:]] == ["sent"] * 10 + ["pending"] * 5
        for _ in range(4):
            storage.go_on.release()
        await database.flush()
        sizes = [len(batch.content.links) for batch in storage.batches]

    assert sizes == [10, 10, 5]
    copy = await deeplinks.load(storage, space=deep.id)
    assert [one.id for one in copy if one is not copy] == [one.id for one in made]
    assert copy[made[0].id].value is copy[made[24].id]
    await storage.close()
