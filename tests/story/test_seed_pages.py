"""The pages of the storage document after its core example, one story each: over real HTTP, without sleep."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from deeplinks import Association, Deep, Event, GraphQLStorage, load, synchronize
from deeplinks.batch import Batch, Written
from deeplinks.errors import DeepError, QueryError, StoppedError
from tests.asking import ask
from tests.waiting import until

ROW = "query ($id: uuid!) { deep_links_by_pk(id: $id) { _type _from _to _value } }"
TEXT = "query ($id: uuid!) { deep_strings_by_pk(id: $id) { _data } }"


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


async def row(endpoint: str, association: Association) -> dict[str, object] | None:
    return (await ask(endpoint, ROW, id=association.id))["deep_links_by_pk"]


async def text(endpoint: str, association: Association) -> str | None:
    found = (await ask(endpoint, TEXT, id=association.id))["deep_strings_by_pk"]
    return found and found["_data"]


async def test_creating_associations(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        User = deep()
        user = User()
        name = deep.String("Alice")
        user.value = name
        for one in (User, user, name):
            one.store("database", deep.storage_markers.one_true)
        await database.flush()

        nothing = {"_from": None, "_to": None}
        assert await row(endpoint, User) == {"_type": deep.id, "_value": None, **nothing}
        assert await row(endpoint, user) == {"_type": User.id, "_value": name.id, **nothing}
        assert await text(endpoint, name) == "Alice"


async def test_marks_may_come_before_the_links_are_set(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        user = deep().store(database)
        await database.flush()
        user.type = deep()
        user.value = deep.String("late")
        await database.flush()

        found = await row(endpoint, user)
        assert found == {"_type": user.type_id, "_value": user.value_id, "_from": None, "_to": None}
        assert user.value is not None
        assert await text(endpoint, user.value) == "late"


async def test_updating_the_value_and_the_type_sends_the_changed_columns(endpoint: str, storage: Counting) -> None:
    deep = Deep()
    async with synchronize(deep, storage) as database:
        user = deep(value=deep.String("Alice")).store(database)
        await database.flush()
        Admin = deep().store(database)
        user.value = deep.String("Bob").store(database)
        user.type = Admin
        await database.flush()

        assert storage.batches[-1].content.updates == [(user.id, {"_value": user.value.id, "_type": Admin.id})]
        found = await row(endpoint, user)
        assert found is not None
        assert (found["_value"], found["_type"]) == (user.value.id, Admin.id)


async def test_creating_relationships(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        author = deep(value=deep.String("Alice")).store(database)
        post = deep()
        post.from_ = author
        post.store(database)
        assert post.from_ is author
        assert list(author.out) == [post]
        await database.flush()

        asked = "query ($id: uuid!) { deep_links_by_pk(id: $id) { out { id } } }"
        assert await ask(endpoint, asked, id=author.id) == {"deep_links_by_pk": {"out": [{"id": post.id}]}}
        del post.from_
        assert list(author.out) == []
        await database.flush()
        assert await ask(endpoint, asked, id=author.id) == {"deep_links_by_pk": {"out": []}}


async def test_working_with_collections(endpoint: str, storage: Counting) -> None:
    deep = Deep()
    async with synchronize(deep, storage) as database:
        post = deep()
        tags = deep.Set()
        tags.add(deep.String("python"))
        tags.add(deep.String("database"))
        post.value = tags
        post.store(database)
        await database.flush()

        tags.add(deep.String("graph").store(database))
        await database.flush()
        copy = await load(endpoint, space=deep.id)

    assert {tag.data for tag in copy[tags.id]} == {"python", "database", "graph"}
    assert copy[tags.id].type is copy.Set
    assert len(storage.batches[-1].content.links) == 2  # the text and its place in the set


async def test_waiting_for_one_and_for_many(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        user = deep().store(database)
        await user.promise
        entities = [deep(value=deep.String(f"Entity {number}")).store(database) for number in range(10)]
        await asyncio.gather(*(entity.promise for entity in entities))

        asked = "query ($ids: [uuid!]!) { deep_links(where: {id: {_in: $ids}}) { value { string { _data } } } }"
        found = await ask(endpoint, asked, ids=[entity.id for entity in entities])
        texts = {one["value"]["string"][0]["_data"] for one in found["deep_links"]}
        assert texts == {f"Entity {number}" for number in range(10)}


async def test_waiting_with_the_events(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        created = asyncio.Event()
        user = deep()
        with user.on(deep.events.db_association_created, lambda _: created.set()):
            user.store(database)
            await created.wait()
        assert await row(endpoint, user) is not None


async def test_restoring_a_space_in_the_order_of_creation(endpoint: str) -> None:
    deep = Deep()
    made = [deep.String(str(number)) for number in range(20)]
    for one in reversed(made):
        one.store("database")
    async with synchronize(deep, endpoint):
        pass

    copy = await load(endpoint, space=deep.id)
    assert [one.data for one in copy if one.type is copy.String] == [str(number) for number in range(20)]
    numbers = [one.i for one in copy]
    assert numbers == sorted(numbers)  # pyright: ignore


async def test_loading_one_data_type_with_the_fields_of_its_links(endpoint: str) -> None:
    deep = Deep()
    name = deep.String("Alice", from_=deep(), to=deep()).store("database")
    deep.Number(5).store("database")
    async with synchronize(deep, endpoint):
        pass

    asked = "query ($deep: uuid!) { deep_strings(where: {_deep: {_eq: $deep}}) { id _data link { _type _from _to _value } } }"
    link = {"_type": deep.String.id, "_from": name.from_id, "_to": name.to_id, "_value": None}
    assert await ask(endpoint, asked, deep=deep.id) == {
        "deep_strings": [{"id": name.id, "_data": "Alice", "link": link}]
    }


async def test_incremental_loading_takes_over_what_was_made_changed_and_deleted(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        kept, gone = deep(to=deep()).store(database), deep().store(database)
        await database.flush()
        copy = await load(endpoint, space=deep.id)
        late = deep.String("late").store(database)
        kept.to = None
        gone.destroy()
        await database.flush()

        storage = GraphQLStorage(endpoint)
        await load(storage, into=copy)
        assert copy[late.id].data == "late"
        assert copy[kept.id].to is None
        assert gone.id not in copy
        assert storage.requests == 1
        await storage.close()


async def test_loading_by_the_order_of_creation_shows_what_was_made_since(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        first = deep().store(database)
        await database.flush()
        await database.catch_up()
        assert first.i is not None
        late = deep().store(database)
        await database.flush()

        asked = """query ($deep: uuid!, $last: bigint!) {
            deep_links(where: {_deep: {_eq: $deep}, _i: {_gt: $last}}, order_by: [{_i: asc}]) { id }
        }"""
        assert await ask(endpoint, asked, deep=deep.id, last=first.i) == {"deep_links": [{"id": late.id}]}


async def test_selective_synchronisation(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        User, Post = deep(), deep()
        before = User()
        for type in (User, Post):
            type.store(database, deep.storage_markers.typed_true)
        user, post, comment = User(), Post(), deep()
        await database.flush()

        for stored in (User, Post, before, user, post):
            assert stored.is_stored(database)
            assert await row(endpoint, stored) is not None
        assert not comment.is_stored(database)
        assert await row(endpoint, comment) is None

        comment.type = Post
        await database.flush()
        assert await row(endpoint, comment) is not None


async def test_what_is_retyped_out_of_a_marked_type_is_stored_no_more_and_its_last_change_still_is(
    endpoint: str,
) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        User = deep().store(database, deep.storage_markers.typed_true)
        Other = deep()
        user = User()
        await database.flush()
        user.type = Other
        assert not user.is_stored(database)
        user.value = deep.String("untold")
        await database.flush()

        found = await row(endpoint, user)
        assert found is not None
        assert (found["_type"], found["_value"]) == (Other.id, None)


@pytest.mark.parametrize("marker", ["one_false", "typed_false"])
async def test_false_marks_keep_out(endpoint: str, marker: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        User = deep().store(database, "typed_true")
        Secret = User()
        kept_out = Secret if marker == "typed_false" else User()
        kept_out.store(database, marker)
        inside = User()
        outside = Secret() if marker == "typed_false" else kept_out
        await database.flush()

        assert await row(endpoint, inside) is not None
        assert not outside.is_stored(database)
        assert await row(endpoint, outside) is None


async def test_creating_in_bulk(storage: Counting) -> None:
    deep = Deep()
    async with synchronize(deep, storage) as database:
        items = [deep(value=deep.String(f"item {number}")) for number in range(1000)]
        for item in items:
            item.store(database, deep.storage_markers.one_true)
        await asyncio.gather(*(item.promise for item in items))

    assert len(storage.batches) == 1
    assert storage.batches[0].content.size == 3000


class Mirrored(GraphQLStorage):
    """A storage of one's own: each batch also goes elsewhere, before it is written."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint)
        self.mirror: list[str] = []

    async def write(self, batch: Batch) -> Written:
        self.mirror += [str(link["id"]) for link in batch.content.links]
        return await super().write(batch)


async def test_a_storage_of_ones_own_sees_every_batch(endpoint: str) -> None:
    deep = Deep()
    storage = Mirrored(endpoint)
    async with synchronize(deep, storage) as database:
        user = deep().store(database)
        await database.flush()
        assert storage.mirror == [user.id]
        assert await row(endpoint, user) is not None
    await storage.close()


async def test_failures_are_told_and_the_batches_state_is_known(endpoint: str) -> None:
    class Refusing(GraphQLStorage):
        async def write(self, batch: Batch) -> Written:
            raise QueryError(storage="it", path="$", why="not today", reason="42501")

    deep = Deep()
    storage = Refusing(endpoint)
    failures: list[Event] = []
    under_way: list[bool] = []
    with pytest.raises(StoppedError, match="not today"):
        async with synchronize(deep, storage) as database:
            database.on(deep.events.db_batch_started, lambda _: under_way.append(True))
            database.on(deep.events.db_batch_completed, lambda _: under_way.append(False))
            database.on(deep.events.db_batch_failed, failures.append)
            user = deep().store(database)
            with pytest.raises(StoppedError):
                await user.promise

    assert under_way == [True]
    assert [str(event.new.error) for event in failures] == [str(failures[0].new.error)]
    assert user.sync == {"database": "sent"}
    await storage.close()


async def test_monitoring_counts_what_was_created(endpoint: str) -> None:
    deep = Deep()
    count = 0

    def created(_: Event) -> None:
        nonlocal count
        count += 1

    async with synchronize(deep, endpoint) as database:
        database.on(deep.events.db_association_created, created)
        for _ in range(100):
            deep().store(database)
        await database.promise
    assert count == 100


async def test_a_late_start_picks_up_the_marks_that_are_there(endpoint: str) -> None:
    deep = Deep()
    early = deep.String("early").store("database")
    async with synchronize(deep, endpoint) as database:
        await database.flush()
        assert await text(endpoint, early) == "early"


async def test_cleaning_up_leaves_nothing(endpoint: str) -> None:
    before = asyncio.all_tasks()
    deep = Deep()
    user = deep()
    try:
        async with synchronize(deep, endpoint) as database:
            user.store(database)
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass

    assert await row(endpoint, user) is not None
    await until(lambda: asyncio.all_tasks() == before)
    assert not deep.signals.waiting.receivers
    user.value = deep.String("unsent")
    assert await text(endpoint, user.value) is None


async def test_a_receiver_that_raises_stops_nothing(endpoint: str) -> None:
    deep = Deep()
    errors: list[Exception] = []
    deep.signals.receiver_error.connect(lambda _, error, receiver: errors.append(error))

    def raises(_: Event) -> None:
        raise RuntimeError("mine")

    async with synchronize(deep, endpoint) as database:
        database.on(deep.events.db_association_created, raises)
        deep.on(deep.events.constructed, raises)
        user = deep().store(database)
        await database.flush()
        assert await row(endpoint, user) is not None
    assert [str(error) for error in errors] == ["mine", "mine"]


async def test_a_receiver_that_writes_is_written_too(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        user = deep()
        user.on(deep.events.db_association_created, lambda event: setattr(event.source, "value", deep.String("seen")))
        user.store(database)
        await user.promise
        await database.flush()
        assert user.value is not None
        assert await text(endpoint, user.value) == "seen"


async def test_receivers_that_answer_each_other_for_ever_are_ended_and_the_sender_lives(endpoint: str) -> None:
    deep = Deep()
    user = deep()

    def again(event: Event) -> None:
        user.value = deep.String("again")

    async with synchronize(deep, endpoint) as database:
        user.store(database)
        user.on(deep.events.value_set, again)
        with pytest.raises(DeepError, match="again"):
            user.value = deep.String("once")
        await database.flush()
        assert user.value is not None
        assert await text(endpoint, user.value) == "again"
