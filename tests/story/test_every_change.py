"""Everything that can be done to what is stored is found by the next one who loads; and how much loading asks. Over real HTTP."""

from collections.abc import Callable

import pytest

from deeplinks import Deep, FunctionSource, GraphQLStorage, load, synchronize


def double(number: int) -> int:
    return number * 2


def half(number: int) -> float:
    return number / 2


def told(data: object) -> object:
    """Data as another process has it."""
    return FunctionSource.of(data) if isinstance(data, Callable) else data


@pytest.mark.parametrize(
    ("kind", "first", "second"), [("String", "a", "b"), ("Number", 1, 2.5), ("Function", double, half)]
)
async def test_data_that_is_made_changed_cleared_and_destroyed_is_so_for_the_next(
    endpoint: str, kind: str, first: object, second: object
) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        one = getattr(deep, kind)(first).store(database)
        await database.flush()
        assert (await load(endpoint, space=deep.id))[one.id].data == told(first)
        one.data = second
        await database.flush()
        assert (await load(endpoint, space=deep.id))[one.id].data == told(second)
        del one.data
        await database.flush()
        assert (await load(endpoint, space=deep.id))[one.id].data is None
        one.destroy()
        await database.flush()
        assert one.id not in await load(endpoint, space=deep.id)


async def test_loading_asks_once_for_every_thousand_links_and_every_thousand_data(endpoint: str) -> None:
    deep = Deep()
    for number in range(2_500):
        deep.String(f"text {number}").store("database")
    async with synchronize(deep, endpoint):
        pass
    storage = GraphQLStorage(endpoint)
    copy = await load(storage, space=deep.id)
    await storage.close()

    assert len(copy) == 2_501
    assert storage.requests == 3 + 3 + 1  # links, texts, and the log since the first of them


async def test_a_small_space_is_loaded_with_three_requests(endpoint: str) -> None:
    deep = Deep()
    deep.String("a").store("database")
    async with synchronize(deep, endpoint):
        pass
    storage = GraphQLStorage(endpoint)
    await load(storage, space=deep.id)
    await storage.close()

    assert storage.requests == 3
