"""Following: from the commit of a change by one process to the moment another process has it, against a bare NOTIFY."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass
from statistics import median, quantiles

import psycopg

from benchmarks.ground import server
from deeplinks import Association, Deep, load, synchronize
from deeplinks.storage.embedded import temporary
from deeplinks.storage.migrations import migrate

RATE = 100
COMMITS = """
    select id::text, extract(epoch from pg_xact_commit_timestamp(tx::text::xid))::float8
    from deep.changes where _deep = %s and "table" = 'links'
"""


@dataclass
class Latency:
    """Seconds from commit to seen, of one contender."""

    name: str
    seconds: list[float]

    def line(self, first: Latency) -> str:
        """A line of the table, in milliseconds."""
        p99 = quantiles(self.seconds, n=100)[98]
        times = f"{median(self.seconds) * 1000:.1f} | {p99 * 1000:.1f}"
        return f"| {self.name} | {times} | {median(self.seconds) / median(first.seconds):.1f} |"


async def following(count: int) -> str:
    """Race, and give the Markdown table. Runs a PostgreSQL of its own, which keeps the times of commits."""
    with temporary(settings={"track_commit_timestamp": "on"}) as postgres:
        await migrate(postgres.url)
        with server(postgres.url) as endpoint:
            lines = [Latency("PostgreSQL NOTIFY, commit to notification", await notified(postgres.url, count))]
            lines.append(
                Latency(
                    "**deeplinks**, commit to the change in another process", await seen(postgres.url, endpoint, count)
                )
            )
    title = f"{count} changes at {RATE} a second"
    head = f"| {title} | p50, ms | p99, ms | ratio to the first, p50 |\n|---|---:|---:|---:|"
    return "\n".join([head, *(one.line(lines[0]) for one in lines)])


async def notified(url: str, count: int) -> list[float]:
    """A NOTIFY a change, heard by another connection."""
    async with (
        await psycopg.AsyncConnection.connect(url, autocommit=True) as speaking,
        await psycopg.AsyncConnection.connect(url, autocommit=True) as hearing,
    ):
        await hearing.execute("listen bench")

        async def hear() -> list[float]:
            return [time.time() - float(notice.payload) async for notice in hearing.notifies(stop_after=count)]

        task = asyncio.create_task(hear())
        for _ in range(count):
            await speaking.execute("select pg_notify('bench', extract(epoch from clock_timestamp())::text)")
            await asyncio.sleep(1 / RATE)
        return await task


async def seen(url: str, endpoint: str, count: int) -> list[float]:
    """A change a time here, followed by a process of its own there."""
    deep = Deep()
    deep.String("first").store("database")
    async with synchronize(deep, endpoint) as database:
        await database.flush()
        command = (sys.executable, "-m", "benchmarks.following", endpoint, deep.id, str(count))
        pipe = asyncio.subprocess.PIPE
        follower = await asyncio.create_subprocess_exec(*command, stdout=pipe)
        assert follower.stdout
        await follower.stdout.readline()
        made: list[Association] = []
        for number in range(count):
            made.append(deep.String(f"change {number}").store(database))
            await asyncio.sleep(1 / RATE)
        times: dict[str, float] = json.loads(await follower.stdout.readline())
        await follower.wait()
    async with await psycopg.AsyncConnection.connect(url) as connection:
        commits = dict(await (await connection.execute(COMMITS, [deep.id])).fetchall())
    return [times[one.id] - commits[one.id] for one in made]


async def follow(endpoint: str, space: str, count: int) -> None:
    """The following process: when it saw each change, told at the end."""
    deep = await load(endpoint, space=space)
    times: dict[str, float] = {}
    done = asyncio.Event()

    def heard(_: object, changes: object) -> None:
        for change in changes:  # type: ignore[attr-defined]
            times.setdefault(change.id, time.time())
        if len(times) >= count:
            done.set()

    async with synchronize(deep, endpoint) as database:
        while not database.following:
            await asyncio.sleep(0.01)
        deep.signals.changed.connect(heard)
        print("ready", flush=True)
        await done.wait()
    print(json.dumps(times), flush=True)


if __name__ == "__main__":
    asyncio.run(follow(sys.argv[1], sys.argv[2], int(sys.argv[3])))
