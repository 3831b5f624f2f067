"""Bells: the newest number of a space, over each way to a server, and what the end of one means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from typing import TypeAlias

import anyio
import psycopg
import pytest
from gql.graphql_request import GraphQLRequest
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport
from websockets.asyncio.server import ServerConnection, serve

from deeplinks.errors import AccessDeniedError, QueryError, SchemaMissingError, UnavailableError
from deeplinks.server.engine import open_engine
from deeplinks.server.serve import running
from deeplinks.server.settings import Settings
from deeplinks.server.transport import InProcessTransport
from deeplinks.storage import doorbell, graphql
from deeplinks.storage.graphql import GraphQLStorage
from deeplinks.storage.protocol import Storage
from tests.server.asked import new
from tests.waiting import until

INSERT = "insert into deep.links (id, _deep) values (%s, %s)"
Way: TypeAlias = "Callable[[Settings], AbstractAsyncContextManager[GraphQLStorage]]"


@asynccontextmanager
async def by_socket(settings: Settings) -> AsyncGenerator[GraphQLStorage]:
    async with running(settings) as address:
        storage = GraphQLStorage(address)
        yield storage
        await storage.close()


@asynccontextmanager
async def in_process(settings: Settings) -> AsyncGenerator[GraphQLStorage]:
    async with open_engine(settings) as engine:
        storage = GraphQLStorage(transport=InProcessTransport(engine))
        yield storage
        await storage.close()


@asynccontextmanager
async def by_own_socket(settings: Settings) -> AsyncGenerator[GraphQLStorage]:
    async with running(settings) as address:
        transport = WebsocketsTransport(address.replace("http", "ws", 1), subprotocols=["graphql-transport-ws"])
        storage = GraphQLStorage(transport=transport)
        yield storage
        await storage.close()


@asynccontextmanager
async def by_asking(settings: Settings) -> AsyncGenerator[GraphQLStorage]:
    async with running(settings) as address:
        storage = GraphQLStorage(transport=HTTPXAsyncTransport(address))
        yield storage
        await storage.close()


@pytest.fixture(params=[by_socket, in_process, by_own_socket, by_asking], ids=lambda way: way.__name__)
def way(request: pytest.FixtureRequest) -> Way:
    return request.param


async def rung(bells: AsyncGenerator[int], n: int) -> int:
    """Wait until the bell tells of n, or of more."""
    async for heard in bells:
        if heard >= n:
            return heard
    raise AssertionError("the bells ended")


def ours() -> list[str]:
    """Tasks of ours, and of the client library, that run."""
    found: list[str] = []
    for task in asyncio.all_tasks():
        code = getattr(task.get_coro(), "cr_code", None)
        if task.get_name().startswith("deeplinks ") or (code is not None and "/gql/" in code.co_filename):
            found.append(f"{task.get_name()} {code}")
    return found


async def test_it_is_a_storage() -> None:
    assert isinstance(GraphQLStorage("http://localhost/v1/graphql"), Storage)


async def test_the_newest_number_comes_at_once_and_whenever_it_rises(
    way: Way, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphql, "POLL", 0.05)
    space = new()
    async with (
        way(Settings(database_url=database_url, port=0, refetch_interval=0.05)) as storage,
        await psycopg.AsyncConnection.connect(database_url, autocommit=True) as stranger,
        aclosing(storage.bells(space)) as bells,
    ):
        assert await anext(bells) == 0
        await stranger.execute(INSERT, (space, space))
        await rung(bells, 1)
        await stranger.execute(INSERT, (new(), space))
        await rung(bells, 2)
        async with aclosing(storage.bells(space)) as others:
            assert await anext(others) == 2
    await until(lambda: not ours())


async def test_who_is_slow_hears_the_newest_number_only(endpoint: str, database_url: str) -> None:
    space, storage = new(), GraphQLStorage(endpoint)
    async with aclosing(storage.bells(space)) as slow, aclosing(storage.bells(space)) as quick:
        assert (await anext(slow), await anext(quick)) == (0, 0)
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as stranger:
            for number in range(1, 4):
                await stranger.execute(INSERT, (new() if number > 1 else space, space))
                await rung(quick, number)

        assert await anext(slow) == 3


async def test_cancelling_leaves_nothing(way: Way, database_url: str) -> None:
    async with way(Settings(database_url=database_url, port=0)) as storage:
        await _follow_and_cancel(storage, _cancelled)
        await _follow_and_cancel(storage, _scope_cancelled)
    await until(lambda: not ours())


async def _follow_and_cancel(storage: GraphQLStorage, cancel: Callable[..., Awaitable[None]]) -> None:
    heard = asyncio.Event()

    async def follow() -> None:
        async for _ in storage.bells(new()):
            heard.set()

    await cancel(follow, heard)
    # A generator that was left as it was is closed by the loop.
    await until(lambda: not storage._bells and not [name for name in ours() if "bells" in name])


async def _cancelled(follow: Callable[[], Awaitable[None]], heard: asyncio.Event) -> None:
    following = asyncio.ensure_future(follow())
    await heard.wait()
    following.cancel()
    await asyncio.wait([following])


async def _scope_cancelled(follow: Callable[[], Awaitable[None]], heard: asyncio.Event) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(follow)
        await heard.wait()
        group.cancel_scope.cancel()


async def test_closing_the_storage_ends_its_bells(way: Way, database_url: str) -> None:
    async with (
        way(Settings(database_url=database_url, port=0)) as storage,
        aclosing(storage.bells(new())) as waiting,
        aclosing(storage.bells(new())) as idle,
    ):
        await anext(idle)
        await anext(waiting)
        waited = asyncio.ensure_future(anext(waiting))
        await asyncio.sleep(0)
        await storage.close()
        with pytest.raises(UnavailableError, match="closed"):
            await waited
        with pytest.raises(UnavailableError, match="closed"):
            await anext(idle)
    await until(lambda: not ours())


async def test_bells_are_no_requests(endpoint: str) -> None:
    storage = GraphQLStorage(endpoint)
    async with aclosing(storage.bells(new())) as bells:
        await anext(bells)

    assert storage.requests == 0


# what goes wrong


async def test_a_server_that_ends_is_unavailable_and_nothing_connects_again(database_url: str) -> None:
    async with running(Settings(database_url=database_url, port=0)) as address:
        storage = GraphQLStorage(address)
        bells = storage.bells(new())
        await anext(bells)
    with pytest.raises(UnavailableError, match="1012"):
        await anext(bells)
    await until(lambda: not ours())
    with pytest.raises(UnavailableError):
        await anext(storage.bells(new()))


async def test_nobody_there_is_unavailable() -> None:
    with pytest.raises(UnavailableError, match="Connect call failed"):
        await anext(GraphQLStorage("http://127.0.0.1:9/v1/graphql").bells(new()))


async def test_an_engine_that_closes_is_unavailable(database_url: str) -> None:
    async with open_engine(Settings(database_url=database_url)) as engine:
        bells = GraphQLStorage(transport=InProcessTransport(engine)).bells(new())
        await anext(bells)
    with pytest.raises(UnavailableError):
        await anext(bells)


async def test_a_wrong_secret_is_denied(secret_endpoint: str) -> None:
    right, wrong, none = (GraphQLStorage(secret_endpoint, secret=secret) for secret in ("right", "wrong", None))
    async with aclosing(right.bells(new())) as bells:
        assert await anext(bells) == 0
    for storage in (wrong, none):
        with pytest.raises(AccessDeniedError):
            await anext(storage.bells(new()))
    await until(lambda: not ours())


async def test_a_wrong_secret_in_process_too(database_url: str) -> None:
    async with open_engine(Settings(database_url=database_url, admin_secret="right")) as engine:
        with pytest.raises(AccessDeniedError):
            await anext(GraphQLStorage(transport=InProcessTransport(engine)).bells(new()))


async def test_a_database_without_tables_is_told_as_such(bare_endpoint: str) -> None:
    with pytest.raises(SchemaMissingError):
        await anext(GraphQLStorage(bare_endpoint).bells(new()))


async def test_a_page_that_is_no_endpoint_is_an_error(endpoint: str) -> None:
    with pytest.raises((QueryError, AccessDeniedError)):
        await anext(GraphQLStorage(endpoint.replace("/v1/graphql", "/healthz")).bells(new()))


@asynccontextmanager
async def endpoint_that(
    behaves: Callable[[ServerConnection], Awaitable[None]], subprotocol: str | None = "graphql-transport-ws"
) -> AsyncGenerator[GraphQLStorage]:
    """A storage over an endpoint of a test's own making."""
    spoken = [subprotocol] if subprotocol else None
    async with serve(behaves, "127.0.0.1", 0, subprotocols=spoken) as server:  # pyright: ignore[reportArgumentType]
        port = next(iter(server.sockets)).getsockname()[1]
        yield GraphQLStorage(f"http://127.0.0.1:{port}/v1/graphql")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (1000, UnavailableError),
        (1001, UnavailableError),
        (1011, UnavailableError),
        (1012, UnavailableError),
        (4408, UnavailableError),
        (4500, UnavailableError),
        (4401, AccessDeniedError),
        (4403, AccessDeniedError),
        (4400, QueryError),
        (4406, QueryError),
        (1009, QueryError),
    ],
)
async def test_what_a_closing_code_means(code: int, error: type[Exception]) -> None:
    async def close(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.close(code, "a reason")

    async with endpoint_that(close) as storage:
        with pytest.raises(error, match="a reason"):
            await anext(storage.bells(new()))
    await until(lambda: not ours())


@pytest.mark.parametrize("text", ["no json", '{"type": "unheard of"}', '{"type": "next", "id": "1"}'])
async def test_an_endpoint_that_talks_nonsense_is_an_error(text: str) -> None:
    async def babble(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send('{"type": "connection_ack"}')
        await connection.recv()
        await connection.send(text)
        await connection.wait_closed()

    async with endpoint_that(babble) as storage:
        with pytest.raises((QueryError, UnavailableError)):
            await anext(storage.bells(new()))
    await until(lambda: not ours())


async def test_an_endpoint_that_completes_the_subscription_may_be_asked_again() -> None:
    async def complete(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send('{"type": "connection_ack"}')
        await connection.recv()
        await connection.send('{"type": "complete", "id": "1"}')
        await connection.wait_closed()

    async with endpoint_that(complete) as storage:
        with pytest.raises(UnavailableError, match="ended"):
            await anext(storage.bells(new()))


async def test_an_endpoint_without_subscriptions_is_an_error() -> None:
    async def refuse(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send('{"type": "connection_ack"}')
        await connection.recv()
        await connection.send(
            '{"type": "error", "id": "1", "payload": [{"message": "no subscriptions exist",'
            ' "extensions": {"code": "validation-failed", "path": "$"}}]}'
        )
        await connection.wait_closed()

    async with endpoint_that(refuse) as storage:
        with pytest.raises(QueryError, match="no subscriptions exist"):
            await anext(storage.bells(new()))
    await until(lambda: not ours())


async def test_an_endpoint_that_speaks_no_protocol_of_ours_is_an_error() -> None:
    async def close(connection: ServerConnection) -> None:
        await connection.close(4406, "Subprotocol not acceptable")

    async with endpoint_that(close, subprotocol=None) as storage:
        with pytest.raises(QueryError):
            await anext(storage.bells(new()))


async def test_a_line_whose_other_end_is_silent_is_found_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorbell, "PING", 0.05)

    async def fall_silent(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send('{"type": "connection_ack"}')
        await connection.recv()
        await connection.send('{"type": "next", "id": "1", "payload": {"data": {"changes": []}}}')
        await connection.wait_closed()

    async with endpoint_that(fall_silent) as storage:
        bells = storage.bells(new())
        assert await anext(bells) == 0
        with pytest.raises(UnavailableError, match="pong"):
            await anext(bells)
    await until(lambda: not ours())


async def test_an_endpoint_that_never_admits_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorbell, "PATIENCE", 0.1)

    async with endpoint_that(ServerConnection.wait_closed) as storage:
        with pytest.raises(UnavailableError, match="in time"):
            await anext(storage.bells(new()))
    await until(lambda: not ours())


async def test_a_line_is_cut_in_the_middle(database_url: str) -> None:
    async def cut(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send('{"type": "connection_ack"}')
        await connection.recv()
        connection.transport.abort()

    async with endpoint_that(cut) as storage:
        with pytest.raises(UnavailableError, match="lost"):
            await anext(storage.bells(new()))
    await until(lambda: not ours())


async def test_no_more_than_a_ring_is_taken() -> None:
    async def shout(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send('{"type": "connection_ack", "payload": "' + "x" * doorbell.MESSAGE + '"}')
        await connection.wait_closed()

    async with endpoint_that(shout) as storage:
        with pytest.raises((QueryError, UnavailableError)):
            await anext(storage.bells(new()))


async def test_a_transport_of_ones_own_may_have_subscriptions(database_url: str) -> None:
    asked: list[str] = []

    class Noting(InProcessTransport):
        async def subscribe(self, request: GraphQLRequest):
            asked.append(str(request.variable_values))
            async for result in super().subscribe(request):
                yield result

    space = new()
    async with (
        open_engine(Settings(database_url=database_url)) as engine,
        aclosing(GraphQLStorage(transport=Noting(engine)).bells(space)) as bells,
    ):
        assert await anext(bells) == 0

    assert asked == [str({"deep": space})]
