"""Every order in which the steps of a few sessions can come, played against a real PostgreSQL, and what a reader makes of it.

`python -m tests.storage.interleaving` plays all of them; `... "batch poll" 01101001` plays one again. A step that waits for a
lock is left waiting, and what its session has to do next waits with it, as in PostgreSQL's own isolation tester.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import combinations_with_replacement, product
from typing import Any, TypeVar

import psycopg
from psycopg import AsyncConnection

from deeplinks import GraphQLStorage, resources
from deeplinks.errors import ResyncError
from deeplinks.server.engine import open_engine
from deeplinks.server.settings import Settings
from deeplinks.server.transport import InProcessTransport
from deeplinks.storage.embedded import temporary
from deeplinks.storage.migrations import migrate
from tests.storage.session import new
from tests.storage.tables import Copy, told

PRUNE = resources.statements("sql/queries/prune.sql")
FLOOR, ENTRIES = (PRUNE[name].decode() for name in ("floor", "entries"))
BEGIN = "begin"
LOCK = "insert into deep.batches (_deep, client, seq, checksum) values (%(space)s, %(client)s, 1, 'sum')"
MAKE = "insert into deep.links (id, _deep) values (%(own)s, %(space)s)"
SAY = "insert into deep.strings (id, _deep, _data) values (%(own)s, %(space)s, 'own')"
POINT = "update deep.links set _to = %(own)s where id = %(first)s"
TELL = "update deep.strings set _data = %(own)s where id = %(first)s"
DROP_DATA = "delete from deep.strings where id = %(second)s"
DROP = "delete from deep.links where id = %(second)s"
COMMIT, ROLLBACK = "commit", "rollback"
READ = "read"

Steps = Sequence[Sequence[str]]
# What a session does in four steps, and in three.
ROLES: dict[str, tuple[Steps, Steps]] = {
    "batch": (
        ((BEGIN, LOCK), (MAKE, SAY), (POINT,), (COMMIT,)),
        ((BEGIN, LOCK, MAKE), (POINT, SAY), (COMMIT,)),
    ),
    "update": (
        ((BEGIN, MAKE), (POINT,), (TELL,), (COMMIT,)),
        ((BEGIN, MAKE), (TELL,), (COMMIT,)),
    ),
    "undone": (
        ((BEGIN, MAKE), (POINT,), (DROP,), (ROLLBACK,)),
        ((BEGIN, MAKE), (DROP,), (ROLLBACK,)),
    ),
    "delete": (
        ((BEGIN, DROP_DATA), (DROP,), (MAKE,), (COMMIT,)),
        ((BEGIN, DROP), (MAKE,), (COMMIT,)),
    ),
    "prune": (
        ((FLOOR,), (ENTRIES,), (FLOOR,), (ENTRIES,)),
        ((FLOOR,), (ENTRIES,), (FLOOR, ENTRIES)),
    ),
    "load": (((READ,),) * 4, ((READ,),) * 3),
    "poll": (((READ,),) * 4, ((READ,),) * 3),
}
READERS = frozenset({"load", "poll"})
LOST = (psycopg.errors.DeadlockDetected, psycopg.errors.InFailedSqlTransaction, psycopg.errors.DataException)


def scenarios(sessions: int) -> list[str]:
    """All ways of giving roles to sessions, two of a kind too."""
    return [" ".join(roles) for roles in combinations_with_replacement(ROLES, sessions)]


def orders(sessions: int, steps: int) -> Iterator[str]:
    """Every order of the steps, as the numbers of the sessions: 70 of 2 x 4, 1680 of 3 x 3."""
    for order in product("012"[:sessions], repeat=sessions * steps):
        if all(order.count(number) == steps for number in "012"[:sessions]):
            yield "".join(order)


@dataclass
class Actor:
    """A session: what it has to do, what it is just doing."""

    connection: AsyncConnection[Any]
    values: dict[str, Any]
    waiting: list[Sequence[str]] = field(default_factory=list[Sequence[str]])
    doing: asyncio.Task[None] | None = None
    blocked: bool = False

    async def act(self, step: Sequence[str]) -> None:
        try:
            for statement in step:
                await self.connection.execute(statement.encode(), self.values)
        except LOST:
            # As it would have to: it gives up, and nothing of it is there.
            await self.connection.execute(b"rollback")
            self.waiting.clear()


class Reader:
    """Reads on from where it is, as every follower does, and starts anew where it is told to."""

    def __init__(self, storage: GraphQLStorage, space: str, pruned: bool) -> None:
        self.copy = Copy(space)
        self.storage = storage
        self._pruned = pruned

    async def read(self) -> bool:
        """One page; whether there is more."""
        try:
            page = await self.storage.read(self.copy.cursor, 2)
        except ResyncError:
            if not self._pruned:
                raise
            self.copy = Copy(self.copy.cursor.space)
            return True
        self.copy.take(page)
        return page.more

    async def to_the_end(self) -> None:
        while await self.read():
            pass


class Stage:
    """Where interleavings are played: a database, connections that stay, a storage to read through."""

    def __init__(
        self, storage: GraphQLStorage, eye: AsyncConnection[Any], connections: list[AsyncConnection[Any]]
    ) -> None:
        self.storage = storage
        self.played = 0
        self._eye = eye
        self._connections = connections

    async def play(self, scenario: str, order: str) -> None:
        """Play one. Raises `AssertionError` where a reader missed or repeated anything, or ended with something else."""
        self.played += 1
        roles, steps = scenario.split(), order.count("0")
        values = await self._filled()
        readers = await self._readers(roles, values["space"])
        actors = [
            Actor(connection, values | {"own": new(), "client": new()})
            for connection, _ in zip(self._connections, roles, strict=False)
        ]
        done = [0] * len(roles)
        for number in map(int, order):
            step = ROLES[roles[number]][steps == 3][done[number]]
            done[number] += 1
            if step == (READ,):
                await readers[number].read()
            else:
                actors[number].waiting.append(step)
            await self._go_on(actors)
        async with asyncio.timeout(30):
            # Of those who wait for each other PostgreSQL sends one away, after a while.
            while any(actor.doing for actor in actors):
                await self._go_on(actors)
        await self._check(readers.values(), values["space"], f'"{scenario}" {order}')

    async def _filled(self) -> dict[str, Any]:
        """A space with two links that have texts."""
        space, first, second = new(), new(), new()
        await self._eye.execute(
            b"insert into deep.links (id, _deep) select unnest(%s::uuid[]), %s", ([first, second], space)
        )
        await self._eye.execute(
            b"insert into deep.strings (id, _data) select unnest(%s::uuid[]), 'text'", ([first, second],)
        )
        return {"space": space, "first": first, "second": second, "entries": 2, "age": None, "slice": 10}

    async def _readers(self, roles: list[str], space: str) -> dict[int, Reader]:
        """One for each session that reads; where none does, one that was there before and looks afterwards."""
        reading = {number: role for number, role in enumerate(roles) if role in READERS} or {len(roles): "poll"}
        return {number: await self._reader(role, roles, space) for number, role in reading.items()}

    async def _reader(self, role: str, roles: list[str], space: str) -> Reader:
        reader = Reader(self.storage, space, "prune" in roles)
        if role != "load":
            await reader.to_the_end()
        return reader

    async def _go_on(self, actors: list[Actor]) -> None:
        """Let everybody do what they can, until all have done it or wait for a lock."""
        going = True
        while going:
            going = False
            for actor in actors:
                if actor.doing is None and actor.waiting:
                    actor.doing = asyncio.create_task(actor.act(actor.waiting.pop(0)))
                if actor.doing is not None and await self._ended(actor):
                    actor.doing, going = None, True

    async def _ended(self, actor: Actor) -> bool:
        """Whether its step ended, or waits for somebody: nothing third lasts."""
        assert actor.doing is not None
        while True:
            # Whoever was seen waiting is looked at first: most often it waits still.
            ended, _ = await asyncio.wait((actor.doing,), timeout=0 if actor.blocked else 0.004)
            if ended:
                actor.blocked = False
                actor.doing.result()
                return True
            pid = actor.connection.info.backend_pid
            asked = await self._eye.execute(b"select cardinality(pg_blocking_pids(%s)) > 0", (pid,))
            actor.blocked = bool((await asked.fetchone() or (False,))[0])
            if actor.blocked:
                return False

    async def _check(self, readers: Iterable[Reader], space: str, what: str) -> None:
        rows = await self._rows(space)
        for reader in readers:
            await reader.to_the_end()
            met = reader.copy.met
            assert met == list(range(met[0], met[0] + len(met))) if met else True, f"{what}: met {met}"
            assert reader.copy.rows == rows, f"{what}: {reader.copy.rows} is not {rows}"

    async def _rows(self, space: str) -> dict[tuple[str, str], dict[str, Any]]:
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for table in ("links", "strings"):
            cursor = await self._eye.execute(f"select * from deep.{table} where _deep = %s".encode(), (space,))
            names = [column.name for column in cursor.description or ()]
            for values in await cursor.fetchall():
                row = dict(zip(names, values, strict=True))
                found[table, str(row["id"])] = told(row)
        return found


Played = TypeVar("Played", bound=Stage)


@asynccontextmanager
async def stage(url: str, kind: type[Played] = Stage) -> AsyncIterator[Played]:
    """A stage over a migrated database."""
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(open_engine(Settings(database_url=url)))
        storage = GraphQLStorage(transport=InProcessTransport(engine))
        stack.push_async_callback(storage.close)
        eye, *others = [
            await stack.enter_async_context(await AsyncConnection.connect(url, autocommit=True)) for _ in range(4)
        ]
        for one in others:
            await one.execute(b"set deadlock_timeout = '20ms'")
        yield kind(storage, eye, others)


async def play_all(url: str) -> int:
    """Every order of every scenario of 2 x 4 steps, and of those of 3 x 3 that have a reader; how many that were."""
    async with stage(url) as played:
        for sessions, steps in ((2, 4), (3, 3)):
            for scenario in scenarios(sessions):
                roles = scenario.split()
                if steps == 3 and (not READERS.intersection(roles) or READERS.issuperset(roles)):
                    continue
                for order in orders(sessions, steps):
                    await played.play(scenario, order)
                print(f"{scenario}: every order, {played.played} so far", flush=True)
        return played.played


def chosen(seed: int) -> Iterator[tuple[str, str]]:
    """Scenarios and orders without end, as a seed gives them."""
    dice = random.Random(seed)
    every = {sessions: scenarios(sessions) for sessions in (2, 3)}
    while True:
        sessions = dice.choice((2, 3))
        order = list("012"[:sessions] * (4 if sessions == 2 else 3))
        dice.shuffle(order)
        yield dice.choice(every[sessions]), "".join(order)


async def play_some(url: str, seconds: float, seed: int) -> int:
    """Some interleavings, until the time is over; how many that were."""
    end = asyncio.get_running_loop().time() + seconds
    async with stage(url) as played:
        for scenario, order in chosen(seed):
            if asyncio.get_running_loop().time() > end:
                break
            await played.play(scenario, order)
        return played.played


async def _main(url: str, given: list[str]) -> None:
    await migrate(url)
    if not given:
        print(f"{await play_all(url)} interleavings, none missed or repeated")
        return
    scenario, order = given
    async with stage(url) as played:
        await played.play(scenario, order)
    print("as it should be")


if __name__ == "__main__":
    if address := os.environ.get("TEST_DATABASE_URL"):
        asyncio.run(_main(address, sys.argv[1:]))
    else:
        with temporary(settings={"fsync": "off"}) as server:
            asyncio.run(_main(server.url, sys.argv[1:]))
