"""Streams: every row is told, in batches, in order; what comes late is told late, and nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import Any

import psycopg
import pytest

from deeplinks.dialect.interpret import interpret
from deeplinks.dialect.session import Rights, Rules, Session
from deeplinks.dialect.statements import And, Compare
from deeplinks.dialect.values import Given, Operand
from deeplinks.server.bodies import loads
from deeplinks.server.engine import Engine, open_engine
from deeplinks.server.settings import Settings
from deeplinks.storage.pruning import Keep, prune
from deeplinks.tables import LINKS, TABLES
from tests.dialect.cases import GOLDEN
from tests.dialect.plants import as_dicts, plant
from tests.dialect.reading import statement
from tests.server.asked import new
from tests.server.streaming import BY_I, BY_TIME, stream_of, streaming
from tests.waiting import until

NEVER = 3600.0
LONG_AGO = "2001-01-01T00:00:00Z"
INSERT = "insert into deep.links (id, _deep) select * from unnest(%s::uuid[]) one, unnest(%s::uuid[]) space"
Connection = psycopg.AsyncConnection[Any]


@pytest.fixture
async def engine(database_url: str, statements: list[str]) -> AsyncIterator[Engine]:
    """An engine that never looks without having been rung, and notes its statements."""
    settings = Settings(database_url=database_url, refetch_interval=NEVER)
    async with open_engine(settings, statements.append) as engine:
        yield engine


@asynccontextmanager
async def connected(url: str) -> AsyncGenerator[Connection]:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture
async def writer(database_url: str) -> AsyncIterator[Connection]:
    async with connected(database_url) as connection:
        yield connection


async def links(connection: Connection, space: str, count: int) -> list[str]:
    """So many links, inserted; their ids in order of creation."""
    ids = [new() for _ in range(count)]
    await connection.execute(INSERT, (ids, [space]))
    return ids


# what there is


async def test_what_is_there_comes_in_batches_and_in_order(engine: Engine, writer: Connection) -> None:
    space = new()
    ids = await links(writer, space, 7)
    async with streaming(engine, BY_I, space=space, size=3, **{"from": 0}) as stream:
        batches = [await stream.batch() for _ in range(3)]

    assert [[row["id"] for row in batch] for batch in batches] == [ids[:3], ids[3:6], ids[6:]]


async def test_descending_it_comes_from_the_end(engine: Engine, writer: Connection) -> None:
    space = new()
    ids = await links(writer, space, 5)
    async with streaming(engine, BY_I, space=space, size=2, ordering="DESC", **{"from": 10**9}) as stream:
        assert await stream.ids(5) == ids[::-1]


async def test_it_begins_after_the_value_given(engine: Engine, writer: Connection) -> None:
    space = new()
    ids = await links(writer, space, 5)
    found = await (await writer.execute("select _i from deep.links where id = %s", (ids[1],))).fetchone()
    assert found
    async with streaming(engine, BY_I, space=space, size=10, **{"from": found[0]}) as stream:
        assert await stream.ids(3) == ids[2:]


async def test_equal_values_at_the_edge_of_a_batch_lose_nothing(engine: Engine, writer: Connection) -> None:
    space = new()
    # One transaction: all have one created_at.
    ids = await links(writer, space, 10)
    async with streaming(engine, BY_TIME, space=space, size=3, **{"from": LONG_AGO}) as stream:
        assert await stream.ids(10) == sorted(ids)


@pytest.mark.parametrize(
    ("table", "type", "values", "start"),
    [
        ("strings", "String", ["b", "a", "é", "a", "B"], ""),
        ("numbers", "numeric", ["2", "10", "-1", "2.50", "1e3"], "-2"),
        ("functions", "jsonb", ['{"b": 1}', '{"a": 1}', "2", '"text"'], ""),
    ],
)
async def test_data_come_in_the_order_of_their_values(
    engine: Engine, writer: Connection, table: str, type: str, values: list[str], start: Any
) -> None:
    space = new()
    ids = await links(writer, space, len(values))
    for id, value in zip(ids, values, strict=True):
        await writer.execute(f"insert into deep.{table} (id, _data) values (%s, %s)", (id, value))
    rows = await writer.execute(f"select id::text from deep.{table} where _deep = %s order by _data, id", (space,))
    expected = [id for (id,) in await rows.fetchall()]
    async with streaming(engine, stream_of("_data", type, table), space=space, size=1, **{"from": start}) as stream:
        assert await stream.ids(len(values)) == expected


@pytest.mark.parametrize(
    "field",
    [
        "deep_links_stream(batch_size: 3, cursor: {initial_value: {_i: 1}})",
        'deep_links_stream(batch_size: 9, cursor: {initial_value: {_type: "00000000-0000-0000-0000-000000000000"}})',
        'deep_links_stream(batch_size: 9, cursor: {initial_value: {created_at: "2001-01-01"}}, where: {_from: {_is_null: true}})',
        'deep_strings_stream(batch_size: 2, cursor: {initial_value: {_data: "zzz"}, ordering: DESC})',
        "deep_numbers_stream(batch_size: 9, cursor: [{initial_value: {_data: -100}, ordering: ASC}, null])",
    ],
)
async def test_the_first_batch_is_the_same_over_dicts(engine: Engine, database_url: str, field: str) -> None:
    query = f"subscription {{ rows: {field} {{ id __typename }} }}"
    rows: Any = loads((GOLDEN / "rows.json").read_bytes())
    with psycopg.connect(database_url, autocommit=True) as connection:
        plant(connection, rows)
    async with streaming(engine, query) as stream:
        told = await stream.batch()

    assert told == interpret(statement(query), as_dicts(rows), {})
    assert told


# what comes


async def test_what_comes_later_is_told_and_asked_in_the_log_alone(
    engine: Engine, writer: Connection, statements: list[str]
) -> None:
    space = new()
    await links(writer, space, 2)
    async with streaming(engine, BY_I, space=space, size=10, **{"from": 0}) as stream:
        await stream.ids(2)
        statements.clear()
        (id,) = await links(writer, space, 1)
        engine.hub.ring()

        assert await stream.ids(1) == [id]
        assert [text for text in statements if "heard" in text and "next AS" in text] == []


async def test_a_stream_of_nothing_says_nothing_until_something_comes(engine: Engine, writer: Connection) -> None:
    space = new()
    async with streaming(engine, BY_I, space=space, size=10, **{"from": 0}) as stream:
        hearing = asyncio.create_task(stream.ids(1))
        await until(lambda: engine.hub.looks)
        (id,) = await links(writer, space, 1)
        engine.hub.ring()

        assert await hearing == [id]


async def test_who_commits_late_is_told_late_and_nothing_is_told_twice(
    engine: Engine, writer: Connection, database_url: str
) -> None:
    here, there = new(), new()
    query = BY_I.replace("_deep: {_eq: $space}, ", "").replace("_neq: $space", "_nin: [$space, $other]")
    query = query.replace("$space: uuid!", "$space: uuid!, $other: uuid!")
    async with (
        connected(database_url) as slow,
        streaming(engine, query, space=here, other=there, size=10, **{"from": 10_000}) as stream,
    ):
        await writer.execute("select setval('deep.links_i', 20000)")
        await slow.execute("begin")
        late = await links(slow, there, 3)
        early = await links(writer, here, 3)
        engine.hub.ring()
        assert await stream.ids(3) == early
        await slow.execute("commit")
        engine.hub.ring()
        assert await stream.ids(3) == late
        last = await links(writer, here, 1)
        engine.hub.ring()

        assert await stream.ids(1) == last


async def test_late_ones_are_told_while_the_table_is_still_read(
    engine: Engine, writer: Connection, database_url: str
) -> None:
    space, other = new(), new()
    query = BY_I.replace("_deep: {_eq: $space}, ", "").replace("_neq: $space", "_nin: [$space, $other]")
    query = query.replace("$space: uuid!", "$space: uuid!, $other: uuid!")
    async with connected(database_url) as slow:
        await writer.execute("select setval('deep.links_i', 20000)")
        await slow.execute("begin")
        late = await links(slow, other, 3)
        ids = await links(writer, space, 6)
        async with streaming(engine, query, space=space, other=other, size=2, **{"from": 20_000}) as stream:
            assert await stream.ids(2) == ids[:2]
            await slow.execute("commit")
            told = await stream.ids(7)

    assert sorted(told) == sorted(late + ids[2:])
    assert [id for id in told if id in ids] == ids[2:]


async def test_a_row_that_is_changed_is_told_again_where_its_cursor_moves(engine: Engine, writer: Connection) -> None:
    space = new()
    first, second = await links(writer, space, 2)
    query = stream_of("updated_at", "timestamptz")
    async with streaming(engine, query, space=space, size=10, **{"from": LONG_AGO}) as stream:
        assert sorted(await stream.ids(2)) == sorted([first, second])
        await writer.execute("update deep.links set _type = id where id = %s", (first,))
        engine.hub.ring()

        assert await stream.ids(1) == [first]


async def test_and_not_where_it_stays(engine: Engine, writer: Connection) -> None:
    space = new()
    first, second = await links(writer, space, 2)
    async with streaming(engine, BY_I, space=space, size=10, **{"from": 0}) as stream:
        assert await stream.ids(2) == [first, second]
        await writer.execute("update deep.links set _type = id where id = %s", (first,))
        third = await links(writer, space, 1)
        engine.hub.ring()

        assert await stream.ids(1) == third


async def test_a_row_that_comes_to_be_meant_is_told(engine: Engine, writer: Connection) -> None:
    space = new()
    first, second = await links(writer, space, 2)
    query = BY_I.replace("id: {_neq: $space}", "_type: {_is_null: false}")
    async with streaming(engine, query, space=space, size=10, **{"from": 0}) as stream:
        for id in (second, first):
            await writer.execute("update deep.links set _type = id where id = %s", (id,))
            engine.hub.ring()
            assert await stream.ids(1) == [id]


async def test_more_than_are_told_at_once_are_told_all_the_same(
    engine: Engine, writer: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deeplinks.dialect.sql.streaming.MOST", 4)
    space = new()
    async with streaming(engine, BY_I, space=space, size=3, **{"from": 0}) as stream:
        hearing = asyncio.create_task(stream.ids(15))
        await until(lambda: engine.hub.looks)
        ids = await links(writer, space, 15)
        engine.hub.ring()

        assert await hearing == ids


async def test_a_time_that_is_now_is_the_time_of_asking(engine: Engine, writer: Connection) -> None:
    space, later = new(), list[str]()
    old = await links(writer, space, 2)
    async with streaming(engine, BY_TIME, space=space, size=10, **{"from": "now"}) as stream:
        hearing = asyncio.create_task(stream.ids(3))
        while not hearing.done():
            later += await links(writer, space, 1)
            engine.hub.ring()
            await asyncio.sleep(0)

    assert set(hearing.result()) <= set(later) - set(old)


@pytest.mark.parametrize(("column", "type", "start"), [("_i", "bigint", 0), ("created_at", "timestamptz", LONG_AGO)])
async def test_under_many_writers_everything_is_told_once(
    database_url: str, column: str, type: str, start: Any
) -> None:
    """Numbers and times are drawn before commits, and commits are out of their order."""
    kind, spaces = new(), [new() for _ in range(3)]
    query = stream_of(column, type).replace("_deep: {_eq: $space}, id: {_neq: $space}", "_type: {_eq: $space}")
    settings = Settings(database_url=database_url, refetch_interval=0.01)
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(open_engine(settings))
        writers = [await stack.enter_async_context(connected(database_url)) for _ in range(6)]
        streams = [
            await stack.enter_async_context(streaming(engine, query, space=kind, size=size, **{"from": start}))
            for size in (1, 3, 100)
        ]
        hearing = [asyncio.create_task(stream.ids(300)) for stream in streams]
        written = await asyncio.gather(
            *(_scatter(writer, spaces[number % 3], kind, number) for number, writer in enumerate(writers))
        )
        told = await asyncio.gather(*hearing)
        (last,) = await _insert(writers[0], spaces[0], kind, 1)
        after = await asyncio.gather(*(stream.ids(1) for stream in streams))

    ids = sorted(id for one in written for id in one)
    assert [sorted(one) for one in told] == [ids] * 3
    assert after == [[last]] * 3


async def _scatter(connection: Connection, space: str, kind: str, seed: int) -> list[str]:
    """Fifty links, in transactions that stay open for a while."""
    chance, ids = Random(seed), list[str]()
    while len(ids) < 50:
        async with connection.transaction():
            ids += await _insert(connection, space, kind, min(chance.randrange(1, 4), 50 - len(ids)))
            await asyncio.sleep(chance.random() * 0.004)
    return ids


async def _insert(connection: Connection, space: str, kind: str, count: int) -> list[str]:
    ids = [new() for _ in range(count)]
    given = "insert into deep.links (id, _deep, _type) select one, %s, %s from unnest(%s::uuid[]) one"
    await connection.execute(given, (space, kind, ids))
    return ids


async def test_a_role_is_told_of_its_own_rows_and_of_those_that_become_its_own(
    engine: Engine, writer: Connection
) -> None:
    space, mine, yours = new(), new(), new()
    own = Compare(LINKS.by_name["_type"], "_eq", Operand(Given("x-hasura-type"), "uuid", "$"))
    session = Session(
        "user", {"x-hasura-type": mine}, rights=Rights(TABLES, {"links": Rules(select=And((own,)), limit=2)})
    )
    first = await _insert(writer, space, mine, 3)
    (other,) = await _insert(writer, space, yours, 1)
    async with streaming(engine, BY_I, session, space=space, size=10, **{"from": 0}) as stream:
        batches = [await stream.batch(), await stream.batch()]
        assert [[row["id"] for row in batch] for batch in batches] == [first[:2], first[2:]]
        (second,) = await _insert(writer, space, mine, 1)
        engine.hub.ring()
        assert await stream.ids(1) == [second]
        await writer.execute("update deep.links set _type = %s where id = %s", (mine, other))
        engine.hub.ring()

        assert await stream.ids(1) == [other]


# readers


async def test_who_are_at_one_place_share_each_step(engine: Engine, writer: Connection, statements: list[str]) -> None:
    space = new()
    async with AsyncExitStack() as stack:
        streams = [
            await stack.enter_async_context(streaming(engine, BY_I, space=space, size=10, **{"from": 0}))
            for _ in range(100)
        ]
        (id,) = await links(writer, space, 1)
        assert await asyncio.gather(*(stream.ids(1) for stream in streams)) == [[id]] * 100
        for _ in range(3):
            statements.clear()
            hearing = [asyncio.create_task(stream.ids(1)) for stream in streams]
            (id,) = await links(writer, space, 1)
            engine.hub.ring()
            assert await asyncio.gather(*hearing) == [[id]] * 100
            assert len([text for text in statements if "heard" in text]) == 1
    assert engine.hub.watching == 0


async def test_a_message_is_made_once_for_all(engine: Engine, writer: Connection) -> None:
    space = new()
    await links(writer, space, 1)
    async with AsyncExitStack() as stack:
        streams = [
            await stack.enter_async_context(streaming(engine, BY_I, space=space, size=10, **{"from": 0}))
            for _ in range(10)
        ]
        answers = await asyncio.gather(*(anext(stream.answers) for stream in streams))

    assert len({id(answer.data) for answer in answers}) == 1


async def test_who_is_slow_misses_nothing(engine: Engine, writer: Connection) -> None:
    space = new()
    async with (
        streaming(engine, BY_I, space=space, size=2, **{"from": 0}) as slow,
        streaming(engine, BY_I, space=space, size=2, **{"from": 0}) as quick,
    ):
        ids = await links(writer, space, 1)
        assert await slow.ids(1) == await quick.ids(1) == ids
        for _ in range(40):
            (id,) = await links(writer, space, 1)
            engine.hub.ring()
            assert await quick.ids(1) == [id]
            ids.append(id)

        assert await slow.ids(40) == ids[1:]


async def test_a_log_out_of_another_servers_backup_is_not_told_again_and_again(
    engine: Engine, writer: Connection
) -> None:
    space = new()
    ids = await links(writer, space, 3)
    await writer.execute("alter table deep.changes disable trigger user")
    await writer.execute("update deep.changes set tx = tx + 1000000")
    await writer.execute("alter table deep.changes enable trigger user")
    async with streaming(engine, BY_I, space=space, size=10, **{"from": 0}) as stream:
        assert await stream.ids(3) == ids
        for _ in range(2):
            more = await links(writer, space, 1)
            engine.hub.ring()
            assert await stream.ids(1) == more


async def test_where_the_log_was_pruned_past_a_reader_it_is_told_so(
    engine: Engine, writer: Connection, database_url: str
) -> None:
    space = new()
    async with streaming(engine, BY_I, space=space, size=2, **{"from": 0}) as stream:
        ids = await links(writer, space, 3)
        assert await stream.ids(2) == ids[:2]
        await links(writer, space, 3)
        await prune(database_url, Keep(entries=1))

        assert await stream.error() == "resync"
        with pytest.raises(StopAsyncIteration):
            await anext(stream.answers)


# what is refused


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ("cursor: {initial_value: {_i: 1}}", "batch_size"),
        ("batch_size: 1", "cursor"),
        ("batch_size: 1, cursor: []", "one streaming column field is expected"),
        ("batch_size: 1, cursor: [null]", "one streaming column field is expected"),
        ("batch_size: 1, cursor: {initial_value: {}}", "one streaming column field is expected"),
        ("batch_size: 1, cursor: {initial_value: {_i: 1, id: null}}", "multiple column cursors are not supported"),
        ("batch_size: 0, cursor: {initial_value: {_i: 1}}", "positive"),
        ("batch_size: -1, cursor: {initial_value: {_i: 1}}", "positive"),
        ("batch_size: 1, cursor: {initial_value: {_i: null}}", "null"),
        ("batch_size: 1, cursor: {initial_value: {_i: 1}, ordering: UP}", "UP"),
        ("batch_size: 1, cursor: {initial_value: {_i: 1}}, limit: 1", "limit"),
    ],
)
async def test_what_is_no_stream_is_refused(engine: Engine, arguments: str, why: str) -> None:
    async with streaming(engine, f"subscription {{ deep_links_stream({arguments}) {{ id }} }}") as stream:
        answer = await anext(stream.answers)

    assert answer.errors
    assert why in answer.errors[0].message


async def test_a_value_that_is_none_ends_the_stream(engine: Engine) -> None:
    query = 'subscription { deep_links_stream(batch_size: 1, cursor: {initial_value: {id: "no id"}}) { id } }'
    async with streaming(engine, query) as stream:
        assert await stream.error() == "data-exception"
        with pytest.raises(StopAsyncIteration):
            await anext(stream.answers)


async def test_a_table_that_is_away_is_told_once_and_the_stream_goes_on(database_url: str, writer: Connection) -> None:
    space = new()
    settings = Settings(database_url=database_url, refetch_interval=0.02)
    async with open_engine(settings) as engine, streaming(engine, BY_I, space=space, size=9, **{"from": 0}) as stream:
        (first,) = await links(writer, space, 1)
        assert await stream.ids(1) == [first]
        await writer.execute("alter table deep.links rename column _from to gone")
        await writer.execute("insert into deep.spaces (id) values (%s)", (new(),))
        await writer.execute("update deep.links set gone = id where id = %s", (first,))
        await writer.execute("alter table deep.links rename column gone to _from")
        (second,) = await links(writer, space, 1)

        assert await stream.ids(1) == [second]
