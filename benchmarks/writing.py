"""Writing: marked associations until their rows are committed, against the same rows by SQL; the log is on for all."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import psycopg

from benchmarks.race import Contender, Race
from deeplinks import Deep, GraphQLStorage, synchronize
from deeplinks.space.ledger import values
from deeplinks.sync.rows import link_row

LINKS = (
    "insert into deep.links (id, _deep, _type, _from, _to, _value) select * from unnest"
    "(%b::uuid[], %b::uuid[], %b::uuid[], %b::uuid[], %b::uuid[], %b::uuid[])"
)
STRINGS = "insert into deep.strings (id, _deep, _data) select * from unnest(%b::uuid[], %b::uuid[], %b::text[])"
BATCH = 10_000


def graph(size: int, into: Deep | None = None) -> Deep:
    """A space of `size` links over a tenth as many nodes, every third with a String, all marked."""
    deep = Deep() if into is None else into
    Node, Edge = deep(), deep()
    for type in (Node, Edge):
        type.store("database", "typed_true")
    nodes = [Node() for _ in range(size // 10)]
    for number in range(size - len(nodes) - size // 4):
        edge = Edge(from_=nodes[number % len(nodes)], to=nodes[number * 7 % len(nodes)])
        if number % 3 == 0:
            edge.value = deep.String(f"edge {number}")
    return deep


class Writing:
    """The contenders over one database and one endpoint."""

    def __init__(self, url: str, endpoint: str, size: int) -> None:
        self.url = url
        self.endpoint = endpoint
        self.size = size

    def race(self) -> Race:
        sql = Contender("SQL `unnest`, 10 000 rows a commit", self.by_sql, self.rows)
        ours = Contender("deeplinks: associations over GraphQL/HTTP", self.by_graphql, self.graph)
        orm = Contender("SQLAlchemy ORM, add_all and commit", self.by_orm, self.rows)
        return Race(f"write {len(graph(self.size)):,} links", "links", len(graph(self.size)), [sql, ours, orm])

    async def graph(self) -> object:
        return graph(self.size)

    async def rows(self) -> object:
        deep = graph(self.size)
        links = [link_row(deep.id, one, values(one)) for one in deep if one is not deep]
        columns = ("id", "_deep", "_type", "_from", "_to", "_value")
        strings = [(one.id, deep.id, one.own_data()) for one in deep if one.own_data() is not None]
        return [tuple(row[column] for column in columns) for row in links], strings

    async def by_graphql(self, deep: object) -> object:
        assert isinstance(deep, Deep)
        storage = GraphQLStorage(self.endpoint)
        async with synchronize(deep, storage) as database:
            await database.flush()
        await storage.close()
        return None

    async def by_sql(self, rows: object) -> object:
        links, strings = rows  # type: ignore[misc]
        async with await psycopg.AsyncConnection.connect(self.url) as connection:
            for start in range(0, len(links), BATCH):
                await connection.execute(LINKS, _columns(links[start : start + BATCH]))
                await connection.commit()
            for start in range(0, len(strings), BATCH):
                await connection.execute(STRINGS, _columns(strings[start : start + BATCH]))
                await connection.commit()
        return None

    async def by_orm(self, rows: object) -> object:
        from benchmarks.orm import write

        links, strings = rows  # type: ignore[misc]
        write(self.url, links, strings)
        return None


def _columns(rows: list[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]


@asynccontextmanager
async def stored(endpoint: str, size: int) -> AsyncGenerator[str]:
    """A space of that many links in the storage; its id."""
    deep = graph(size)
    async with synchronize(deep, endpoint):
        pass
    yield deep.id
