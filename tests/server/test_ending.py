"""A server as a process of its own, and what its end is to those who listen."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from deeplinks.errors import UnavailableError
from deeplinks.storage.graphql import GraphQLStorage
from tests.processes import ROOT
from tests.server.asked import new
from tests.server.socket import admitted

NEWEST = "subscription { deep_changes(order_by: {n: desc}, limit: 1) { n } }"


@asynccontextmanager
async def served(database_url: str) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """`deeplinks serve` as a process: its endpoint."""
    command = (sys.executable, "-W", "error", "-m", "deeplinks", "serve", "--port", "0", "--database-url", database_url)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=pipe, stderr=pipe)
    try:
        assert process.stdout
        yield (await process.stdout.readline()).decode().split()[1], process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_asked_to_end_it_tells_its_sockets_and_is_gone_soon(database_url: str) -> None:
    async with served(database_url) as (endpoint, process), admitted(endpoint) as one, admitted(endpoint) as other:
        for socket in (one, other):
            await socket.subscribe(NEWEST)
            await socket.next()
        process.send_signal(signal.SIGTERM)
        assert ((await one.closed())[0], (await other.closed())[0]) == (1012, 1012)
        _, errors = await asyncio.wait_for(process.communicate(), 5)

    assert (process.returncode, b"Traceback" in errors) == (0, False), errors


async def test_killed_it_is_unavailable_and_its_successor_is_heard(database_url: str) -> None:
    space = new()
    async with served(database_url) as (endpoint, process):
        bells = GraphQLStorage(endpoint).bells(space)
        assert await anext(bells) == 0
        process.kill()
        with pytest.raises(UnavailableError):
            await anext(bells)
    async with served(database_url) as (endpoint, _):
        storage = GraphQLStorage(endpoint)
        assert await anext(storage.bells(space)) == 0
        await storage.close()
