"""Strawberry with resolvers over psycopg, as its documentation shows it. `python -m benchmarks.peers.resolvers URL`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import strawberry
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from strawberry.asgi import GraphQL
from strawberry.schema.config import StrawberryConfig

from benchmarks.peers.bare import serve

pool: AsyncConnectionPool[Any] = AsyncConnectionPool(sys.argv[1], min_size=10, max_size=10, open=False)
COLUMNS = "id, _deep, _i, _type, _from, _to, _value"
# Subscribers who are told after each insert: what such a server does without a log to look at.
waiting: set[asyncio.Queue[None]] = set()


async def rows(query: str, *values: object) -> list[dict[str, Any]]:
    async with pool.connection() as connection:
        cursor = connection.cursor(row_factory=dict_row)
        await cursor.execute(query.encode(), values)
        return await cursor.fetchall()


@strawberry.type
class Link:
    id: str
    _deep: str
    _i: int
    _type: str | None
    _from: str | None
    _to: str | None
    _value: str | None

    @strawberry.field
    async def out(self, limit: int = 10) -> list[Link]:
        return await links(f"select {COLUMNS} from deep.links where _from = %s order by _i limit %s", self.id, limit)

    @strawberry.field
    async def type(self) -> Link | None:
        found = await links(f"select {COLUMNS} from deep.links where id = %s", self._type)
        return found[0] if found else None


async def links(query: str, *values: object) -> list[Link]:
    return [
        Link(**{name: str(value) if name != "_i" and value is not None else value for name, value in row.items()})
        for row in await rows(query, *values)
    ]


@strawberry.input
class LinkInput:
    id: str
    _deep: str
    _type: str | None = None
    _from: str | None = None
    _to: str | None = None
    _value: str | None = None


@strawberry.input
class StringInput:
    id: str
    _data: str


@strawberry.type
class Query:
    @strawberry.field
    async def link(self, id: str) -> Link | None:
        found = await links(f"select {COLUMNS} from deep.links where id = %s", id)
        return found[0] if found else None

    @strawberry.field
    async def links(self, space: str, after: str, limit: int) -> list[Link]:
        query = f"select {COLUMNS} from deep.links where _deep = %s and _i > %s order by _i limit %s"
        return await links(query, space, int(after), limit)


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def insert(self, links: list[LinkInput], strings: list[StringInput]) -> int:
        names = ("id", "_deep", "_type", "_from", "_to", "_value")
        async with pool.connection() as connection, connection.cursor() as cursor:
            insert = f"insert into deep.links ({', '.join(names)}) values (%s, %s, %s, %s, %s, %s)"
            await cursor.executemany(insert.encode(), [[getattr(row, name) for name in names] for row in links])
            insert = "insert into deep.strings (id, _data) values (%s, %s)"
            await cursor.executemany(insert.encode(), [(row.id, row._data) for row in strings])
        for queue in waiting:
            queue.put_nowait(None)
        return len(links) + len(strings)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def links(self, space: str, limit: int) -> AsyncGenerator[list[Link]]:
        queue: asyncio.Queue[None] = asyncio.Queue()
        waiting.add(queue)
        try:
            while True:
                query = f"select {COLUMNS} from deep.links where _deep = %s order by _i desc limit %s"
                yield await links(query, space, limit)
                await queue.get()
        finally:
            waiting.discard(queue)


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncGenerator[None]:
    async with pool:
        yield


schema = strawberry.Schema(Query, Mutation, Subscription, config=StrawberryConfig(auto_camel_case=False))
endpoint = GraphQL[None, None](schema, graphql_ide=None)
routes = [Route("/v1/graphql", endpoint, methods=["POST"]), WebSocketRoute("/v1/graphql", endpoint)]
app = Starlette(routes=routes, lifespan=lifespan)


if __name__ == "__main__":
    asyncio.run(serve(app))
