"""The torture: clients, a server and a PostgreSQL, killed at random behind a proxy that loses, swallows, cuts and drips.

`python -m tests.torture.run --seconds 600 --seed N`. What a client was told is committed must be there, once, in the end;
what those have accepted who lived, or keep it in a file, too; the log is whole, and who followed all the time has what the
tables have.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from deeplinks import Deep, Synchronizer, synchronize
from deeplinks.storage.migrations import migrate
from deeplinks.storage.verify import verify
from tests.processes import Server, served
from tests.proxy import Proxy, between, chance
from tests.torture.parts import Client, Postgres
from tests.waiting import until

ODDS = {"lost": 0.03, "swallowed": 0.12, "cut": 0.08, "dripped": 0.05}
# The share of mutations whose answer did not arrive: with fewer of them a run shows nothing.
AMBIGUOUS = 0.05
# So many mutations at least, however slow the machine is.
ENOUGH = 60


@dataclass
class Outcome:
    """What was done to them, and what became of what they wrote."""

    seed: int
    done: Counter[str] = field(default_factory=Counter[str])
    promised: int = 0
    accepted: int = 0
    there: int = 0
    lost: list[str] = field(default_factory=list[str])
    doubled: list[str] = field(default_factory=list[str])
    writes: int = 0
    ambiguous: int = 0
    whole: bool = False
    followed: bool = False

    @property
    def share(self) -> float:
        """Of the mutations, those that were done and whose answer did not arrive."""
        return self.ambiguous / max(self.writes, 1)

    @property
    def void(self) -> bool:
        """Whether too little was ambiguous to show anything."""
        return self.share < AMBIGUOUS

    @property
    def well(self) -> bool:
        return not self.lost and not self.doubled and self.whole and self.followed

    def __str__(self) -> str:
        done = ", ".join(f"{count} x {name}" for name, count in sorted(self.done.items()))
        return (
            f"SEED={self.seed}: {done}\n{self.writes} mutations, {self.ambiguous} ambiguous ({self.share:.1%}); "
            f"{self.accepted} accepted, {self.promised} promised, {self.there} there; "
            f"{len(self.lost)} lost, {len(self.doubled)} doubled; log {'whole' if self.whole else 'NOT WHOLE'}, "
            f"follower {'equal' if self.followed else 'NOT EQUAL'}"
        )


class Torture:
    """All that is tortured, and what is done to it."""

    def __init__(self, seed: int, postgres: Postgres, server: Server, proxy: Proxy, space: str, folder: Path) -> None:
        self.outcome = Outcome(seed)
        self.dice = random.Random(seed)
        self.postgres = postgres
        self.server = server
        self.proxy = proxy
        self.mortals = [
            Client(proxy.endpoint, space, "mortal without a file"),
            Client(proxy.endpoint, space, "mortal with a file", folder / "mortal.deep"),
        ]
        self.immortal = Client(proxy.endpoint, space, "immortal")

    @property
    def clients(self) -> list[Client]:
        return [*self.mortals, self.immortal]

    async def torture(self, seconds: float) -> None:
        """One blow after another until the time is over."""
        blows: list[tuple[str, float, Callable[[], Awaitable[object]]]] = [
            ("client killed", 4, self._kill_client),
            ("server killed", 2, self._kill_server),
            ("PostgreSQL killed", 1, self._kill_postgres),
            ("PostgreSQL crashed", 2, self._crash_postgres),
            ("connections terminated", 4, self._terminate),
            ("network cut", 4, self._cut),
            ("network paused", 2, self._pause),
            ("server stopped", 1, self._stop_server),
        ]
        end, pause = asyncio.get_running_loop().time() + seconds, min(2.0, seconds / 8)
        # Each at least once, then as the dice fall.
        waiting = self.dice.sample(blows, len(blows))
        while asyncio.get_running_loop().time() < end or waiting:
            chosen = waiting.pop() if waiting else self.dice.choices(blows, [odds for _, odds, _ in blows])[0]
            await chosen[2]()
            self.outcome.done[chosen[0]] += 1
            await asyncio.sleep(self.dice.uniform(0.1, pause))

        await until(lambda: self.proxy.writes >= ENOUGH, 120)

    async def _kill_client(self) -> None:
        client = self.dice.choice(self.mortals)
        await client.kill()
        await client.start()

    async def _kill_server(self) -> None:
        await asyncio.to_thread(self.server.kill)
        await asyncio.to_thread(self._start_server)

    def _start_server(self) -> None:
        """Again and again: it does not start while its database is just recovering."""
        for _ in range(50):
            with suppress(RuntimeError):
                self.server.start()
                return
        raise RuntimeError("the server does not start again")

    async def _kill_postgres(self) -> None:
        await asyncio.to_thread(self.postgres.kill)
        await asyncio.to_thread(self.postgres.start)

    async def _crash_postgres(self) -> None:
        await asyncio.to_thread(self.postgres.crash)

    async def _terminate(self) -> None:
        for _ in range(self.dice.randint(1, 5)):
            await asyncio.to_thread(self.postgres.terminate)

    async def _cut(self) -> None:
        self.proxy.cut_all()

    async def _pause(self) -> None:
        """Nothing comes through for a while, and no end is told of it."""
        self.proxy.flowing.clear()
        await asyncio.sleep(self.dice.uniform(0.2, 2))
        self.proxy.flowing.set()

    async def _stop_server(self) -> None:
        """It holds still, with everything that it has open."""
        self.server.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(self.dice.uniform(0.2, 2))
        self.server.process.send_signal(signal.SIGCONT)

    async def judge(self, deep: Deep, follower: Synchronizer) -> Outcome:
        """The faults are over: let everybody finish, and compare what was said with what is there."""
        self.outcome.writes, self.outcome.ambiguous = self.proxy.writes, self.proxy.ambiguous
        self.proxy.calm()
        statuses = [await client.finish() for client in self.clients]
        assert statuses == [0] * len(statuses), statuses
        await follower.flush()
        outcome, space = self.outcome, deep.id
        there = await texts(self.postgres.url, space)
        promised = {text for one in self.clients for text in one.promised}
        outcome.accepted = sum(client.accepted for client in self.clients)
        outcome.promised, outcome.there = len(promised), len(there)
        outcome.lost = sorted(promised - there.keys())
        outcome.doubled = sorted(text for text, count in there.items() if count > 1)
        outcome.whole = all(found.whole for found in await verify(self.postgres.url, space=space))
        expected = sorted(there.elements())
        await until(lambda: sorted(str(one.data) for one in deep.String.typed) == expected, 60)
        outcome.followed = True
        return outcome


async def texts(url: str, space: str) -> Counter[str]:
    """The texts that are there, each with how often."""
    async with await psycopg.AsyncConnection.connect(url) as connection:
        cursor = await connection.execute("select _data from deep.strings where _deep = %s", (space,))
        return Counter(row[0] for row in await cursor.fetchall())


@asynccontextmanager
async def ground() -> AsyncIterator[tuple[Postgres, Server]]:
    """A PostgreSQL that is killed for good, with a server before it."""
    folder = Path(tempfile.mkdtemp(prefix="deeplinks-torture-"))
    folder.chmod(0o755)
    postgres = Postgres(folder)
    try:
        await asyncio.to_thread(postgres.start)
        await migrate(postgres.url)
        with served(postgres.url) as server:
            yield postgres, server
    finally:
        await asyncio.to_thread(postgres.stop)
        shutil.rmtree(folder, ignore_errors=True)


async def torture(seconds: float, seed: int) -> Outcome:
    """Torture them; what became of it."""
    async with ground() as (postgres, server), between(server) as proxy:
        deep = Deep()
        async with synchronize(deep, server) as founding:
            deep.String("the first").store("database")
            await founding.flush()
        async with synchronize(deep, proxy.endpoint) as follower:
            proxy.fate = chance(random.Random(seed), **ODDS)
            tortured = Torture(seed, postgres, server, proxy, deep.id, postgres.place)
            try:
                for client in tortured.clients:
                    await client.start()
                await tortured.torture(seconds)
                return await tortured.judge(deep, follower)
            finally:
                for client in tortured.clients:
                    await client.end()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    given = parser.parse_args()
    os.environ.setdefault("LOG_LEVEL", "CRITICAL")
    print(f"SEED={given.seed}", flush=True)
    outcome = asyncio.run(torture(given.seconds, given.seed))
    print(outcome)
    if not outcome.well:
        print(*outcome.lost, *outcome.doubled, sep="\n")
        raise SystemExit(1)
    if outcome.void:
        raise SystemExit("void: too few mutations were ambiguous")


if __name__ == "__main__":
    main()
