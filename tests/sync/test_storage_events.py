"""What a storage tells: each effect once, in order, on the association, the space and the storage."""

import gc

import pytest

from deeplinks import Association, Deep, Event, GraphQLStorage, load, synchronize
from deeplinks.batch import Batch, Written
from deeplinks.errors import InvalidError, UnavailableError

EFFECTS = ("db_association_created", "db_link_updated", "db_data_updated", "db_association_deleted")
BATCHES = ("db_batch_started", "db_batch_completed", "db_batch_failed")


class Heard(list[Event]):
    """All `db_` events of a space."""

    def __init__(self, deep: Deep) -> None:
        super().__init__()
        for kind in (*EFFECTS, *BATCHES):
            deep.on(kind, self.append)

    def effects(self) -> list[tuple[str, Association]]:
        return [(event.kind.value, event.source) for event in self if event.kind in EFFECTS]

    def kinds(self) -> list[str]:
        return [event.kind.value for event in self]


async def test_a_new_association_with_its_data_is_one_created(storage: GraphQLStorage) -> None:
    deep = Deep()
    heard = Heard(deep)
    async with synchronize(deep, storage) as database:
        text = deep.String("a").store(database)
        await database.flush()

    assert heard.effects() == [("db_association_created", text)]


async def test_a_changed_reference_is_one_link_updated(storage: GraphQLStorage) -> None:
    deep = Deep()
    async with synchronize(deep, storage) as database:
        user, other = deep().store(database), deep().store(database)
        await database.flush()
        heard = Heard(deep)
        user.value = other
        user.to = other
        await database.flush()

    assert heard.effects() == [("db_link_updated", user)]


async def test_changed_data_is_one_data_updated(storage: GraphQLStorage) -> None:
    deep = Deep()
    async with synchronize(deep, storage) as database:
        name = deep.String("Alice").store(database)
        await database.flush()
        heard = Heard(deep)
        name.data = "Bob"
        await database.flush()
        del name.data
        await database.flush()

    assert heard.effects() == [("db_data_updated", name)] * 2


async def test_a_destroyed_association_is_one_deleted(storage: GraphQLStorage) -> None:
    deep = Deep()
    async with synchronize(deep, storage) as database:
        user = deep().store(database)
        await database.flush()
        heard = Heard(deep)
        user.destroy()
        await database.flush()

    assert heard.effects() == [("db_association_deleted", user)]


async def test_a_typed_mark_is_a_batch_and_no_association(storage: GraphQLStorage) -> None:
    deep = Deep()
    async with synchronize(deep, storage) as database:
        User = deep().store(database)
        await database.flush()
        heard = Heard(deep)
        User.store(database, "typed_true")
        await database.flush()

    assert heard.kinds() == ["db_batch_started", "db_batch_completed"]


async def test_a_batch_is_started_before_its_effects_and_completed_after_them(storage: GraphQLStorage) -> None:
    deep = Deep()
    heard = Heard(deep)
    async with synchronize(deep, storage) as database:
        deep().store(database)
        deep().store(database)
        await database.flush()

    created = ["db_association_created"] * 2
    assert heard.kinds() == ["db_batch_started", *created, "db_batch_completed"]


async def test_the_association_the_space_and_the_storage_hear_it_once_each(storage: GraphQLStorage) -> None:
    deep = Deep()
    heard: list[tuple[str, Event]] = []
    async with synchronize(deep, storage) as database:
        user = deep()
        for who, name in ((user, "association"), (deep, "space"), (database, "storage")):
            who.on("db_association_created", lambda event, name=name: heard.append((name, event)))
        user.store(database)
        await database.flush()

    assert sorted(name for name, _ in heard) == ["association", "space", "storage"]
    assert all(event.source is user and event.origin == "database" for _, event in heard)


async def test_who_asked_for_it_hears_that_a_destroyed_association_is_deleted(storage: GraphQLStorage) -> None:
    deep = Deep()
    async with synchronize(deep, storage) as database:
        user = deep().store(database)
        await database.flush()
        heard: list[Event] = []
        off = user.on("db_association_deleted", heard.append)
        user.destroy()
        await database.flush()

        assert [event.source for event in heard] == [user]
        assert not off.listening


async def test_a_storage_hears_only_its_own(storage: GraphQLStorage) -> None:
    deep = Deep()
    heard: list[Event] = []
    async with (
        synchronize(deep, storage, name="one") as one,
        synchronize(deep, storage, name="two") as two,
    ):
        two.on("db_association_created", heard.append)
        two.on("store_added", heard.append)
        deep().store(one)
        await one.flush()

    assert heard == []


async def test_a_mark_is_heard_on_the_storage_it_is_for(storage: GraphQLStorage) -> None:
    deep = Deep()
    heard: list[Event] = []
    async with synchronize(deep, storage) as database:
        database.on("store_added", heard.append)
        database.on("store_removed", heard.append)
        user = deep().store(database)
        user.unstore(database)

    assert [(event.kind.value, event.source) for event in heard] == [("store_added", user), ("store_removed", user)]


async def test_a_storage_is_forgotten_only_when_it_is_left_and_its_old_synchronizer_with_it(
    storage: GraphQLStorage,
) -> None:
    deep = Deep()
    user = deep()
    async with synchronize(deep, storage) as database:
        user.store(database, deep.StorageMarker())
        with pytest.raises(InvalidError, match="synchronized now"):
            deep.forget_storage(database)
    deep.forget_storage(database)
    with pytest.raises(InvalidError, match="forgotten"):
        await database.__aenter__()
    async with synchronize(deep, storage) as again:
        assert not user.is_stored(again)
        user.store(again).to = user
        await again.flush()
    assert (await load(storage, space=deep.id))[user.id].to_id == user.id


async def test_leaving_ends_what_listens_to_the_storage(storage: GraphQLStorage) -> None:
    deep = Deep()
    async with synchronize(deep, storage) as database:
        off = database.on("db_batch_failed", print)

    assert not off.listening
    assert not deep.signals.db_batch_failed.receivers


class Cut(GraphQLStorage):
    """Loses the first two answers, after the commit."""

    def __init__(self, storage: GraphQLStorage) -> None:
        super().__init__(transport=storage._transport)
        self.left = 2

    async def write(self, batch: Batch) -> Written:
        written = await super().write(batch)
        if self.left:
            self.left -= 1
            raise UnavailableError(storage="the cable", why="cut")
        return written


async def test_every_failed_sending_is_told_with_its_number_and_error(storage: GraphQLStorage) -> None:
    deep = Deep()
    heard = Heard(deep)
    async with synchronize(deep, Cut(storage)) as database:
        user = deep().store(database)
        await database.flush()

    failed = [event.new for event in heard if event.kind == "db_batch_failed"]
    assert [(attempt.number, type(attempt.error)) for attempt in failed] == [
        (1, UnavailableError),
        (2, UnavailableError),
    ]
    assert [event.new.number for event in heard if event.kind == "db_batch_completed"] == [3]
    assert heard.effects() == [("db_association_created", user)]


async def test_a_failure_that_was_told_is_no_noise_of_asyncio(
    storage: GraphQLStorage, caplog: pytest.LogCaptureFixture
) -> None:
    deep = Deep()
    heard = Heard(deep)
    async with synchronize(deep, Cut(storage)) as database:
        user = deep().store(database)
        user.promise = database.flush()
        await user.promise
    del database, user
    gc.collect()

    assert heard.kinds().count("db_batch_failed") == 2
    assert [record for record in caplog.records if record.name == "asyncio"] == []


async def test_what_is_loaded_is_no_effect(storage: GraphQLStorage) -> None:
    deep = Deep()
    async with synchronize(deep, storage) as database:
        deep.String("a").store(database)
        await database.flush()
    copy = await load(storage, space=deep.id)
    heard = Heard(copy)
    async with synchronize(copy, storage) as database:
        await database.flush()

    assert heard == []


@pytest.mark.parametrize("kind", EFFECTS)
def test_listening_to_a_storage_leaves_changes_untold(kind: str) -> None:
    deep = Deep()
    deep.on(kind, print)
    assert not deep.signals.heard
