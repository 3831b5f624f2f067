"""The storm: many writers at once, half of whom have never heard of batches, who wait before they commit and often do not.

Followers that poll quickly, poll slowly, are rung and start again and again read the log beside a cursor over `_i`, which
loses rows in the same run. `python -m tests.storage.storm --seconds 60`.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from threading import Event

import psycopg

from deeplinks import GraphQLStorage
from deeplinks.batch import Cursor
from deeplinks.server.serve import running
from deeplinks.server.settings import Settings
from deeplinks.storage.embedded import temporary
from deeplinks.storage.migrations import migrate
from tests.storage.session import Session, new
from tests.storage.tables import Copy, rows_of

WRITERS = 8


@dataclass
class Weather:
    """What a storm was: what writers did, what the log has, and what each reader made of it."""

    seed: int
    commits: int = 0
    rollbacks: int = 0
    deadlocks: int = 0
    changes: int = 0
    links: int = 0
    naive_lost: int = 0
    starts: int = 0
    # Who ended with what the tables have, having met every number once and in order.
    whole: dict[str, bool] = field(default_factory=dict[str, bool])

    def __str__(self) -> str:
        lost = f"{self.naive_lost} of {self.links} links ({self.naive_lost / max(self.links, 1):.2%})"
        readers = ", ".join(f"{name} {'whole' if whole else 'NOT WHOLE'}" for name, whole in self.whole.items())
        return (
            f"SEED={self.seed}: {self.commits} commits, {self.rollbacks} rollbacks, {self.deadlocks} deadlocks, "
            f"{self.changes} changes\nthe cursor over _i lost {lost}\n{readers}; {self.starts} starts"
        )


def write(url: str, space: str, seed: int, announced: bool, over: Event) -> tuple[int, int, int]:
    """Write until it is over; how many transactions were committed, rolled back, and ended by a deadlock."""
    dice, client, seq = random.Random(seed), new(), 1
    commits = rollbacks = deadlocks = 0
    session = Session(url, autocommit=False)
    own = [space]
    while not over.is_set():
        try:
            if announced:
                session.batch(space, client, seq)
            made = [session.link(space) for _ in range(dice.randint(1, 2))]
            session.string(made[0])
            session.run("update deep.links set _to = %s where id = %s", made[0], dice.choice(own))
            time.sleep(dice.uniform(0, 0.005))
            if dice.random() < 0.2:
                session.connection.rollback()
                rollbacks += 1
                continue
            session.connection.commit()
        except psycopg.errors.DeadlockDetected:
            session.connection.rollback()
            deadlocks += 1
            continue
        commits, seq, own = commits + 1, seq + 1, [*own[-20:], *made]
    session.close()
    return commits, rollbacks, deadlocks


class Follower:
    """Reads the log from its beginning until it is told that there is no more."""

    def __init__(self, endpoint: str, space: str, wait: Callable[[Follower], Awaitable[None]]) -> None:
        self.copy = Copy(space)
        self.copy.cursor = Cursor(space)
        self.storage = GraphQLStorage(endpoint)
        self.endpoint = endpoint
        self.over = False
        self.rung = asyncio.Event()
        self._wait = wait

    async def run(self) -> None:
        while not self.over:
            await self._wait(self)
            await self.read()
        await self.read()
        await self.storage.close()

    async def read(self) -> None:
        more = True
        while more:
            page = await self.storage.read(self.copy.cursor, 100)
            self.copy.take(page)
            more = page.more

    async def listen(self) -> None:
        async with aclosing(self.storage.bells(self.copy.cursor.space)) as bells:
            async for _ in bells:
                self.rung.set()


async def quickly(_: Follower) -> None:
    await asyncio.sleep(0.005)


async def slowly(_: Follower) -> None:
    await asyncio.sleep(1)


async def rung(follower: Follower) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(follower.rung.wait(), 1)
    follower.rung.clear()


async def storm(url: str, seconds: float, seed: int) -> Weather:
    """Let it rage over a migrated database; what it was."""
    weather, space, over = Weather(seed), new(), Event()
    database = Session(url)
    database.link(space)
    async with running(Settings(database_url=url, port=0)) as endpoint:
        quick, slow, live = (Follower(endpoint, space, wait) for wait in (quickly, slowly, rung))
        restarting = Follower(endpoint, space, quickly)
        followers = {"polling quickly": quick, "polling slowly": slow, "rung": live, "starting again": restarting}
        listening = asyncio.create_task(live.listen())
        reading = [asyncio.create_task(one.run()) for one in (quick, slow, live)]
        restarted = asyncio.create_task(start_again(restarting, weather))
        naive = asyncio.create_task(read_naively(url, space, over))
        with ThreadPoolExecutor(WRITERS) as pool:
            loop = asyncio.get_running_loop()
            writing = [
                loop.run_in_executor(pool, write, url, space, seed + number, number % 2 == 0, over)
                for number in range(WRITERS)
            ]
            await asyncio.sleep(seconds)
            over.set()
            for commits, rollbacks, deadlocks in await asyncio.gather(*writing):
                weather.commits += commits
                weather.rollbacks += rollbacks
                weather.deadlocks += deadlocks
        for one in followers.values():
            one.over = True
        await asyncio.gather(*reading, restarted)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    weather.changes = database.value("select max(n) from deep.changes where _deep = %s", space)
    there = {row["id"] for row in database.run("select id::text from deep.links where _deep = %s", space)}
    weather.links, weather.naive_lost = len(there), len(there - await naive)
    rows = rows_of(database, space)
    for name, one in followers.items():
        weather.whole[name] = one.copy.rows == rows and one.copy.met == list(range(1, weather.changes + 1))
    database.close()
    return weather


async def start_again(follower: Follower, weather: Weather) -> None:
    """A new connection every second, with the cursor and the rows of the last one."""
    while not follower.over:
        life = asyncio.create_task(follower.run())
        await asyncio.wait((life,), timeout=1)
        if not life.done():
            life.cancel()
        await asyncio.gather(life, return_exceptions=True)
        await follower.storage.close()
        follower.storage = GraphQLStorage(follower.endpoint)
        weather.starts += 1
    await follower.run()


async def read_naively(url: str, space: str, over: Event) -> set[str]:
    """What people write first: whatever has a greater `_i` than the last that was seen."""
    seen: set[str] = set()
    last, finished = 0, False
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        while not finished:
            finished = over.is_set()
            asked = "select id::text, _i from deep.links where _deep = %s and _i > %s order by _i"
            for id, number in await (await connection.execute(asked, (space, last))).fetchall():
                seen.add(id)
                last = number
            await asyncio.sleep(0.002)
    return seen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    given = parser.parse_args()
    with temporary() as server:
        asyncio.run(migrate(server.url))
        weather = asyncio.run(storm(server.url, given.seconds, given.seed))
    print(weather)
    if not all(weather.whole.values()) or not weather.naive_lost:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
