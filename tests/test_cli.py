"""The command line, as a process, the way people run it."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

import deeplinks
from deeplinks import Deep, load, synchronize
from tests.processes import ROOT, run


async def test_version_prints_the_version() -> None:
    ran = await run("-m", "deeplinks", "version")

    assert ran.output.strip() == deeplinks.__version__


async def test_migrate_applies_and_a_second_time_has_nothing_to_do(empty_database_url: str) -> None:
    first = await run("-m", "deeplinks", "migrate", "--database-url", empty_database_url)
    second = await run("-m", "deeplinks", "migrate", "--database-url", empty_database_url)

    assert "applied 0001 tables" in first.output, first.errors
    assert second.output.strip() == "nothing to do"


async def test_migrate_status_changes_nothing(empty_database_url: str) -> None:
    for _ in range(2):
        ran = await run("-m", "deeplinks", "migrate", "--status", "--database-url", empty_database_url)
        assert "0001 tables       not applied" in ran.output, ran.errors


async def test_migrate_down_takes_back(database_url: str) -> None:
    ran = await run("-m", "deeplinks", "migrate", "--down", "1", "--yes", "--database-url", database_url)

    assert "taken back 0002 log" in ran.output, ran.errors


async def test_migrate_down_asks_before_data_is_lost(database_url: str) -> None:
    ran = await run("-m", "deeplinks", "migrate", "--down", "1", "--database-url", database_url)

    assert ran.status == 1
    assert "taken back" not in ran.output


async def test_a_port_that_is_taken_is_one_line_and_status_1(database_url: str) -> None:
    async with served(database_url) as (endpoint, _):
        port = endpoint.split(":")[2].split("/")[0]
        ran = await run("-m", "deeplinks", "serve", "--port", port, "--database-url", database_url)

    assert ran.status == 1
    assert "in use" in ran.errors
    assert "Traceback" not in ran.errors


async def test_serving_a_database_without_tables_says_so(empty_database_url: str) -> None:
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", "deeplinks", "serve", "--port", "0", "--database-url", empty_database_url)
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=pipe, stderr=pipe)
    assert process.stdout
    assert process.stderr
    await process.stdout.readline()
    process.terminate()

    assert "deeplinks migrate" in (await process.stderr.read()).decode()
    assert await process.wait() == 0


async def test_a_database_that_is_not_there_is_one_line_and_status_1() -> None:
    ran = await run("-m", "deeplinks", "migrate", "--database-url", "postgresql://nobody:secret@127.0.0.1:1/none")

    assert ran.status == 1
    assert ran.errors.startswith("error: ")
    assert "secret" not in ran.errors
    assert "Traceback" not in ran.errors


async def test_serving_others_without_a_secret_is_refused(database_url: str) -> None:
    ran = await run("-m", "deeplinks", "serve", "--host", "0.0.0.0", "--port", "0", "--database-url", database_url)

    assert ran.status == 1
    assert "HASURA_GRAPHQL_ADMIN_SECRET" in ran.errors


async def test_an_unknown_option_is_status_2() -> None:
    assert (await run("-m", "deeplinks", "serve", "--nonsense")).status == 2


@asynccontextmanager
async def served(database_url: str) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """`deeplinks serve` as a process: its endpoint."""
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", "deeplinks", "serve", "--port", "0", "--database-url", database_url)
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=pipe)
    try:
        assert process.stdout
        yield (await process.stdout.readline()).decode().split()[1], process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_serve_prints_where_it_is_and_answers_there(database_url: str) -> None:
    async with served(database_url) as (endpoint, _), httpx.AsyncClient() as client:
        health = await client.get(endpoint.replace("/v1/graphql", "/healthz"))
        answer = await client.post(endpoint, json={"query": "{ deep_links(limit: 1) { __typename } }"})

    assert health.status_code == 200
    assert answer.json() == {"data": {"deep_links": [{"__typename": "deep_links"}]}}


async def test_serve_ends_by_itself_when_asked_to(database_url: str) -> None:
    async with served(database_url) as (_, process):
        process.send_signal(signal.SIGTERM)
        status = await asyncio.wait_for(process.wait(), 20)

    assert status == 0


async def test_the_embedded_database_stops_with_the_server_that_was_told_to() -> None:
    folder = Path(tempfile.mkdtemp(prefix="deeplinks-"))
    folder.chmod(0o755)
    environment = {**os.environ, "DEEPLINKS_DATA_DIR": str(folder)}
    environment.pop("DATABASE_URL", None)
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", "deeplinks", "serve", "--port", "0")
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=pipe, stderr=pipe)
    assert process.stdout
    await process.stdout.readline()
    running = list(folder.glob("*/postmaster.pid"))
    process.terminate()
    await process.communicate()

    assert running
    assert not list(folder.glob("*/postmaster.pid"))
    shutil.rmtree(folder)


async def test_what_a_killed_server_had_acknowledged_is_there_for_the_next_one(database_url: str) -> None:
    deep = Deep()
    async with served(database_url) as (endpoint, process), synchronize(deep, endpoint) as database:
        text = deep.String("kept").store(database)
        await database.flush()
        process.kill()
    async with served(database_url) as (endpoint, _):
        copy = await load(endpoint, space=deep.id)

    assert copy[text.id].data == "kept"


@pytest.mark.timeout(180)
async def test_the_demo_writes_reads_back_and_says_that_both_are_equal(database_url: str) -> None:
    ran = await run("-m", "deeplinks", "demo", "--database-url", database_url, seconds=120)

    assert ran.status == 0, ran.errors
    assert "back: equal" in ran.output
    assert "links: the same" in ran.output
