"""A schedule: a seed's clients, faults and changes, from the first load to the end, when all has to be equal.

The simulation. It brings the parts together; what is checked is said in `checks` and `journal`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deeplinks import Deep, GraphQLStorage, synchronize
from tests.simulation.backups import prune
from tests.simulation.checks import MARKS, check_all, tables_of
from tests.simulation.client import Client
from tests.simulation.clock import VirtualLoop, run_on
from tests.simulation.commits import Operation
from tests.simulation.faults import Extra, Fault, Swarm
from tests.simulation.files import folder, no_folder
from tests.simulation.journal import BrokenError, Journal
from tests.simulation.line import Line
from tests.simulation.seams import seeded, stream
from tests.simulation.server import Backup, Server
from tests.simulation.trace import Trace

# Virtual seconds: how long there are faults, and how long it may take until all is well after them.
FAULTS = (20.0, 90.0)
HEALING = 60.0


@dataclass(frozen=True)
class Outcome:
    """What became of a schedule; `failure` is empty where every promise was kept."""

    seed: int
    swarm: Swarm
    failure: str
    digest: str
    lines: list[str]
    seconds: float


def run(seed: int, keep: int = 0, swarm: Swarm | None = None, *, plain: bool = False, files: bool = False) -> Outcome:
    """Run one schedule, of the swarm that its seed draws, or of that without extras, or with files, or of a given one."""
    loop, trace, swarm = (
        VirtualLoop(),
        Trace(keep),
        swarm or Swarm.drawn(stream(seed, "swarm"), plain=plain, files=files),
    )
    with seeded(seed, loop), folder() if Extra.file in swarm.extras else no_folder() as files:
        schedule = Schedule(seed, loop, swarm, trace, files)
        failure = ""
        try:
            run_on(loop, schedule.run())
        except Exception as error:  # noqa: BLE001  told with its seed, whatever it is
            failure = f"{type(error).__name__}: {error}"
    failure = failure or "; ".join(loop.failures)
    return Outcome(seed, swarm, failure, trace.digest, list(trace.lines), loop.now)


class Schedule:
    """One world: a server, its clients, and fate."""

    def __init__(self, seed: int, loop: VirtualLoop, swarm: Swarm, trace: Trace, files: Path | None = None) -> None:
        self.loop = loop
        self.swarm = swarm
        self.trace = trace
        self.files = files
        self.space = ""
        self.pair = ("", "")
        self.server = Server(loop, stream(seed, "server"), trace)
        self.clients: list[Client] = []
        self.dead: list[Client] = []
        self._seed = seed
        self._fate = stream(seed, "fate")
        self._backup: Backup | None = None
        self._failed: asyncio.Future[None] | None = None

    def fail(self, error: BaseException) -> None:
        """Something is wrong, and nothing after it counts."""
        if self._failed is not None and not self._failed.done():
            self._failed.set_exception(error)

    async def run(self) -> None:
        """The whole of it. Raises what is wrong."""
        self.over = asyncio.Event()
        self._failed = self.loop.create_future()
        first = await self._begin()
        for number in range(self.swarm.clients):
            self._start(f"c{number}", first if number == 0 else None)
        await self._or_failed(self._fates())
        await self._or_failed(self._heal())
        check_all([*self.clients, *self.dead], self.server.rules, self.space, self.server.commits)
        if self._failed.done():
            self._failed.result()

    async def _or_failed(self, work: object) -> None:
        task = asyncio.ensure_future(work)  # pyright: ignore
        assert self._failed is not None
        await asyncio.wait((task, self._failed), return_when=asyncio.FIRST_COMPLETED)
        if self._failed.done():
            task.cancel()
            self._failed.result()
        await task

    async def _begin(self) -> Deep:
        """A space with something in it, before anything goes wrong."""
        deep = Deep()
        self.space = deep.id
        one, other = deep.String("0").store("database"), deep.String("0").store("database")
        self.pair = (one.id, other.id)
        type = deep().store("database")
        for number in range(3):
            type(from_=deep.String(f"begin:{number}"), to=one).store("database")
        async with synchronize(deep, GraphQLStorage(transport=self._line("first"))) as database:
            await database.flush()
        return deep

    def _line(self, who: str) -> Line:
        # Who has a file is the same after a death.
        return Line(
            who.partition(".")[0] if self.files else who,
            self.server,
            self.swarm,
            stream(self._seed, f"line {who}"),
            self.loop,
            self.trace,
        )

    def _start(self, who: str, deep: Deep | None = None, before: Journal | None = None) -> None:
        line = self._line(who)
        line.faulty = not self.over.is_set()
        client = Client(who, self, line, stream(self._seed, who), deep, before)
        self.clients.append(client)
        client.start()

    # fate

    async def _fates(self) -> None:
        """What befalls the server and its clients, until the faults end."""
        fates: dict[Fault, Callable[[], None]] = {
            Fault.partition: self._cut,
            Fault.bells: self._hang_up,
            Fault.restart: lambda: self.server.restart(self._fate.uniform(0, 10)),
            Fault.restore: self._set_back,
            Fault.prune: self._prune,
            Fault.crash: self._crash,
            Fault.foreign: self._write,
            Fault.skew: lambda: self.server.skew(self._fate.uniform(-3600, 3600)),
        }
        able = [fate for fault, fate in fates.items() if fault in self.swarm.faults]
        end = self.loop.now + self._fate.uniform(*FAULTS)
        while self.loop.now < end or (self.swarm.most and any(client.steps for client in self.clients)):
            await asyncio.sleep(self._fate.expovariate(1 / 4))
            if able:
                self._fate.choice(able)()

    def _any(self) -> Client:
        return self._fate.choice(self.clients)

    def _cut(self) -> None:
        self._any().line.cut(self._fate.uniform(0, 30))

    def _hang_up(self) -> None:
        self._any().line.hang_up()

    def _set_back(self) -> None:
        if any(client.reads_anew for client in self.clients):
            if Extra.pages in self.swarm.extras:
                self._tear()
            return
        if self._backup is None or self._fate.random() < 0.4:
            self._backup = self.server.back_up()
        else:
            self.trace.note(self.loop.now, "server", "set back")
            self.server.restore(self._backup)

    def _tear(self) -> None:
        """Set back to a moment ago, while somebody reads all rows page by page."""
        backup = self.server.back_up()
        for _ in range(4):
            self._write()

        def restore() -> None:
            if not self.over.is_set():
                self.trace.note(self.loop.now, "server", "set back while it is read")
                self.server.restore(backup)

        self.loop.call_later(self._fate.choice([0.05, 0.2, 5]) * self._fate.random(), restore)

    def _prune(self) -> None:
        newest = self.server.newest(self.space)
        prune(self.server.rules, self.space, newest - self._fate.randint(0, min(newest, 20)))

    def _crash(self) -> None:
        client = self._any()
        client.die()
        self.clients.remove(client)
        self.dead.append(client)
        name, _, life = client.who.partition(".")
        self._start(f"{name}.{int(life or 0) + 1}", before=client.journal if self.files else None)

    def _write(self) -> None:
        """Somebody writes who is no client of ours."""
        for _ in range(self._fate.randint(1, 3)):
            self.server.foreign(foreign_operation(self.server, self.space, self.pair, self._fate), self.space)

    # the end

    async def _heal(self) -> None:
        """The faults end; soon after, all that was accepted is committed, and everybody has read it."""
        self.server.up_at = 0.0
        for client in self.clients:
            client.line.faulty, client.line.cut_until = False, 0.0
        self.over.set()
        end = self.loop.now
        self.trace.note(end, "faults end")
        try:
            async with asyncio.timeout(HEALING):
                while not all(client.settled(end) for client in self.clients):
                    await asyncio.sleep(0.5)
        except TimeoutError:
            late = [client.standing() for client in self.clients if not client.settled(end)]
            newest = self.server.newest(self.space)
            raise BrokenError(f"not settled {HEALING:g} s after the faults, with the log at {newest}: {late}") from None
        for client in self.clients:
            assert client.journal is not None
            client.journal.check_committed(client.journal.last)


def foreign_operation(server: Server, space: str, pair: tuple[str, str], chance: random.Random) -> Operation:
    """Something that a tool may do to the rows of a space."""
    tables = tables_of(server.rules, space)
    there = [id for id in sorted(tables) if id not in pair and tables[id]["_type"] not in MARKS]
    verb = chance.choice(["insert", "update", "update", "put", "put", "delete"])
    if verb == "insert" or not there:
        dead = sorted({id for id, _ in server.values} - tables.keys())
        new = f"{chance.getrandbits(32):08x}-0000-4000-8000-{chance.getrandbits(48):012x}"
        # What is dead is dead, whoever wants it back.
        id = chance.choice(dead) if dead and chance.random() < 0.3 else new
        return Operation("insert", id, values={"_to": chance.choice([*there, None])})
    id = chance.choice(there)
    if verb == "put":
        texts = [one for one in there if (tables[one]["data"] or ("",))[0] == "strings"]
        return Operation("put", chance.choice(texts or [id]), "strings", f"foreign:{chance.getrandbits(60)}")
    column = chance.choice(["_from", "_to", "_value"])
    return Operation(verb, id, values={column: chance.choice([*there, None])} if verb == "update" else None)
