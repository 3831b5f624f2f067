"""Aggregates over HTTP and sockets: with numbers as text, beside questions about the schema, and live."""

from __future__ import annotations

from typing import Any

from tests.asking import post
from tests.server.asked import Tables
from tests.server.socket import admitted

FIGURES = """query ($space: uuid!) {
  deep_numbers_aggregate(where: {_deep: {_eq: $space}}) { aggregate { count sum { _data } avg { _data } } }
}"""


async def told(tables: Tables, query: str = FIGURES, **options: Any) -> dict[str, Any]:
    answer = await post(tables.address, query, **options, space=tables.space)
    return answer["data"]["deep_numbers_aggregate"]["aggregate"]


async def test_figures_are_told_of_a_spaces_rows(tables: Tables) -> None:
    await tables.data("numbers", "1.5", "2")

    assert await told(tables) == {"count": 2, "sum": {"_data": 3.5}, "avg": {"_data": 1.75}}


async def test_figures_beside_a_question_about_the_schema_are_the_same(tables: Tables) -> None:
    await tables.data("numbers", "1.5", "2")
    beside = FIGURES.replace("{\n", '{ __type(name: "deep_numbers_avg_fields") { fields { type { name } } }\n', 1)
    answer = await tables.ask(beside, space=tables.space)

    assert answer["__type"] == {"fields": [{"type": {"name": "Float"}}]}
    assert answer["deep_numbers_aggregate"]["aggregate"] == await told(tables)


async def test_hasuras_directive_for_its_cache_is_taken(tables: Tables) -> None:
    answer = await tables.ask("query @cached(ttl: 5) { __schema { queryType { name } } deep_strings { id } }")

    assert answer == {"__schema": {"queryType": {"name": "query_root"}}, "deep_strings": []}


async def test_an_aggregate_is_followed_live(tables: Tables) -> None:
    query = FIGURES.replace("query", "subscription", 1).replace(" sum { _data } avg { _data }", "")
    async with admitted(tables.address) as socket:
        await socket.subscribe(query, space=tables.space)
        first = await socket.next()
        await tables.data("numbers", "1", "2", "3")
        second = await socket.next()

    assert first["data"]["deep_numbers_aggregate"]["aggregate"] == {"count": 0}
    assert second["data"]["deep_numbers_aggregate"]["aggregate"] == {"count": 3}


async def test_an_aggregate_is_one_statement(tables: Tables, statements: list[str]) -> None:
    await told(tables)
    before = len(statements)
    await told(tables)

    assert len(statements) == before + 1
