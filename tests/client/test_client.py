"""The client over a real server: what its verbs give, in both faces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from deeplinks.client import AsyncClient, Client, Rows
from deeplinks.errors import AccessDeniedError, InvalidError, QueryError, UnavailableError
from deeplinks.server.engine import open_engine
from deeplinks.server.settings import Settings
from deeplinks.server.transport import InProcessTransport
from tests.server.asked import new


@pytest.fixture
async def client(endpoint: str) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(endpoint) as client:
        yield client


async def links(client: AsyncClient, count: int, space: str) -> list[str]:
    rows = await client.insert("deep.links", objects=[{"id": new(), "_deep": space} for _ in range(count)])
    return [row["id"] for row in rows]


def of(space: str) -> dict[str, Any]:
    return {"_deep": {"_eq": space}, "id": {"_neq": space}}


async def test_rows_are_selected_in_order(client: AsyncClient) -> None:
    space = new()
    ids = await links(client, 3, space)
    rows = await client.select(
        "deep.links", where=of(space), order_by=[{"_i": "desc"}], limit=2, returning=["id", {"string": ["_data"]}]
    )

    assert rows == [{"id": id, "string": []} for id in reversed(ids[1:])]


async def test_a_row_is_selected_by_its_key(client: AsyncClient) -> None:
    (id,) = await links(client, 1, new())

    assert await client.select("deep.links", pk_columns={"id": id}, returning=["id"]) == {"id": id}
    assert await client.select("deep.links", pk_columns={"id": new()}) is None


async def test_numbers_come_with_all_their_digits(client: AsyncClient) -> None:
    values = ["12345678901234567890123", "1.10", "7", "-0.000000000000000000001"]
    ids = await links(client, len(values), space := new())
    await client.insert(
        "deep.numbers", objects=[{"id": id, "_data": value} for id, value in zip(ids, values, strict=True)]
    )
    rows = await client.select(
        "deep.links", where=of(space), order_by={"_i": "asc"}, returning=["_i", {"number": ["_data"]}]
    )

    assert [row["number"][0]["_data"] for row in rows] == [Decimal(value) for value in values]
    assert {type(row["_i"]) for row in rows} == {int}
    assert isinstance(rows[2]["number"][0]["_data"], int)


async def test_a_mutation_gives_rows_and_their_number(client: AsyncClient) -> None:
    space, kind = new(), new()
    ids = await links(client, 2, space)
    changed = await client.update("deep.links", where=of(space), _set={"_type": kind}, returning=["id", "_type"])
    deleted = await client.delete("deep.links", where={"id": {"_in": ids}}, returning=["id"])

    assert isinstance(changed, Rows)
    assert (changed.affected_rows, changed[0]["_type"]) == (2, kind)
    assert (deleted.affected_rows, sorted(row["id"] for row in deleted)) == (2, sorted(ids))


async def test_one_row_is_inserted_updated_and_deleted(client: AsyncClient) -> None:
    id, space, kind = new(), new(), new()
    row = {"id": id, "_deep": space}
    conflict = {"constraint": "links_pkey", "update_columns": []}

    assert await client.insert("deep.links", object=row, returning=["id"]) == {"id": id}
    assert await client.insert("deep.links", object=row, on_conflict=conflict, returning=["id"]) is None
    changed = await client.update("deep.links", pk_columns={"id": id}, _set={"_type": kind}, returning=["_type"])
    assert changed == {"_type": kind}
    assert await client.delete("deep.links", pk_columns={"id": id}, returning=["id"]) == {"id": id}
    assert await client.delete("deep.links", pk_columns={"id": id}) is None


async def test_many_updates_have_an_answer_each(client: AsyncClient) -> None:
    ids, kind = await links(client, 2, new()), new()
    updates = [{"where": {"id": {"_eq": id}}, "_set": {"_type": kind}} for id in (*ids, new())]
    answers = await client.update_many("deep.links", updates, returning=["id"])

    assert [answer.affected_rows for answer in answers] == [1, 1, 0]
    assert answers[0] == [{"id": ids[0]}]


async def test_figures(client: AsyncClient) -> None:
    space = new()
    await links(client, 3, space)
    numbers = [row["_i"] for row in await client.select("deep.links", where=of(space), returning=["_i"])]
    told = await client.aggregate("deep.links", where=of(space), count=True, max=["_i"], avg=["_i"], sum=["_i"])

    assert told == {
        "count": 3,
        "max": {"_i": max(numbers)},
        "sum": {"_i": sum(numbers)},
        "avg": {"_i": sum(numbers) / 3},
    }
    assert await client.aggregate("deep.links", where=of(space)) == {"count": 3}


async def test_a_subscription_tells_what_becomes_of_an_answer(client: AsyncClient) -> None:
    space = new()
    answers = client.subscribe("deep.links", where=of(space), returning=["id"])
    assert await anext(answers) == []
    (id,) = await links(client, 1, space)

    assert await anext(answers) == [{"id": id}]
    await answers.aclose()


async def test_a_stream_tells_row_after_row(client: AsyncClient) -> None:
    space = new()
    ids = await links(client, 3, space)
    batches = client.stream("deep.links", cursor={"_i": 0}, batch_size=2, where=of(space), returning=["id"])
    told = [*await anext(batches), *await anext(batches)]
    more = await links(client, 1, space)
    told += await anext(batches)
    await batches.aclose()

    assert [row["id"] for row in told] == ids + more


async def test_the_same_in_process(database_url: str) -> None:
    settings = Settings(database_url=database_url)
    async with open_engine(settings) as engine, AsyncClient(transport=InProcessTransport(engine)) as client:
        space = new()
        (id,) = await links(client, 1, space)

        assert await client.select("deep.links", where=of(space), returning=["id"]) == [{"id": id}]


async def test_the_same_without_await(endpoint: str) -> None:
    def session() -> None:
        space, id, kind = new(), new(), new()
        with Client(endpoint) as client:
            inserted = client.insert("deep.links", objects=[{"id": id, "_deep": space}], returning=["id"])
            assert (inserted, inserted.affected_rows) == ([{"id": id}], 1)
            assert client.select("deep.links", pk_columns={"id": id}, returning=["id"]) == {"id": id}
            assert client.aggregate("deep.links", where=of(space)) == {"count": 1}
            for rows in client.subscribe("deep.links", where=of(space), returning=["_type"]):
                if rows == [{"_type": kind}]:
                    break
                client.update("deep.links", pk_columns={"id": id}, _set={"_type": kind})
            for batch in client.stream("deep.links", cursor={"_i": 0}, where=of(space), returning=["id"]):
                assert batch == [{"id": id}]
                break
            assert client.delete("deep.links", where={"id": {"_eq": id}}).affected_rows == 1
        with pytest.raises(InvalidError, match="with"):
            client.select("deep.links")

    await asyncio.to_thread(session)


async def test_what_a_server_says_is_an_error_of_the_tree(client: AsyncClient, secret_endpoint: str) -> None:
    with pytest.raises(QueryError, match="uuid"):
        await client.select("deep.links", where={"id": {"_eq": "no id"}})
    with pytest.raises(QueryError, match="nothing"):
        await client.select("deep.links", where={"nothing": {"_eq": 1}})
    async with AsyncClient(secret_endpoint, secret="wrong") as stranger:
        with pytest.raises(AccessDeniedError):
            await stranger.select("deep.links")
        with pytest.raises(AccessDeniedError):
            await anext(stranger.subscribe("deep.links"))
    async with AsyncClient("http://127.0.0.1:9/v1/graphql") as nowhere:
        with pytest.raises(UnavailableError):
            await nowhere.select("deep.links")


async def test_headers_are_sent(secret_endpoint: str) -> None:
    async with AsyncClient(secret_endpoint, headers={"x-hasura-admin-secret": "right"}) as client:
        assert await client.select("deep.strings") == []


def test_a_client_takes_a_url_or_a_transport() -> None:
    with pytest.raises(InvalidError):
        AsyncClient()
