"""A client of `graphql-transport-ws` that says what a test wants it to, right or wrong."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

PROTOCOL = "graphql-transport-ws"
LEGACY = "graphql-ws"
Message = dict[str, Any]


class Socket:
    """A connection to an endpoint."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, kind: str, **parts: Any) -> None:
        """Send a message."""
        await self.connection.send(json.dumps({"type": kind, **parts}))

    async def hear(self) -> Message:
        """The next message."""
        return json.loads(await self.connection.recv())

    async def begin(self, headers: Mapping[str, str] | None = None) -> None:
        """Be admitted."""
        await self.say("connection_init", payload={"headers": dict(headers or {})})
        assert await self.hear() == {"type": "connection_ack"}

    async def subscribe(self, query: str, id: str = "1", /, **variables: Any) -> None:
        """Start an operation."""
        await self.say("subscribe", id=id, payload={"query": query, "variables": variables})

    async def next(self, id: str = "1") -> dict[str, Any]:
        """The payload of the next message, which is an answer to that operation."""
        message = await self.hear()
        assert (message["type"], message["id"]) == ("next", id), message
        return message["payload"]

    async def closed(self) -> tuple[int, str]:
        """Wait until the other end closes: its code and reason."""
        await self.connection.wait_closed()
        return self.connection.close_code or 0, self.connection.close_reason or ""


@asynccontextmanager
async def opened(address: str, origin: str | None = None, **options: Any) -> AsyncGenerator[Socket]:
    """A socket that has said nothing yet."""
    options = {"subprotocols": [PROTOCOL], "max_size": None, **options}
    async with connect(address.replace("http", "ws", 1), origin=origin, **options) as connection:  # pyright: ignore[reportArgumentType]
        yield Socket(connection)


@asynccontextmanager
async def admitted(address: str, **options: Any) -> AsyncGenerator[Socket]:
    """A socket that has been admitted."""
    async with opened(address, **options) as socket:
        await socket.begin()
        yield socket
