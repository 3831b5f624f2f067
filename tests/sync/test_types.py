"""Loading some types of a space: what comes, what does not, and that the rest comes afterwards."""

from __future__ import annotations

import pytest

from deeplinks import Deep, GraphQLStorage, MemoryStorage, blocking, load, synchronize
from deeplinks.batch import Batch, Cursor, Page, Written
from deeplinks.errors import InvalidError, MalformedIdError, NotFoundError
from deeplinks.ids import new_id
from deeplinks.storage.protocol import Storage
from tests.processes import served
from tests.sync.test_two_replicas import content


class Counting(GraphQLStorage):
    """Remembers what it sent."""


@pytest.fixture
async def filled(endpoint: str) -> Deep:
    """Two users with names and ages, and who follows whom."""
    deep = Deep()
    User, Follows = deep(), deep()
    for name, age in (("Alice", 31), ("Bob", 42)):
        user = User(value=deep.String(name))
        deep.Number(age, from_=user)
    one, other = User.typed
    Follows(from_=one, to=other)
    for everything in list(deep):
        if everything is not deep:
            everything.store("database")
    async with synchronize(deep, endpoint):
        pass
    return deep


async def test_only_what_is_of_a_type_comes_with_its_data(endpoint: str, filled: Deep) -> None:
    some = await load(endpoint, space=filled.id, types=["String"])

    assert [one.data for one in some.String.typed] == ["Alice", "Bob"]
    assert len(some) == 3
    assert len(some.Number.typed) == 0


async def test_a_type_of_ones_own_comes_itself_and_references_to_what_did_not_come_are_ids(
    endpoint: str, filled: Deep
) -> None:
    User = next(iter(filled.query(data="Alice"))).valued
    (alice,) = User
    some = await load(endpoint, space=filled.id, types=[alice.type or ""])

    assert [one.id for one in some[str(alice.type_id)].typed] == [one.id for one in filled[str(alice.type_id)].typed]
    assert (some[alice.id].value, some[alice.id].value_id) == (None, alice.value_id)


async def test_it_takes_one_request_for_a_thousand(endpoint: str, filled: Deep) -> None:
    storage = GraphQLStorage(endpoint)
    await load(storage, space=filled.id, types=["String", "Number"])
    await storage.close()

    assert storage.requests == 1


async def test_more_than_a_page_comes_whole_and_in_order(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = Deep()
    for number in range(50):
        deep.String(str(number)).store("database")
    async with synchronize(deep, endpoint):
        pass
    storage = GraphQLStorage(endpoint)
    pages = [page async for page in storage.of_types(deep.id, [deep.String.id], 7)]
    await storage.close()

    assert [row.row["_data"] for page in pages for row in page if row.table == "strings"] == list(map(str, range(50)))
    assert len(pages) == 8


async def test_further_types_join_those_that_came(endpoint: str, filled: Deep) -> None:
    some = await load(endpoint, space=filled.id, types=["String"])
    await load(endpoint, into=some, types=[some.Number])

    assert sorted(str(one.data) for one in some if one.data) == ["31", "42", "Alice", "Bob"]


async def test_the_rest_comes_with_a_load_of_all_and_what_is_gone_meanwhile_goes(endpoint: str, filled: Deep) -> None:
    some = await load(endpoint, space=filled.id, types=["String", "Number"])
    bob = next(one for one in filled.String.typed if one.data == "Bob")
    async with synchronize(filled, endpoint):
        bob.destroy()
    await load(endpoint, into=some)

    assert bob.id not in some
    assert content(some) == content(filled)


async def test_a_space_of_which_a_part_came_can_be_synchronized(endpoint: str, filled: Deep) -> None:
    some = await load(endpoint, space=filled.id, types=["String"])
    next(iter(some.String.typed)).data = "changed"
    async with synchronize(some, endpoint) as database:
        await database.flush()
    await load(endpoint, into=filled)

    assert content(some) == content(filled)
    assert "changed" in [one.data for one in filled.String.typed]


async def test_where_all_is_here_already_only_what_came_since_comes(endpoint: str, filled: Deep) -> None:
    storage = GraphQLStorage(endpoint)
    await load(storage, into=filled, types=["String"])
    await load(storage, into=filled, types=["String"])
    await storage.close()

    assert storage.requests == 2


async def test_it_is_the_same_in_memory() -> None:
    deep, memory = Deep(), MemoryStorage()
    deep.String("a").store("database")
    deep.Number(7).store("database")
    async with synchronize(deep, memory):
        pass
    some = await load(memory, space=deep.id, types=["Number"])

    assert [one.data for one in some if one is not some] == [7]


async def test_a_space_that_is_not_there_is_said(endpoint: str) -> None:
    with pytest.raises(NotFoundError):
        await load(endpoint, space=new_id(), types=["String"])


async def test_what_is_no_type_is_said(endpoint: str, filled: Deep) -> None:
    with pytest.raises(MalformedIdError):
        await load(endpoint, space=filled.id, types=["Strings"])


class Plain:
    """A storage with the verbs of a storage alone."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.bells = storage.bells

    async def write(self, batch: Batch) -> Written:
        return await self._storage.write(batch)

    async def read(self, cursor: Cursor, limit: int) -> Page:
        return await self._storage.read(cursor, limit)

    async def close(self) -> None:
        await self._storage.close()


async def test_a_storage_that_can_not_select_says_so() -> None:
    with pytest.raises(InvalidError, match="leave `types` out"):
        await load(Plain(MemoryStorage()), space=new_id(), types=["String"])


def test_it_is_there_without_await(database_url: str) -> None:
    deep = Deep()
    deep.String("a").store("database")
    with served(database_url) as address:
        with blocking.synchronize(deep, address):
            pass
        some = blocking.load(address, space=deep.id, types=["String"])

    assert len(some) == 2
