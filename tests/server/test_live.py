"""Live queries: what wakes them, what they cost, and what is left when nobody watches."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import orjson
import psycopg
import pytest
from psycopg import sql

from deeplinks.dialect.session import Session
from deeplinks.server.answers import response
from deeplinks.server.bodies import Request
from deeplinks.server.engine import Engine, open_engine
from deeplinks.server.settings import Settings
from tests.server.asked import new
from tests.waiting import until

NEVER = 3600.0
IN_SPACE = "subscription ($space: uuid!) { deep_links(where: {_deep: {_eq: $space}, id: {_neq: $space}}) { id _type } }"
SPACES = "subscription ($space: uuid!) { deep_spaces(where: {id: {_eq: $space}}) { name } }"
BY_KEY = "subscription ($id: uuid!) { deep_links_by_pk(id: $id) { _type } }"
COUNT = "subscription { deep_links(where: {id: {_eq: %s}}) { id } }"
INSERT = "mutation ($id: uuid!, $space: uuid!) { insert_deep_links_one(object: {id: $id, _deep: $space}) { id } }"
RETYPE = (
    "mutation ($id: uuid!, $type: uuid) { update_deep_links_by_pk(pk_columns: {id: $id}, _set: {_type: $type}) { id } }"
)
NAME = "mutation ($space: uuid!, $name: String) { update_deep_spaces_by_pk(pk_columns: {id: $space}, _set: {name: $name}) { id } }"
INSERT_SQL = "insert into deep.links (id, _deep) values (%s, %s)"


@asynccontextmanager
async def served(database_url: str, statements: list[str] | None = None, **settings: Any) -> AsyncGenerator[Engine]:
    """An engine; unless told otherwise it never looks without having been rung."""
    settings = {"database_url": database_url, "refetch_interval": NEVER, **settings}
    seen = None if statements is None else statements.append
    async with open_engine(Settings(**settings), seen) as engine:
        yield engine


@pytest.fixture
async def unrung(database_url: str, statements: list[str]) -> AsyncIterator[Engine]:
    """An engine that never looks without having been rung, and notes its statements."""
    async with served(database_url, statements) as engine:
        yield engine


async def do(engine: Engine, query: str, **variables: Any) -> None:
    answer = response(await engine.execute(Request(query, variables, None), Session()))
    assert "errors" not in answer, answer


class Reader:
    """What a subscriber hears."""

    def __init__(self, engine: Engine, query: str, variables: dict[str, Any]) -> None:
        self.stream = engine.stream(Request(query, variables, None), Session())

    async def next(self) -> Any:
        """The rows of the next answer, or the code of its error."""
        answer = response(await asyncio.wait_for(anext(self.stream), 30))
        match answer:
            case {"errors": [error]}:
                return error["extensions"]["code"]
            case {"data": data}:
                (rows,) = orjson.loads(data.text()).values()
                return rows
            case _:
                raise AssertionError(answer)


@asynccontextmanager
async def reading(engine: Engine, query: str, **variables: Any) -> AsyncGenerator[Reader]:
    reader = Reader(engine, query, variables)
    async with aclosing(reader.stream):
        yield reader


def database_name(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


def ours() -> list[str]:
    return [name for task in asyncio.all_tasks() if (name := task.get_name()).startswith("deeplinks ")]


# what wakes them


async def test_an_answer_comes_at_once_and_again_after_a_change_here(unrung: Engine) -> None:
    space, id = new(), new()
    async with reading(unrung, IN_SPACE, space=space) as reader:
        assert await reader.next() == []
        await do(unrung, INSERT, id=id, space=space)

        assert await reader.next() == [{"id": id, "_type": None}]


async def test_a_change_by_a_stranger_is_found_by_the_poll(database_url: str) -> None:
    space, id = new(), new()
    async with served(database_url, refetch_interval=0.2) as engine, reading(engine, IN_SPACE, space=space) as reader:
        assert await reader.next() == []
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as stranger:
            await stranger.execute(INSERT_SQL, (id, space))

        assert await reader.next() == [{"id": id, "_type": None}]


async def test_two_servers_on_one_database_ring_each_other(database_url: str) -> None:
    space, first, second = new(), new(), new()
    async with (
        served(database_url) as one,
        served(database_url) as other,
        reading(one, IN_SPACE, space=space) as here,
        reading(other, IN_SPACE, space=space) as there,
    ):
        assert (await here.next(), await there.next()) == ([], [])
        # Before that a bell would not be heard, and there is no poll.
        await until(lambda: one.hub.hearing and other.hub.hearing)
        await do(one, INSERT, id=first, space=space)
        assert len(await here.next()) == len(await there.next()) == 1
        await do(other, INSERT, id=second, space=space)

        assert len(await here.next()) == len(await there.next()) == 2


async def test_many_commits_ring_others_few_times(database_url: str) -> None:
    space = new()
    async with (
        served(database_url) as one,
        served(database_url) as other,
        reading(other, IN_SPACE, space=space) as there,
    ):
        await there.next()
        await until(lambda: other.hub.hearing)
        looks = other.hub.looks
        await asyncio.gather(*(do(one, INSERT, id=new(), space=space) for _ in range(200)))
        while len(await there.next()) < 200:
            pass

        assert other.hub.looks - looks < 150


async def test_a_change_of_a_space_without_a_log_entry_is_seen(unrung: Engine) -> None:
    space = new()
    await do(unrung, INSERT, id=new(), space=space)
    async with reading(unrung, SPACES, space=space) as reader:
        assert await reader.next() == [{"name": None}]
        await do(unrung, NAME, space=space, name="a name")

        assert await reader.next() == [{"name": "a name"}]


async def test_a_row_by_its_key_is_seen_to_come_to_change_and_to_go(unrung: Engine) -> None:
    space, id, kind = new(), new(), new()
    async with reading(unrung, BY_KEY, id=id) as reader:
        assert await reader.next() is None
        await do(unrung, INSERT, id=id, space=space)
        assert await reader.next() == {"_type": None}
        await do(unrung, RETYPE, id=id, type=kind)
        assert await reader.next() == {"_type": kind}
        await do(unrung, "mutation ($id: uuid!) { delete_deep_links_by_pk(id: $id) { id } }", id=id)

        assert await reader.next() is None


async def test_what_a_reference_leads_to_in_another_space_is_seen(unrung: Engine) -> None:
    here, there, id, other = new(), new(), new(), new()
    await do(unrung, INSERT, id=id, space=here)
    query = "subscription ($here: uuid!, $id: uuid!) { deep_links(where: {_deep: {_eq: $here}, id: {_eq: $id}}) { typed { id } } }"
    async with reading(unrung, query, here=here, id=id) as reader:
        assert await reader.next() == [{"typed": []}]
        await do(unrung, INSERT, id=other, space=there)
        await do(unrung, RETYPE, id=other, type=id)

        assert await reader.next() == [{"typed": [{"id": other}]}]


# what they cost


async def test_what_did_not_change_is_not_told(unrung: Engine, statements: list[str]) -> None:
    space, id = new(), new()
    query = "subscription ($space: uuid!) { deep_links(where: {_deep: {_eq: $space}, id: {_neq: $space}}) { id } }"
    async with reading(unrung, query, space=space) as reader:
        assert await reader.next() == []
        await do(unrung, INSERT, id=id, space=space)
        assert await reader.next() == [{"id": id}]
        asked = len(statements)
        await do(unrung, RETYPE, id=id, type=new())
        await until(lambda: len(statements) == asked + 2)
        await do(unrung, INSERT, id=new(), space=space)

        assert len(await reader.next()) == 2


async def test_a_change_in_another_space_asks_nothing(unrung: Engine, statements: list[str]) -> None:
    space = new()
    async with reading(unrung, IN_SPACE, space=space) as reader:
        await reader.next()
        asked, looks = len(statements), unrung.hub.looks
        await do(unrung, INSERT, id=new(), space=new())
        await until(lambda: unrung.hub.looks > looks)

        assert len(statements) == asked + 1


async def test_equal_live_queries_are_asked_once_and_told_the_same_text(unrung: Engine, statements: list[str]) -> None:
    space = new()
    async with AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(reading(unrung, IN_SPACE, space=space)) for _ in range(100)]
        firsts = await asyncio.gather(*(reader.next() for reader in readers))
        before = len(statements)
        await do(unrung, INSERT, id=new(), space=space)
        answers = await asyncio.gather(*(anext(reader.stream) for reader in readers))

        assert (firsts, unrung.hub.watching, before) == ([[]] * 100, 1, 1)
        assert len({id(answer.data) for answer in answers}) == 1
        assert len(statements) == before + 2


async def test_who_comes_later_hears_what_is_known_and_nothing_is_asked(unrung: Engine, statements: list[str]) -> None:
    space, id = new(), new()
    async with reading(unrung, IN_SPACE, space=space) as first:
        await first.next()
        await do(unrung, INSERT, id=id, space=space)
        known = await first.next()
        asked = len(statements)
        async with reading(unrung, IN_SPACE, space=space) as second:
            assert await second.next() == known
            assert len(statements) == asked


async def test_who_comes_later_hears_what_a_stranger_wrote_before(database_url: str, unrung: Engine) -> None:
    space, id = new(), new()
    async with reading(unrung, IN_SPACE, space=space) as first:
        await first.next()
        with psycopg.connect(database_url, autocommit=True) as stranger:
            stranger.execute(INSERT_SQL, (id, space))
        async with reading(unrung, IN_SPACE, space=space) as second:
            assert await second.next() == [{"id": id, "_type": None}]
        assert await first.next() == [{"id": id, "_type": None}]


async def test_sessions_do_not_share_what_is_told_differently(unrung: Engine) -> None:
    query = Request("subscription { deep_links(limit: 1, order_by: {_i: asc}) { _i } }", {}, None)
    async with (
        aclosing(unrung.stream(query, Session())) as plain,
        aclosing(unrung.stream(query, Session(stringify_numerics=True))) as text,
    ):
        told = [(await anext(stream)).data.text() for stream in (plain, text)]

    assert told == [b'{"deep_links":[{"_i":1}]}', b'{"deep_links":[{"_i":"1"}]}']


async def test_who_is_slow_hears_the_newest_only(unrung: Engine) -> None:
    space = new()
    async with reading(unrung, IN_SPACE, space=space) as slow, reading(unrung, IN_SPACE, space=space) as quick:
        assert (await slow.next(), await quick.next()) == ([], [])
        for number in range(1, 6):
            await do(unrung, INSERT, id=new(), space=space)
            assert len(await quick.next()) == number

        assert len(await slow.next()) == 5


# what goes wrong


async def test_an_error_is_told_once_and_then_the_answer_again(database_url: str) -> None:
    space = new()
    async with (
        served(database_url, refetch_interval=0.05) as engine,
        reading(engine, BY_KEY, id=space) as reader,
        await psycopg.AsyncConnection.connect(database_url, autocommit=True) as stranger,
    ):
        assert await reader.next() is None
        await stranger.execute("alter table deep.links rename to gone")
        assert await reader.next() == "schema-missing"
        looks = engine.hub.looks
        await until(lambda: engine.hub.looks > looks + 3)
        await stranger.execute("alter table deep.gone rename to links")

        assert await reader.next() is None


async def test_what_is_wrong_with_the_request_is_not_asked_again_and_again(
    database_url: str, statements: list[str]
) -> None:
    query = (
        "subscription ($space: uuid!, $id: uuid!) { deep_links(where: {_deep: {_eq: $space}, id: {_eq: $id}}) { id } }"
    )
    async with (
        served(database_url, statements, refetch_interval=0.02) as engine,
        reading(engine, query, space=new(), id="no id") as reader,
    ):
        assert await reader.next() == "data-exception"
        looks, asked = engine.hub.looks, len(statements)
        await until(lambda: engine.hub.looks > looks + 3)

        assert len(statements) == asked


async def test_a_database_that_is_away_is_told_once_and_followed_again_when_it_is_back(
    server_url: str, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    space, id = new(), new()
    name = database_name(database_url)
    allow = sql.SQL("alter database {} allow_connections {}")
    async with (
        served(database_url, refetch_interval=0.05, pool_timeout=0.2) as engine,
        reading(engine, IN_SPACE, space=space) as reader,
        await psycopg.AsyncConnection.connect(server_url, autocommit=True) as superuser,
    ):
        assert await reader.next() == []
        await until(lambda: engine.hub.hearing)
        await superuser.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        await superuser.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (name,))
        assert await reader.next() == "unavailable"
        looks = engine.hub.looks
        await until(lambda: engine.hub.looks > looks + 3)
        await superuser.execute(allow.format(sql.Identifier(name), sql.SQL("true")))
        assert await reader.next() == []
        await until(lambda: engine.hub.hearing)
        with psycopg.connect(database_url, autocommit=True) as stranger:
            stranger.execute(INSERT_SQL, (id, space))

        assert await reader.next() == [{"id": id, "_type": None}]
    lost = [
        record
        for record in caplog.records
        if record.name == "deeplinks.server.bell" and record.levelno >= logging.WARNING
    ]
    assert len(lost) == 1


# what is left


async def test_nothing_runs_and_nothing_is_held_when_nobody_watches(
    database_url: str, server_url: str, unrung: Engine
) -> None:
    def listening() -> int:
        with psycopg.connect(server_url) as connection:
            name = database_name(database_url)
            found = connection.execute(
                "select count(*) from pg_stat_activity where datname = %s and query like '%%listen deeplinks%%'",
                (name,),
            ).fetchone()
        assert found
        return found[0]

    assert (ours(), listening()) == ([], 0)
    async with reading(unrung, IN_SPACE, space=new()) as one, reading(unrung, BY_KEY, id=new()) as other:
        await one.next()
        await other.next()
        await until(lambda: unrung.hub.hearing)
        assert (unrung.hub.watching, listening()) == (2, 1)

    await until(lambda: not ours())
    assert (unrung.hub.watching, unrung.hub.hearing) == (0, False)
    await until(lambda: listening() == 0)


async def test_a_reader_who_leaves_in_the_middle_of_an_answer_leaves_nothing(unrung: Engine) -> None:
    for _ in range(20):
        async with reading(unrung, IN_SPACE, space=new()) as reader:
            waiting = asyncio.create_task(reader.next())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.wait([waiting])

    await until(lambda: not ours())
    assert unrung.hub.watching == 0


async def test_an_engine_that_closes_ends_its_live_queries(database_url: str) -> None:
    async with AsyncExitStack() as stack:
        async with served(database_url) as engine:
            reader = await stack.enter_async_context(reading(engine, IN_SPACE, space=new()))
            await reader.next()
        assert ours() == []
        with pytest.raises(StopAsyncIteration):
            await reader.next()


async def test_a_closed_engine_has_no_live_queries(database_url: str) -> None:
    async with served(database_url) as engine:
        await engine.close()
        async with reading(engine, IN_SPACE, space=new()) as reader:
            with pytest.raises(StopAsyncIteration):
                await reader.next()


async def test_a_fault_of_ours_ends_those_it_concerns_and_is_logged(
    unrung: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> object:
        raise ZeroDivisionError

    async with reading(unrung, IN_SPACE, space=new()) as reader:
        await reader.next()
        with monkeypatch.context() as patch:
            patch.setattr(unrung.database, "rows", broken)
            unrung.hub.ring()
            with pytest.raises(StopAsyncIteration):
                await reader.next()
    async with reading(unrung, IN_SPACE, space=new()) as reader:
        assert await reader.next() == []
    assert "deeplinks hub ended" in caplog.text
