"""The command line, as a process, the way people run it."""

import asyncio
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import httpx
import psycopg
import pytest

import deeplinks
from deeplinks import Association, Deep, load, synchronize
from deeplinks.cli import cli
from deeplinks.server.serve import running
from deeplinks.server.settings import Settings
from deeplinks.space.showing import short
from tests import processes
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

    newest = max((ROOT / "sql" / "migrations").glob("*.up.sql")).name.removesuffix(".up.sql")
    assert f"taken back {newest.replace('_', ' ')}" in ran.output, ran.errors


async def test_migrate_down_asks_before_data_is_lost(database_url: str) -> None:
    ran = await run("-m", "deeplinks", "migrate", "--down", "1", "--database-url", database_url)

    assert ran.status == 1
    assert "taken back" not in ran.output


async def test_prune_keeps_what_it_is_told_and_says_what_went(database_url: str) -> None:
    space = written(database_url, 9)
    ran = await run("-m", "deeplinks", "prune", "--keep", "4", "--database-url", database_url)

    assert ran.output.strip() == f"{space}: 6 entries and 0 batches gone, 4 entries left above 6", ran.errors


async def test_verify_of_what_is_whole_is_status_0(database_url: str) -> None:
    space = written(database_url, 3)
    ran = await run("-m", "deeplinks", "verify", space, "--database-url", database_url)

    assert (ran.status, ran.output.strip()) == (0, f"{space}: 4 entries, 4 rows: whole")


async def test_verify_of_what_differs_says_where_and_is_status_1(database_url: str) -> None:
    space = written(
        database_url, 3, "set session_replication_role = replica", "delete from deep.links where _i % 2 = 0"
    )
    ran = await run("-m", "deeplinks", "verify", space, "--json", "--database-url", database_url)
    found = json.loads(ran.output)

    assert (ran.status, found["whole"]) == (1, False)
    assert {one["fault"] for one in found["differences"]} == {"missing"}
    assert all(one["logged"]["_deep"] == space for one in found["differences"])


def written(database_url: str, links: int, *then: str) -> str:
    """A space with so many links and its root, written by another tool, which then does something else."""
    space = Deep().id
    with psycopg.connect(database_url, autocommit=True) as connection:
        for _ in range(links):
            connection.execute("insert into deep.links (_deep) values (%s)", (space,))
        for statement in then:
            connection.execute(statement.encode())
    return space


@pytest.mark.parametrize("terminal", [True, False])
def test_load_says_how_far_it_is_on_a_terminal_and_nowhere_else(database_url: str, terminal: bool) -> None:
    space = written(database_url, 3)
    reader, writer = pty.openpty() if terminal else os.pipe()
    with processes.served(database_url) as address:
        command = [sys.executable, "-m", "deeplinks", "load", space, "--url", address]
        ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=writer, cwd=ROOT, text=True, check=True)
    os.close(writer)
    told = b""
    with suppress(OSError):
        while part := os.read(reader, 4096):
            told += part
    os.close(reader)

    assert (b"reading database: 4 of 4 rows" in told) is terminal
    assert len(ran.stdout.splitlines()) == 4


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
async def served(database_url: str, port: str = "0") -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
    """`deeplinks serve` as a process: its endpoint."""
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", "deeplinks", "serve", "--port", port, "--database-url", database_url)
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


@pytest.mark.parametrize("command", sorted(cli.commands))
async def test_the_help_of_every_command_has_an_example(command: str) -> None:
    ran = await run("-m", "deeplinks", command, "--help")

    assert re.search(rf"^    deeplinks {command}\b", ran.output, re.MULTILINE), ran.output


@asynccontextmanager
async def stored(endpoint: str) -> AsyncIterator[tuple[Deep, Association]]:
    """A small space in the storage, kept there as it changes, and a remark in it on a link."""
    deep = Deep()
    Person, Follows, Says = (deep(value=deep.String(name)) for name in ("Person", "Follows", "Says"))
    alice, bob = (Person(value=deep.String(name)) for name in ("Alice", "Bob"))
    doubt = Says(from_=bob, to=Follows(from_=alice, to=bob), value=deep.String("does she?")).store("database")
    async with synchronize(deep, endpoint) as database:
        await database.flush()
        yield deep, doubt


async def test_load_prints_an_association_a_line_in_the_order_of_creation(endpoint: str) -> None:
    async with stored(endpoint) as (deep, doubt):
        ran = await run("-m", "deeplinks", "load", deep.id, "--url", endpoint)
    lines = ran.output.splitlines()

    assert len(lines) == len(deep), ran.errors
    assert [line.split()[0] for line in lines] == [short(id) for id in deep.ids]
    assert lines[0].split()[1] == "deep"
    assert re.split(r" {2,}", lines[list(deep.ids).index(doubt.id)])[1:] == [
        "Says",
        f"'Bob' → Follows {short(doubt.to_id or '')}",
        "'does she?'",
    ]


async def test_load_as_json_has_every_id_and_datum(endpoint: str) -> None:
    async with stored(endpoint) as (deep, doubt):
        doubt.value = deep.Number(Decimal("0.1000000000000000000001"))
        await doubt.promise
        ran = await run("-m", "deeplinks", "load", deep.id, "--url", endpoint, "--json")
    objects = [json.loads(line) for line in ran.output.splitlines()]

    assert {one["id"]: [one[name] for name in ("type", "from", "to", "value")] for one in objects} == {
        one.id: [one.type_id, one.from_id, one.to_id, one.value_id] for one in deep
    }
    assert {str(one.own_data()) for one in deep} == {str(one["data"]) for one in objects}
    assert [one["i"] for one in objects] == sorted(one["i"] for one in objects)
    assert {datetime.fromisoformat(one["created_at"]).tzinfo for one in objects} == {UTC}


async def test_what_is_loaded_by_a_reader_who_stops_early_ends_quietly(endpoint: str) -> None:
    deep = Deep()
    for number in range(5_000):
        deep.String(f"text {number}").store("database")
    async with synchronize(deep, endpoint):
        pass
    command = f"{sys.executable} -W error -m deeplinks load {deep.id} --url {endpoint} | head -1"
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_shell(command, cwd=ROOT, stdout=pipe, stderr=pipe)
    output, errors = await process.communicate()

    assert output.decode() == f"{short(deep.id)}  deep\n"
    assert errors == b""


@pytest.mark.parametrize("command", ["load", "watch"])
async def test_an_unknown_space_is_one_line_and_status_1(command: str, endpoint: str) -> None:
    space = Deep().id
    ran = await run("-m", "deeplinks", command, space, "--url", endpoint)

    assert (ran.status, ran.output, ran.errors) == (1, "", f"error: There is no space {space}.\n")


@pytest.mark.parametrize("command", ["load", "watch"])
async def test_a_server_that_is_not_there_is_one_line_and_status_1(command: str) -> None:
    ran = await run("-m", "deeplinks", command, Deep().id, "--url", "http://127.0.0.1:1/v1/graphql")

    assert ran.status == 1
    assert ran.errors.startswith("error: http://127.0.0.1:1/v1/graphql can't be reached")
    assert ran.errors.count("\n") == 1


async def test_load_takes_the_secret_from_the_environment(
    secret_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = Deep().id
    refused = await run("-m", "deeplinks", "load", space, "--url", secret_endpoint)
    monkeypatch.setenv("HASURA_GRAPHQL_ADMIN_SECRET", "right")
    admitted = await run("-m", "deeplinks", "load", space, "--url", secret_endpoint)

    assert "refused access" in refused.errors
    assert "There is no space" in admitted.errors


class Watched:
    """`deeplinks watch` as a process, line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self) -> str:
        """The next line that it printed."""
        assert self.process.stdout
        return (await asyncio.wait_for(self.process.stdout.readline(), 30)).decode().rstrip("\n")

    async def object(self) -> dict[str, object]:
        """The next line, as JSON."""
        return json.loads(await self.line())

    async def said(self, start: str) -> str:
        """What it said next of the connection, and that it begins so."""
        assert self.process.stderr
        line = (await asyncio.wait_for(self.process.stderr.readline(), 30)).decode()
        assert line.startswith(start), line
        return line

    async def told(self, signal: int) -> tuple[int, str]:
        """Its exit status after that signal, and all that it still said."""
        self.process.send_signal(signal)
        assert self.process.stderr
        said = await asyncio.wait_for(self.process.stderr.read(), 30)
        return await self.process.wait(), said.decode()


@asynccontextmanager
async def watched(*arguments: str) -> AsyncIterator[Watched]:
    """`deeplinks watch` for the length of a block."""
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-W", "error", "-m", "deeplinks", "watch", *arguments)
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=pipe, stderr=pipe)
    try:
        yield Watched(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_watch_prints_each_change_as_it_comes(endpoint: str) -> None:
    async with stored(endpoint) as (deep, doubt), watched(deep.id, "--url", endpoint) as watch:
        await watch.said(f"{len(deep)} associations known")
        await watch.said(f"following {endpoint}")
        doubt.data = "does he?"
        await doubt.promise
        changed = await watch.line()
        kind, at = doubt.type, short(doubt.id)
        assert kind
        answer = kind(from_=doubt.from_, to=doubt).store("database")
        await answer.promise
        created = await watch.line()
        doubt.to = deep
        await doubt.promise
        pointed = await watch.line()
        answer.destroy()
        destroyed = await watch.line()

    lines = [re.split(r" {2,}", line)[1:] for line in (changed, created, pointed, destroyed)]
    assert lines == [
        ["data", short(doubt.value_id or ""), "String", "'does she?' → 'does he?'"],
        ["created", short(answer.id), "Says", "'Bob' → 'does he?'"],
        ["to", at, "Says", f"{lines[2][3].split(' → ')[0]} → deep"],
        ["destroyed", short(answer.id), "of type 'Says'"],
    ]
    assert re.match(r"\d\d:\d\d:\d\d\.\d{3}  ", changed)


async def test_a_watch_from_the_start_tells_a_program_the_whole_space(endpoint: str) -> None:
    fields = ("type", "from", "to", "value", "data")
    async with (
        stored(endpoint) as (deep, doubt),
        watched(deep.id, "--url", endpoint, "--json", "--from-start") as watch,
    ):
        told = [await watch.object() for _ in deep]
        await watch.said(f"{len(deep)} associations known")
        doubt.data = "does he?"
        await doubt.promise
        changed = await watch.object()

        assert {one["id"]: [one[field] for field in fields] for one in told} == {
            one.id: [
                one.type_id,
                one.from_id,
                one.to_id,
                one.value_id,
                "does she?" if one is doubt.value else one.own_data(),
            ]
            for one in deep
        }
        assert {one["what"] for one in told} == {"created"}
        assert changed | {"at": ""} == {
            "at": "",
            "what": "data",
            "id": doubt.value_id,
            "old": "does she?",
            "new": "does he?",
        }


async def test_watch_goes_on_when_a_killed_server_is_back(database_url: str) -> None:
    async with served(database_url) as (endpoint, process):
        port = endpoint.split(":")[2].split("/")[0]
        async with stored(endpoint) as (deep, doubt):
            pass
        async with watched(deep.id, "--url", endpoint) as watch:
            await watch.said(f"{len(deep)} associations known")
            await watch.said("following")
            process.kill()
            await watch.said("waiting for the server: ")
            async with served(database_url, port):
                doubt.data = "does he?"
                async with synchronize(deep, endpoint):
                    pass
                await watch.said("following")
                line = await watch.line()
                ended = await watch.told(signal.SIGINT)

    assert line.endswith("'does she?' → 'does he?'")
    assert ended == (130, "")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_watch_ends_cleanly_when_told_to(number: int, status: int, endpoint: str) -> None:
    async with stored(endpoint) as (deep, _), watched(deep.id, "--url", endpoint) as watch:
        await watch.said(f"{len(deep)} associations known")
        await watch.said("following")

        assert await watch.told(number) == (status, "")


async def test_a_watch_ends_with_the_reason_when_it_is_admitted_no_more(database_url: str) -> None:
    async with served(database_url) as (endpoint, process):
        port = endpoint.split(":")[2].split("/")[0]
        async with stored(endpoint) as (deep, _):
            pass
        async with watched(deep.id, "--url", endpoint) as watch:
            await watch.said(f"{len(deep)} associations known")
            await watch.said("following")
            process.kill()
            await watch.said("waiting")
            async with running(Settings(database_url=database_url, port=int(port), admin_secret="new")):
                await watch.said(f"error: {endpoint} refused access")

                assert await watch.process.wait() == 1
