"""The doorbell's wire: a socket to a GraphQL endpoint, what its ends mean, and the newest number that came over it.

The storage room. It knows sockets and numbers; what is asked, and what a ring leads to, is not known here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Final, cast

import anyio
import httpx
from gql.transport.websockets import WebsocketsTransport
from websockets.exceptions import ConnectionClosed, InvalidStatus, InvalidUpgrade, InvalidURI, NegotiationError

from deeplinks.errors import AccessDeniedError, QueryError, StorageError, UnavailableError
from deeplinks.tasks import call_off, check_called_off

PROTOCOL: Final = WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL
# Seconds. A line whose other end is silent for so long is dead, whatever TCP believes.
PATIENCE: Final = 10
PING: Final = 10
FAREWELL: Final = 2
# A ring is a few bytes, and so is what an endpoint says that refuses it.
MESSAGE: Final = 1024 * 1024

FORBIDDEN: Final = frozenset({401, 403, 4401, 4403})
# The closing codes after which asking again is no use; all others may pass.
FINAL: Final = frozenset({1002, 1003, 1007, 1008, 1009, 1010, 4004, 4005, 4400, 4406})


@asynccontextmanager
async def socket(url: str, headers: Mapping[str, str], largest: int = MESSAGE) -> AsyncGenerator[WebsocketsTransport]:
    """A socket to the endpoint of this HTTP address, admitted with these headers. It never connects again by itself."""
    address = httpx.URL(url)
    transport = WebsocketsTransport(
        str(address.copy_with(scheme={"http": "ws", "https": "wss"}.get(address.scheme, address.scheme))),
        init_payload={"headers": dict(headers)},
        connect_timeout=PATIENCE,
        ack_timeout=PATIENCE,
        close_timeout=FAREWELL,
        ping_interval=PING,
        pong_timeout=PING,
        connect_args={"max_size": largest, "close_timeout": FAREWELL},
        subprotocols=[PROTOCOL],
    )
    try:
        await transport.connect()
        check_called_off()
        yield transport
    finally:
        await transport.close()
        reading = cast("asyncio.Future[None] | None", transport.receive_data_task)  # pyright: ignore[reportUnknownMemberType]
        if reading is not None:
            await asyncio.wait([reading], timeout=FAREWELL)


def ended(error: BaseException, storage: str) -> StorageError | None:
    """What the end of a socket means, where the socket's own error is behind this one."""
    for cause in _causes(error):
        if isinstance(cause, ConnectionClosed):
            return _closed(cause, storage)
        if isinstance(cause, InvalidStatus):
            return _refused(cause.response.status_code, storage)
        if isinstance(cause, InvalidUpgrade | NegotiationError | InvalidURI):
            return QueryError(storage=storage, path="$", why="it takes no subscriptions there", reason=str(cause))
        if isinstance(cause, OSError):
            return UnavailableError(storage=storage, why=str(cause) or type(cause).__name__)
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _closed(error: ConnectionClosed, storage: str) -> StorageError:
    if error.rcvd is None:
        return UnavailableError(storage=storage, why="the connection was lost")
    code, why = error.rcvd.code, error.rcvd.reason or "it closed the connection"
    if code in FORBIDDEN:
        return AccessDeniedError(storage=storage, why=why)
    if code in FINAL:
        return QueryError(storage=storage, path="$", why=why, reason=f"code {code}")
    return UnavailableError(storage=storage, why=f"{why} ({code})")


def _refused(status: int, storage: str) -> StorageError:
    if status in FORBIDDEN:
        return AccessDeniedError(storage=storage, why=f"HTTP {status}")
    if status == 429 or status >= 500:
        return UnavailableError(storage=storage, why=f"HTTP {status}")
    return QueryError(storage=storage, path="$", why="it takes no subscriptions there", reason=f"HTTP {status}")


class Doorbell:
    """Numbers drawn by a task of its own, of which the newest is kept: who is slow to take them makes nobody wait.

    With it, whoever waits for a number may be cancelled by any means, and the wire still gets its farewell.
    """

    def __init__(self, numbers: AsyncGenerator[int], storage: str) -> None:
        self._storage = storage
        self._newest: int | None = None
        self._there = asyncio.Event()
        self._drawing = asyncio.create_task(self._draw(numbers), name=f"deeplinks bells of {storage}")
        self._drawing.add_done_callback(lambda _: self._there.set())

    async def next(self) -> int:
        """Wait for a number that was not taken yet. Raises what ended the numbers, `UnavailableError` if nothing did."""
        await self._there.wait()
        newest, self._newest = self._newest, None
        if newest is None:
            raise self._end() or UnavailableError(storage=self._storage, why="it was closed, or its subscription ended")
        if not self._drawing.done():
            self._there.clear()
        return newest

    async def close(self) -> None:
        """Draw no more, and wait until the wire is closed."""
        with anyio.CancelScope(shield=True):
            await call_off(self._drawing)
        # What ended it is nobody's concern any more.
        self._end()

    def _end(self) -> BaseException | None:
        return None if self._drawing.cancelled() else self._drawing.exception()

    async def _draw(self, numbers: AsyncGenerator[int]) -> None:
        async with aclosing(numbers):
            async for number in numbers:
                self._newest = number
                self._there.set()
