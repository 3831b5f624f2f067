"""Reading streams: one row or one batch after another, as a subscriber hears them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import orjson

from deeplinks.dialect.session import Session
from deeplinks.server.answers import response
from deeplinks.server.bodies import Request
from deeplinks.server.engine import Engine

STREAM = """
subscription ($space: uuid!, $size: Int!, $from: {type}!, $ordering: cursor_ordering) {{
  deep_{table}_stream(
    batch_size: $size
    cursor: {{initial_value: {{{column}: $from}}, ordering: $ordering}}
    where: {{_deep: {{_eq: $space}}, id: {{_neq: $space}}}}
  ) {{ id }}
}}
"""


def stream_of(column: str, type: str, table: str = "links") -> str:
    """A document that streams a space's rows by this column."""
    return STREAM.format(table=table, column=column, type=type)


BY_I = stream_of("_i", "bigint")
BY_TIME = stream_of("created_at", "timestamptz")


class Stream:
    """What a subscriber of a stream hears."""

    def __init__(self, engine: Engine, query: str, variables: dict[str, Any], session: Session) -> None:
        self.answers = engine.stream(Request(query, variables, None), session)
        self._waiting: list[Any] = []

    async def batch(self) -> list[Any]:
        """The rows of the next batch; an error is a failure."""
        answer = response(await asyncio.wait_for(anext(self.answers), 30))
        assert answer.keys() == {"data"}, answer
        (rows,) = orjson.loads(answer["data"].text()).values()  # pyright: ignore[reportAttributeAccessIssue]
        return rows

    async def ids(self, count: int) -> list[str]:
        """The ids of the next rows, however they come in batches."""
        while len(self._waiting) < count:
            self._waiting += [row["id"] for row in await self.batch()]
        told, self._waiting = self._waiting[:count], self._waiting[count:]
        return told

    async def error(self) -> str:
        """The code of the next answer, which is an error."""
        answer = response(await asyncio.wait_for(anext(self.answers), 30))
        (error,) = answer["errors"]  # pyright: ignore[reportGeneralTypeIssues]
        return error["extensions"]["code"]  # pyright: ignore[reportUnknownVariableType]


@asynccontextmanager
async def streaming(
    engine: Engine, query: str, session: Session | None = None, **variables: Any
) -> AsyncGenerator[Stream]:
    """A subscriber, as long as the block."""
    stream = Stream(engine, query, variables, session or Session())
    async with aclosing(stream.answers):
        yield stream
