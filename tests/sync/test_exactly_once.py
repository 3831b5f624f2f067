"""Once, and in order: with copies that come late, answers that are lost, and writers that share an identity. Over real HTTP."""

import logging
import random
from collections.abc import Awaitable, Callable

import pytest

from deeplinks import Association, Deep, GraphQLStorage, load, synchronize
from deeplinks.batch import Batch, Content, LogEntry, Written
from deeplinks.errors import OvertakenError, QueryError, RefusedError, StorageError, UnavailableError
from deeplinks.sync import halving
from deeplinks.testing import Author, history
from tests.waiting import until

REFUSED = QueryError(storage="it", path="$", why="not today", reason="22003")


class Line(GraphQLStorage):
    """A line that may do anything with a batch before, or instead of, handing it over."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint)
        self.sent: list[Batch] = []
        self.does: Callable[[Batch], Awaitable[object]] | None = None

    async def write(self, batch: Batch) -> Written:
        self.sent.append(batch)
        if self.does:
            await self.does(batch)
        return await self.deliver(batch)

    async def deliver(self, batch: Batch) -> Written:
        """Hand a batch over, whatever the line does."""
        return await super().write(batch)

    async def deliver_late(self, batch: Batch) -> None:
        """An old copy arrives; nobody hears what became of it."""
        try:
            await super().write(batch)
        except StorageError:
            return


async def numbers(storage: GraphQLStorage, deep: Deep) -> list[tuple[str, int]]:
    """The batches of a log in the order in which they took effect."""
    entries = await history(storage, deep.id)
    return list(dict.fromkeys((str(one.client), int(one.seq or 0)) for one in entries if one.client))


def of(entries: list[LogEntry], one: Association) -> list[str]:
    return [entry.operation for entry in entries if entry.id == one.id and entry.table != "links"]


# old copies


async def test_an_old_copy_that_comes_after_later_batches_does_nothing(endpoint: str) -> None:
    deep, storage = Deep(), Line(endpoint)
    async with synchronize(deep, storage) as database:
        text = deep.String("0").store(database)
        for number in range(1, 4):
            await database.flush()
            text.data = str(number)
        await database.flush()
        before = await history(storage, deep.id)
        for batch in storage.sent:
            await storage.deliver_late(batch)
        assert await history(storage, deep.id) == before

    assert (await load(storage, space=deep.id))[text.id].data == "3"
    await storage.close()


async def test_an_old_copy_of_a_refused_batch_never_takes_effect_though_the_cause_is_mended(endpoint: str) -> None:
    deep, storage = Deep(), Line(endpoint)
    made = [deep.String(str(number)).store("database") for number in range(8)]
    _refuse(storage, {made[3].id})
    with pytest.raises(RefusedError):
        async with synchronize(deep, storage):
            pass
    before = await history(storage, deep.id)
    for batch in storage.sent:
        await storage.deliver_late(batch)

    assert await history(storage, deep.id) == before
    assert {one.id for one in made} - (await load(storage, space=deep.id)).ids == {made[3].id}
    await storage.close()


@pytest.mark.parametrize("when", [1, 2, 3, 4])
async def test_an_old_copy_that_takes_effect_before_its_halves_is_found_out(endpoint: str, when: int) -> None:
    deep, storage = Deep(), Line(endpoint)
    made = [deep.String(str(number)).store("database") for number in range(8)]
    refused, errors = list[Batch](), list[Exception]()

    async def refuse_and_overtake(batch: Batch) -> None:
        if len(refused) < when and made[0].id in halving.ids(batch.content):
            refused.append(batch)
            raise REFUSED
        if batch is storage.sent[when]:
            # The cause is mended, and a copy of what was refused last is delivered before this one.
            await storage.deliver_late(refused[-1])

    storage.does = refuse_and_overtake
    async with synchronize(deep, storage) as database:
        database.on("db_batch_failed", lambda event: errors.append(event.new.error))
        await until(lambda: database.pending == 0)
        entries = await history(storage, deep.id)
        database.refused.retry()
        await database.catch_up()

    assert [type(error) for error in errors].count(OvertakenError) == 1
    assert all(of(entries, one) in (["insert"], []) for one in made)
    copy = await load(storage, space=deep.id)
    assert [copy[one.id].data for one in made] == [str(number) for number in range(8)]
    await storage.close()


async def test_a_batch_that_withdraws_what_took_effect_says_so(endpoint: str) -> None:
    storage, author = GraphQLStorage(endpoint), Author()
    first = author.batch(author.link())
    await storage.write(first)
    second = author.sealed(2, Content(links=[author.link()], withdraws=[(1, first.checksum)]))
    with pytest.raises(OvertakenError, match="batch 1, which it withdraws, took effect"):
        await storage.write(second)

    assert await numbers(storage, Deep(space=author.space)) == [(author.client, 1)]
    await storage.close()


async def test_a_withdrawn_number_is_taken_for_ever(endpoint: str) -> None:
    storage, author = GraphQLStorage(endpoint), Author()
    first = author.batch(author.link())
    await storage.write(author.sealed(2, Content(withdraws=[(1, first.checksum)])))
    with pytest.raises(QueryError, match="withdrawn"):
        await storage.write(first)

    assert await numbers(storage, Deep(space=author.space)) == []
    await storage.close()


async def test_a_batch_that_withdraws_and_comes_again_is_already_there(endpoint: str) -> None:
    storage, author = GraphQLStorage(endpoint), Author()
    first = author.batch(author.link())
    second = author.sealed(2, Content(links=[author.link()], withdraws=[(1, first.checksum)]))
    await storage.write(second)

    assert await storage.write(second) == Written(already=True)
    await storage.close()


def _refuse(storage: Line, ids: set[str]) -> None:
    async def refuse(batch: Batch) -> None:
        if ids.intersection(halving.ids(batch.content)):
            raise REFUSED

    storage.does = refuse


# identities


async def test_who_shares_an_identity_is_found_out_takes_another_and_loses_nothing(
    endpoint: str, caplog: pytest.LogCaptureFixture
) -> None:
    deep, storage = Deep(), Line(endpoint)
    async with synchronize(deep, storage) as database:
        first = deep.String("first").store(database)
        await database.flush()
        twin = Author(deep.id)
        twin.client, twin.seq = storage.sent[0].client, storage.sent[-1].seq
        await storage.deliver(twin.batch(twin.link()))
        second = deep.String("second").store(database)
        with caplog.at_level(logging.ERROR):
            await database.flush()
        first.data = "third"
        await database.flush()

    assert "two writers share one identity" in caplog.text
    assert {batch.client for batch in storage.sent} > {twin.client}
    copy = await load(storage, space=deep.id)
    assert (copy[first.id].data, copy[second.id].data) == ("third", "second")
    entries = await history(storage, deep.id)
    assert (of(entries, first), of(entries, second)) == (["insert", "update"], ["insert"])
    await storage.close()


async def test_a_number_that_was_withdrawn_already_is_left_for_the_next(endpoint: str) -> None:
    deep, storage = Deep(), Line(endpoint)

    async def withdraw_first(batch: Batch) -> None:
        storage.does = None
        rows = [{"_deep": deep.id, "client": batch.client, "seq": 1, "checksum": batch.checksum, "withdrawn": True}]
        await storage._ask("write_batch", _nothing(deep) | {"batches": rows})

    storage.does = withdraw_first
    async with synchronize(deep, storage) as database:
        text = deep.String("once").store(database)
        await database.flush()
        assert await numbers(storage, deep) == [(storage.sent[0].client, 2)]

    assert (await load(storage, space=deep.id))[text.id].data == "once"
    await storage.close()


def _nothing(deep: Deep) -> dict[str, object]:
    tables = ("strings", "numbers", "functions", "objects")
    names = ("links", "updates", "delete_links", *tables, *(f"delete_{table}" for table in tables))
    return {"deep": deep.id} | {name: [] for name in names}


# anything at all


@pytest.mark.parametrize("seed", range(12))
async def test_a_line_that_repeats_delays_and_swallows_changes_nothing_about_it(
    endpoint: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FIRST_PAUSE", "LONGEST_PAUSE"):
        monkeypatch.setattr(f"deeplinks.sync.patience.{name}", 0.001)
    deep, storage, chance = Deep(), _Chaos(endpoint, random.Random(seed)), random.Random(seed)
    made: list[Association] = []
    async with synchronize(deep, storage) as database:
        for number in range(60):
            made.append(deep.String(str(number)).store(database))
            chance.choice(made).data = f"changed {number}"
            if chance.random() < 0.3:
                storage.poison.add(chance.choice(made).id)
            if chance.random() < 0.2:
                await _flush(database.flush)
        await _flush(database.flush)
        storage.poison.clear()
        for batch in storage.sent:
            await storage.deliver_late(batch)
        database.refused.retry()
        await database.flush()
        await database.catch_up()
        entries = await history(storage, deep.id)
        taken = await numbers(storage, deep)
    copy = await load(storage, space=deep.id)
    await storage.close()

    assert {one.id: one.data for one in made} == {one.id: one.data for one in copy if one is not copy}
    assert all(of(entries, one).count("insert") == 1 for one in made)
    assert taken == sorted(taken)


async def _flush(flush: Callable[[], Awaitable[None]]) -> None:
    try:
        await flush()
    except RefusedError:
        return


class _Chaos(Line):
    """Refuses some ids, repeats, delivers old copies late, and swallows requests and answers."""

    def __init__(self, endpoint: str, chance: random.Random) -> None:
        super().__init__(endpoint)
        self.chance = chance
        self.poison: set[str] = set()

    async def write(self, batch: Batch) -> Written:
        self.sent.append(batch)
        if self.chance.random() < 0.2:
            await self._late()
        self._lose("before")
        if self.poison.intersection(halving.ids(batch.content)):
            raise REFUSED
        written = await self.deliver(batch)
        if self.chance.random() < 0.2:
            await self.deliver(batch)
        self._lose("after")
        return written

    async def _late(self) -> None:
        """An old copy, of what is not refused now: a line carries what a server takes."""
        old = self.chance.choice(self.sent)
        if not self.poison.intersection(halving.ids(old.content)):
            await self.deliver_late(old)

    def _lose(self, when: str) -> None:
        if self.chance.random() < 0.2:
            raise UnavailableError(storage="the cable", why=f"cut {when} the commit")
