"""Counterexamples that were found once where an own batch is confirmed at once; each stays."""

from deeplinks import Deep, MemoryStorage, load, synchronize
from deeplinks.batch import Written
from deeplinks.sync.replica import replica_of


async def test_what_a_batch_says_nothing_of_is_what_others_wrote() -> None:
    storage, deep = MemoryStorage(), Deep()
    text = deep.String("mine")
    del text.data
    text.store("database")
    async with synchronize(deep, storage) as database:
        await database.flush()
        await database.catch_up()
    other = await load(storage, space=deep.id)
    async with synchronize(other, storage):
        other[text.id].data = "theirs"

    # As after an answer that the link was there already: its references are sent again, and nothing of data it has not.
    outbox = replica_of(deep, "database").outbox
    text.to = text
    sealed = outbox.next(10)
    assert sealed is not None
    await storage.write(sealed.batch)
    outbox.settle(sealed, Written(created=frozenset({text.id})))
    async with synchronize(deep, storage) as database:
        await database.flush()
        await database.catch_up()

    assert text.data == "theirs"
    assert text.to is text


def test_what_was_taken_back_after_its_batch_was_sealed_is_sent() -> None:
    deep = Deep()
    one, other = deep().store("database"), deep().store("database")
    outbox = replica_of(deep, "database").outbox
    first = outbox.next(10)
    assert first is not None
    outbox.settle(first, Written())
    one.value = other
    second = outbox.next(10)
    assert second is not None
    one.value = None
    # That the storage has no value yet says nothing of what it has once the second batch is there.
    outbox.confirm(first)
    outbox.settle(second, Written())
    third = outbox.next(10)

    assert third is not None
    assert third.batch.content.updates == [(one.id, {"_value": None})]
