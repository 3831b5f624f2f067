"""Sets that are stored: what is written of them, and that they are the same elsewhere. Over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from deeplinks import Association, Deep, GraphQLStorage, load, synchronize
from deeplinks.batch import Batch, Written
from tests.asking import ask
from tests.waiting import until

CHANGES = """query ($deep: uuid!) {
  deep_changes(where: {_deep: {_eq: $deep}, n: {_gt: 0}}, order_by: {n: asc}) { table operation id }
}"""


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


async def log(endpoint: str, deep: Deep) -> list[tuple[str, str]]:
    """What was done to which table."""
    rows: list[dict[str, Any]] = (await ask(endpoint, CHANGES, deep=deep.id))["deep_changes"]
    return [(row["operation"], row["table"]) for row in rows]


def seen(tags: Association) -> list[tuple[str, object]]:
    return [(member.id, member.data) for member in tags]


async def test_the_tags_of_a_post_are_the_same_elsewhere(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint):
        tags = deep.Set()
        tags.add(deep.String("javascript"))
        tags.add(deep.String("database"))
        post = deep(value=tags)
        tags.store("database")
        post.store("database")
    copy = await load(endpoint, space=deep.id)

    assert seen(copy[post.id]) == seen(tags)
    assert seen(copy[tags.id]) == seen(tags)
    assert "javascript" in copy[post.id]


async def test_members_of_every_kind_are_the_same_elsewhere(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint):
        alice = deep()
        members = [alice, "", 5, 1.5, Decimal("0.30"), {"inner"}, seen, deep.Set()]
        tags = deep.Set(members).store("database")
    copy = await load(endpoint, space=deep.id)
    loaded = copy[tags.id]

    assert [one.id for one in loaded] == [one.id for one in tags]
    assert copy[alice.id] in loaded
    assert all(value in loaded for value in ("", 5, 1.5, Decimal("0.30"), seen))
    assert [texts(one) for one in loaded if one.type is copy.Set] == [["inner"], []]


def texts(tags: Association) -> list[object]:
    return [member.data for member in tags]


async def test_adding_a_stored_member_is_one_insert_in_one_request(storage: Counting, endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, storage) as database:
        tags, text = deep.Set(["a"]).store(database), deep.String("b").store(database)
        await database.flush()
        before, batches = await log(endpoint, deep), len(storage.batches)
        tags.add(text)
        await database.flush()

    assert (await log(endpoint, deep))[len(before) :] == [("insert", "links")]
    assert len(storage.batches) == batches + 1


async def test_adding_a_text_writes_the_item_the_text_and_its_data_in_one_request(
    storage: Counting, endpoint: str
) -> None:
    deep = Deep()
    async with synchronize(deep, storage) as database:
        tags = deep.Set().store(database)
        await database.flush()
        before, batches = await log(endpoint, deep), len(storage.batches)
        tags.add("b").add("b")
        await database.flush()

    assert sorted((await log(endpoint, deep))[len(before) :]) == [("insert", "links")] * 2 + [("insert", "strings")]
    assert len(storage.batches) == batches + 1


async def test_taking_a_member_out_deletes_its_item_alone(storage: Counting, endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, storage) as database:
        tags = deep.Set(["a", "b"]).store(database)
        await database.flush()
        before = await log(endpoint, deep)
        tags.discard("a")
        await database.flush()

    assert (await log(endpoint, deep))[len(before) :] == [("delete", "links")]
    copy = await load(endpoint, space=deep.id)
    assert texts(copy[tags.id]) == ["b"]


async def test_clearing_and_destroying_are_one_request_each(storage: Counting, endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, storage) as database:
        tags, others = deep.Set("abc").store(database), deep.Set("abc").store(database)
        await database.flush()
        before, batches = await log(endpoint, deep), len(storage.batches)
        tags.clear()
        await database.flush()
        others.destroy()
        await database.flush()

    assert (await log(endpoint, deep))[len(before) :] == [("delete", "links")] * 7
    assert len(storage.batches) == batches + 2


async def test_what_is_added_elsewhere_arrives_here_with_its_events(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint):
        tags = deep.Set(["a"]).store("database")
        post = deep(value=tags).store("database")
    copy = await load(endpoint, space=deep.id)
    told: list[tuple[str, object, str | None]] = []
    for kind in ("data_add", "data_delete", "data_changed"):
        post.on(kind, lambda event: told.append((event.kind, event.item and event.item.data, event.origin)))
    async with synchronize(copy, endpoint):
        copy[post.id].add("b").discard("a")
    await load(endpoint, into=deep)

    assert texts(tags) == ["b"]
    assert [kind for kind, _, _ in told] == ["data_add", "data_delete", "data_changed"]
    assert {origin for _, _, origin in told} == {"database"}
    assert told[1][1] == "a"


async def test_two_who_follow_see_each_others_members(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        tags = deep.Set(["a"]).store(database)
        await database.flush()
        copy = await load(endpoint, space=deep.id)
        there = copy[tags.id]
        told: list[str] = []
        for kind in ("data_add", "data_delete", "data_changed"):
            tags.on(kind, lambda event: told.append(event.kind))
        async with synchronize(copy, endpoint):
            there.add("b")
            await until(lambda: "b" in tags)
            tags.discard("a")
            await until(lambda: "a" not in there)

    assert seen(tags) == seen(there) == [(next(iter(tags)).id, "b")]
    assert told == ["data_add", "data_changed", "data_delete", "data_changed"]


async def test_a_member_destroyed_elsewhere_leaves_the_set_here(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint):
        tags = deep.Set(["a", "b"]).store("database")
    copy = await load(endpoint, space=deep.id)
    told: list[str] = []
    tags.on("data_delete", lambda event: told.append(event.kind))
    async with synchronize(copy, endpoint):
        next(iter(copy[tags.id])).destroy()
    await load(endpoint, into=deep)

    assert texts(tags) == ["b"]
    assert told == ["data_delete"]


async def test_a_member_whose_row_alone_was_deleted_leaves_the_set(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint):
        tags = deep.Set(["a", "b"]).store("database")
    told: list[str] = []
    tags.on("data_delete", lambda event: told.append(event.kind))
    query = "mutation ($id: uuid!) { delete_deep_links(where: {id: {_eq: $id}}) { affected_rows } }"
    await ask(endpoint, query, id=next(iter(tags)).id)
    await load(endpoint, into=deep)

    assert texts(tags) == ["b"]
    assert told == ["data_delete"]


async def test_the_same_member_added_by_two_counts_once_and_goes_at_once(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint):
        tags, text = deep.Set().store("database"), deep.String("a").store("database")
    copy = await load(endpoint, space=deep.id)
    tags.add(text)
    copy[tags.id].add(copy[text.id])
    async with synchronize(deep, endpoint), synchronize(copy, endpoint):
        pass
    await load(endpoint, into=deep)
    await load(endpoint, into=copy)
    assert len(tags.out) == len(copy[tags.id].out) == 2
    assert seen(tags) == seen(copy[tags.id]) == [(text.id, "a")]

    tags.discard("a")
    async with synchronize(deep, endpoint):
        pass
    await load(endpoint, into=copy)
    assert len(copy[tags.id]) == 0


async def test_an_excluded_member_stays_out_and_heals_when_it_is_stored(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint):
        secret = deep.String("secret").store("database", "one_false")
        tags = deep.Set(["a", secret]).store("database")
    copy = await load(endpoint, space=deep.id)
    there = copy[tags.id]
    assert texts(there) == ["a"]
    assert [item.to_id for item in there.out][-1] == secret.id

    told: list[object] = []
    there.on("data_add", lambda event: told.append(event.item))
    secret.unstore("database").store("database")
    async with synchronize(deep, endpoint):
        pass
    await load(endpoint, into=copy)
    assert texts(there) == ["a", "secret"]
    assert told == [copy[secret.id]]


async def test_a_set_that_its_type_stores_is_stored_with_its_members(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint):
        Tags = deep()
        Tags.type = deep.Set
        Tags.store("database", "typed_true")
        tags = Tags(["a"])
        tags.add("b")
    copy = await load(endpoint, space=deep.id)

    assert seen(copy[tags.id]) == seen(tags)
    copy[Tags.id](["c"])
    assert copy.String.typed


async def test_a_thousand_texts_are_written_in_a_few_requests(storage: Counting) -> None:
    deep = Deep()
    async with synchronize(deep, storage) as database:
        before = storage.requests
        tags = deep.Set(map(str, range(1_000))).store(database)
        await database.flush()
        assert len(storage.batches) == 1
        assert storage.requests - before <= 3
    copy = await load(storage, space=deep.id)

    assert seen(copy[tags.id]) == seen(tags)


async def test_loading_a_set_writes_nothing(storage: Counting) -> None:
    deep = Deep()
    async with synchronize(deep, storage):
        deep.Set(["a"]).store("database")
    copy, written = await load(storage, space=deep.id), len(storage.batches)
    async with synchronize(copy, storage) as database:
        await database.flush()

    assert len(storage.batches) == written
