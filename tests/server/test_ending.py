"""A server as a process of its own, and what its end is to those who listen."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import psycopg
import pytest

from deeplinks.errors import UnavailableError
from deeplinks.server import serve
from deeplinks.server.engine import Engine
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


INSERT = "mutation ($space: uuid!) { insert_deep_links_one(object: {_deep: $space}) { _deep } }"


async def test_asked_to_end_it_finishes_what_runs_and_takes_nothing_new(database_url: str) -> None:
    async with served(database_url) as (endpoint, process), httpx.AsyncClient(timeout=30) as client:
        async with await psycopg.AsyncConnection.connect(database_url) as holding:
            await holding.execute("lock table deep.links in access exclusive mode")
            body = {"query": INSERT, "variables": {"space": new()}}
            running = asyncio.create_task(client.post(endpoint, json=body))
            await waits_for_a_lock(holding)
            process.send_signal(signal.SIGTERM)
            await refused(endpoint)
            await holding.rollback()
        answer = await running
        await asyncio.wait_for(process.wait(), 5)

    assert answer.json() == {"data": {"insert_deep_links_one": {"_deep": body["variables"]["space"]}}}
    assert process.returncode == 0


async def test_it_does_not_wait_for_ever(engine: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deeplinks.server.serve.GRACE", 1)
    async with await psycopg.AsyncConnection.connect(database_url) as holding, httpx.AsyncClient(timeout=30) as client:
        await holding.execute("lock table deep.links in access exclusive mode")
        async with asyncio.timeout(10):
            async with serve.running(engine.settings, engine) as endpoint:
                running = asyncio.create_task(
                    client.post(endpoint, json={"query": INSERT, "variables": {"space": new()}})
                )
                await waits_for_a_lock(holding)
            with pytest.raises(httpx.HTTPError):
                (await running).raise_for_status()


async def waits_for_a_lock(connection: psycopg.AsyncConnection) -> None:
    """Until another session waits for a lock in this database."""
    asked = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    async with asyncio.timeout(30):
        while await (await connection.execute(asked)).fetchone() == (0,):
            # The view shows one moment a transaction.
            await connection.execute("select pg_stat_clear_snapshot()")


async def refused(endpoint: str) -> None:
    """Until nobody is taken any more."""
    async with asyncio.timeout(30):
        while True:
            try:
                async with httpx.AsyncClient() as client:
                    await client.post(endpoint, json={"query": "{ __typename }"})
            except httpx.TransportError:
                return
