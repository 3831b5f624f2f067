"""Rows by their keys: those asked for at once are one statement, and nobody gets what is another's."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from deeplinks.dialect.session import Rights, Rules, Session
from deeplinks.dialect.statements import And, Compare
from deeplinks.dialect.values import Given, Operand
from deeplinks.server.answers import response
from deeplinks.server.bodies import Request
from deeplinks.server.engine import Engine
from deeplinks.tables import LINKS, TABLES
from tests.server.asked import Tables, new

BY_KEY = "query ($id: uuid!) { deep_links_by_pk(id: $id) { id _type } }"
OUT = "query ($id: uuid!, $n: Int!) { deep_links_by_pk(id: $id) { id out(limit: $n, order_by: {_i: asc}) { id } } }"


async def ask(engine: Engine, query: str, session: Session | None = None, **variables: Any) -> Any:
    """The field's answer, or the code of the error."""
    answer = response(await engine.execute(Request(query, variables, None), session or Session()))
    match answer:
        case {"errors": [error]}:
            return error["extensions"]["code"]
        case {"data": data}:
            (found,) = orjson.loads(data.text()).values()  # pyright: ignore[reportAttributeAccessIssue]
            return found
        case _:
            raise AssertionError(answer)


async def test_rows_asked_for_at_once_are_one_statement(engine: Engine, tables: Tables, statements: list[str]) -> None:
    ids = await tables.links(count=50)
    await ask(engine, BY_KEY, id=ids[0])
    statements.clear()
    found = await asyncio.gather(*(ask(engine, BY_KEY, id=id) for id in [*ids, ids[0], new()]))

    assert found == [*({"id": id, "_type": None} for id in [*ids, ids[0]]), None]
    assert len(statements) == 1


async def test_one_by_itself_is_asked_as_it_is_written(engine: Engine, tables: Tables, statements: list[str]) -> None:
    (id,) = await tables.links(count=1)
    statements.clear()

    assert await ask(engine, BY_KEY, id=id) == {"id": id, "_type": None}
    assert "ANY" not in statements[0]


async def test_what_is_asked_with_other_values_is_another_statement(
    engine: Engine, tables: Tables, statements: list[str]
) -> None:
    (one,) = await tables.links(count=1)
    outs = await tables.links({"_from": one}, {"_from": one})
    statements.clear()
    found = await asyncio.gather(*(ask(engine, OUT, id=one, n=n) for n in (0, 1, 2, 1)))

    assert [[out["id"] for out in row["out"]] for row in found] == [[], outs[:1], outs, outs[:1]]


async def test_sessions_with_other_values_share_nothing(engine: Engine, tables: Tables) -> None:
    mine, yours = await tables.links({"_type": new()}, {"_type": new()})
    types = [(await ask(engine, BY_KEY, id=id))["_type"] for id in (mine, yours)]
    own = Compare(LINKS.by_name["_type"], "_eq", Operand(Given("x-hasura-type"), "uuid", "$"))
    rights = Rights(TABLES, {"links": Rules(select=And((own,)))})
    sessions = [Session("user", {"x-hasura-type": type}, rights=rights) for type in types]
    asked = [(session, id) for session in sessions for id in (mine, yours)]
    found = await asyncio.gather(*(ask(engine, BY_KEY, session, id=id) for session, id in asked))

    assert [row and row["id"] for row in found] == [mine, None, None, yours]


async def test_a_key_that_is_none_is_the_error_of_its_own_request(engine: Engine, tables: Tables) -> None:
    (id,) = await tables.links(count=1)
    asked = [id, "no id", id.upper(), id]
    found = await asyncio.gather(*(ask(engine, BY_KEY, id=each) for each in asked))

    row = {"id": id, "_type": None}
    assert found == [row, "data-exception", row, row]


async def test_what_fails_for_many_is_asked_one_by_one(
    engine: Engine, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await tables.links(count=3)
    monkeypatch.setattr("deeplinks.dialect.sql.root.quoted", lambda name: '"no such column"')
    found = await asyncio.gather(*(ask(engine, BY_KEY.replace("id _type", "_i id"), id=id) for id in ids))

    assert [row["id"] for row in found] == ids


async def test_who_leaves_takes_nobody_along(engine: Engine, tables: Tables) -> None:
    ids = await tables.links(count=10)
    asked = [asyncio.create_task(ask(engine, BY_KEY, id=id)) for id in ids]
    await asyncio.sleep(0)
    for task in asked[::2]:
        task.cancel()
    found = await asyncio.gather(*asked, return_exceptions=True)

    assert [row["id"] for row in found[1::2]] == ids[1::2]  # pyright: ignore[reportIndexIssue]
    assert all(isinstance(one, asyncio.CancelledError) for one in found[::2])


async def test_what_was_committed_before_is_seen(engine: Engine, tables: Tables) -> None:
    async def write_and_read() -> bool:
        (id,) = await tables.links(count=1)
        return await ask(engine, BY_KEY, id=id) is not None

    assert all(await asyncio.gather(*(write_and_read() for _ in range(20))))
