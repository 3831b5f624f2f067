"""Loading: a space out of the storage, against the bytes of COPY."""

from __future__ import annotations

import psycopg

import deeplinks
from benchmarks.race import Contender, Race
from deeplinks import GraphQLStorage
from deeplinks.batch import Cursor

COPY = (
    "copy (select id, _i, _type, _from, _to, _value, created_at, updated_at from deep.links where _deep = '{}') "
    "to stdout (format binary)"
)
ROWS = "select id, _i, _type, _from, _to, _value, created_at, updated_at from deep.links where _deep = %s"


async def copied(url: str, text: str) -> int:
    """How many bytes a COPY gives; nothing is done with them."""
    async with (
        await psycopg.AsyncConnection.connect(url) as connection,
        connection.cursor() as cursor,
        cursor.copy(text.encode()) as copy,
    ):
        return sum([len(piece) async for piece in copy])


class Loading:
    """The contenders over one stored space."""

    def __init__(self, url: str, endpoint: str, space: str, size: int) -> None:
        self.url = url
        self.endpoint = endpoint
        self.space = space
        self.size = size

    def race(self) -> Race:
        contenders = [
            Contender("COPY binary, bytes only", self.by_copy),
            Contender("psycopg fetchall", self.by_psycopg),
            Contender("deeplinks: link rows over GraphQL/HTTP into dicts", self.into_rows),
            Contender("deeplinks: load, associations with their strings", self.into_associations),
        ]
        return Race(f"load {self.size:,} links", "links", self.size, contenders)

    async def by_copy(self, _: object) -> object:
        return await copied(self.url, COPY.format(self.space))

    async def by_psycopg(self, _: object) -> object:
        async with await psycopg.AsyncConnection.connect(self.url) as connection:
            cursor = await connection.execute(ROWS, [self.space], prepare=True)
            return len(await cursor.fetchall())

    async def into_rows(self, _: object) -> object:
        storage = GraphQLStorage(self.endpoint)
        page = await storage.read(Cursor.start(self.space))
        count = len(page.rows)
        while page.cursor.table == "links":
            page = await storage.read(page.cursor)
            count += len(page.rows)
        await storage.close()
        return count

    async def into_associations(self, _: object) -> object:
        return await deeplinks.load(self.endpoint, space=self.space)
