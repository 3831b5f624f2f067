"""A proxy for HTTP between a client and a server, which does to answers what networks do."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

WRITE = b"mutation WriteBatch"
ERRORS = b'"errors"'


class Fate(StrEnum):
    """What becomes of a request, or of its answer."""

    passed = "passed"
    # The server never hears of it.
    lost = "lost"
    # The server has done it, and the client never hears of that.
    swallowed = "swallowed"
    # Half of the answer arrives.
    cut = "cut"
    # It arrives, a few bytes at a time.
    dripped = "dripped"


class Sockets(StrEnum):
    """What becomes of WebSockets."""

    passed = "passed"
    refused = "refused"
    # The first answers pass, then it is cut.
    cut = "cut"
    # Nothing is ever answered.
    silent = "silent"


@dataclass
class Proxy:
    """Where it is, what it does, and what it did; `answered` rewrites the head of an answer."""

    target: str
    sockets: Sockets = Sockets.passed
    fate: Callable[[], Fate] = lambda: Fate.passed
    answered: Callable[[bytes], bytes] = lambda head: head
    endpoint: str = ""
    done: Counter[Fate] = field(default_factory=Counter[Fate])
    # Batches that the server has taken, and those of them whose answer did not arrive whole.
    writes: int = 0
    ambiguous: int = 0
    # Cleared, nothing comes through in either way, and nobody is told so.
    flowing: asyncio.Event = field(default_factory=asyncio.Event)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set[asyncio.StreamWriter])

    def __post_init__(self) -> None:
        self.flowing.set()

    def calm(self) -> None:
        """From now on everything passes."""
        self.fate, self.sockets = lambda: Fate.passed, Sockets.passed
        self.flowing.set()

    def cut_all(self) -> None:
        """Everybody who is connected is cut off."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        place = urlsplit(self.target)
        with suppress(OSError, asyncio.IncompleteReadError, EOFError):
            there, back = await asyncio.open_connection(place.hostname, place.port)
            self._writers.add(back)
            try:
                while await self._exchange(reader, writer, there, back):
                    pass
            finally:
                self._writers.discard(back)
                back.close()
        self._writers.discard(writer)
        writer.close()

    async def _exchange(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there: asyncio.StreamReader,
        back: asyncio.StreamWriter,
    ) -> bool:
        head, body = await _message(reader)
        if b"upgrade: websocket" in head.lower():
            await self._upgraded(head, reader, writer, there, back)
            return False
        fate = self.fate()
        self.done[fate] += 1
        if fate is Fate.lost:
            return False
        await self.flowing.wait()
        back.write(head + body)
        wrote = WRITE in body
        head, body = await _message(there)
        answer = self.answered(head) + body
        if wrote and ERRORS not in body:
            self.writes += 1
            self.ambiguous += fate in (Fate.swallowed, Fate.cut)
        await self.flowing.wait()
        if fate is Fate.swallowed:
            return False
        if fate is Fate.cut:
            answer = answer[: len(answer) // 2]
        if fate is Fate.dripped:
            await _drip(writer, answer)
        else:
            writer.write(answer)
        await writer.drain()
        return fate is not Fate.cut

    async def _upgraded(
        self,
        head: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there: asyncio.StreamReader,
        back: asyncio.StreamWriter,
    ) -> None:
        if self.sockets is Sockets.refused:
            writer.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
            await writer.drain()
            return
        if self.sockets is Sockets.silent:
            await reader.read()
            return
        back.write(head)
        pumps = [asyncio.create_task(self._pump(*way)) for way in ((reader, back), (there, writer))]
        patience = 0.5 if self.sockets is Sockets.cut else None
        await asyncio.wait(pumps, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while part := await reader.read(65536):
            await self.flowing.wait()
            writer.write(part)
            await writer.drain()


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The head and the body of a request or an answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    return head, await reader.readexactly(length)


async def _drip(writer: asyncio.StreamWriter, answer: bytes) -> None:
    step = max(len(answer) // 8, 1)
    for start in range(0, len(answer), step):
        writer.write(answer[start : start + step])
        await writer.drain()
        await asyncio.sleep(0.001)


@asynccontextmanager
async def between(target: str, port: int = 0) -> AsyncIterator[Proxy]:
    """A proxy before a server, for the length of a block."""
    proxy = Proxy(target)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", port)
    place = server.sockets[0].getsockname()
    proxy.endpoint = urlsplit(target)._replace(netloc=f"{place[0]}:{place[1]}").geturl()
    try:
        yield proxy
    finally:
        server.close()
        proxy.cut_all()
        await server.wait_closed()


def chance(dice: random.Random, **odds: float) -> Callable[[], Fate]:
    """Fates by their odds; all else passes."""
    fates = [Fate[name] for name in odds]
    rest = 1 - sum(odds.values())
    return lambda: dice.choices([*fates, Fate.passed], [*odds.values(), rest])[0]
