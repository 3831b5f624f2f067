"""A client: a process that loads a space, changes it, follows, leaves, comes back, and may die at any moment.

The simulation. The real synchronizer over the real storage; what lies below the storage is a line.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from deeplinks import Deep, GraphQLStorage, Synchronizer, load, synchronize
from deeplinks.batch import Cursor, Page
from deeplinks.errors import FlushTimeoutError, UnavailableError
from deeplinks.sync.replica import Replica, replica_of
from tests.simulation.clock import VirtualLoop
from tests.simulation.faults import Extra, Fault, Swarm
from tests.simulation.files import kill
from tests.simulation.journal import NAME, BrokenError, Journal, state
from tests.simulation.line import Line
from tests.simulation.person import Person
from tests.simulation.trace import Trace

# Rows of a page where they are small.
PAGE = 5


class PagedStorage(GraphQLStorage):
    """It gives little at a time."""

    most = 1000

    async def read(self, cursor: Cursor, limit: int = 1000) -> Page:
        return await super().read(cursor, min(limit, self.most))


class World(Protocol):
    """What a client knows of where it lives."""

    loop: VirtualLoop
    swarm: Swarm
    trace: Trace
    space: str
    pair: tuple[str, str]
    files: Path | None
    over: asyncio.Event

    def fail(self, error: BaseException) -> None: ...


class Client:
    """One life of a process: from its start to its death."""

    def __init__(
        self,
        who: str,
        world: World,
        line: Line,
        chance: random.Random,
        deep: Deep | None = None,
        before: Journal | None = None,
    ) -> None:
        self.who = who
        self._path = world.files and world.files / f"{line.who}.deep"
        self._before = before
        self.line = line
        self.deep = deep
        self.journal: Journal | None = None
        self.person: Person | None = None
        self.torn = True
        self.read_since = -1.0
        self._stepping = False
        self._world = world
        self._chance = chance
        self.steps = world.swarm.steps
        self.task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self.task = asyncio.create_task(self._live(), name=self.who)

    def die(self) -> None:
        """Killed: nothing that it has under way gets anywhere any more."""
        self._note("dies")
        self.line.dead = True
        self.line.hang_up()
        if self.replica is not None:
            kill(self.replica)
        if self.task is not None:
            self.task.cancel()

    @property
    def replica(self) -> Replica | None:
        return None if self.deep is None else replica_of(self.deep, NAME)

    def settled(self, since: float) -> bool:
        """Whether all that it had to send and to read is sent and read, and it has looked since that moment."""
        replica = self.replica
        if self.read_since < since:
            return False
        if replica is None or self.deep is None or len(replica.outbox) or self.reads_anew:
            return False
        if replica.outbox.unread():
            return False
        return replica.cursor.n == self.line.server.newest(self.deep.id)

    @property
    def reads_anew(self) -> bool:
        """Whether it has not read all rows yet, for the first time or again."""
        return self.torn or self.replica is None or self.replica.cursor.snapshot

    def standing(self) -> str:
        """How far it is, for people."""
        replica = self.replica
        if replica is None:
            return f"{self.who} has nothing"
        return f"{self.who} is at {replica.cursor}, {len(replica.outbox)} wait, read since {self.read_since:.1f}"

    async def _live(self) -> None:
        try:
            while True:
                await self._attempt()
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001  whatever it is, the schedule has failed
            self._world.fail(error)

    async def _attempt(self) -> None:
        storage = PagedStorage(transport=self.line)
        storage.most = PAGE if Extra.pages in self._world.swarm.extras else storage.most
        try:
            if self.deep is None and (self._path or Extra.pages in self._world.swarm.extras):
                # It is read on where it stopped, and may be worked with meanwhile.
                self._enter(Deep(space=self._world.space))
                self.torn = True
            elif self.deep is None:
                self._enter(await load(storage, space=self._world.space))
            elif self.journal is None:
                self._enter(self.deep)
            assert self.deep is not None
            async with synchronize(self.deep, storage, path=self._path) as database:
                await self._use(database)
        except (UnavailableError, FlushTimeoutError) as error:
            self._note(type(error).__name__)
        for _ in range(self._chance.randint(0, 3)):
            # Away from the storage, and still at work.
            self._step()
        await asyncio.sleep(self._chance.uniform(0.1, 5))

    def _enter(self, deep: Deep) -> None:
        """The space is here."""
        self.deep = deep
        self.journal = Journal(self.line.who, self.line.server, deep, self._before)
        self.person = Person(self.who, deep, self._world.pair, self._world.swarm, self._chance)
        self.torn = False
        self._watch_catch_up(replica_of(deep, NAME))
        if not self._world.swarm.most:
            deep.signals.changed.connect(self._check_seen, sender=deep)
        deep.signals.resynchronized.connect(self._tear, sender=deep)

    def _watch_catch_up(self, replica: Replica) -> None:
        catch_up = replica.catch_up

        async def watched(*given: object, **named: object) -> int:
            began = self._world.loop.now
            count = await catch_up(*given, **named)  # pyright: ignore
            self.torn, self.read_since = False, began
            return count

        replica.catch_up = watched  # pyright: ignore

    def _tear(self, _: Deep, **__: object) -> None:
        # A snapshot is read page by page, and is of one moment again at its end only.
        self._note("reads anew")
        self.torn = True

    async def _use(self, database: Synchronizer) -> None:
        verbs: list[Callable[[Synchronizer], object]] = [self._flush, self._catch_up]
        while not self._world.over.is_set():
            await self._pause()
            kind = self._chance.random()
            if kind < 0.8:
                self._step()
            elif kind < 0.95 or Fault.leave not in self._world.swarm.faults:
                await self._chance.choice(verbs)(database)  # pyright: ignore
            else:
                self._note("leaves")
                return
        await self._flush(database, timeout=None)
        await asyncio.Event().wait()

    async def _pause(self) -> None:
        if self.steps <= 0:
            await self._world.over.wait()
        elif self._chance.random() < 0.5:
            await asyncio.sleep(self._chance.expovariate(1 / self._world.swarm.pause))

    def _step(self) -> None:
        if self.journal is None or self.person is None or self.deep is None or self.steps <= 0:
            return
        self.steps -= 1
        if self._world.swarm.most:
            self.person.step()
            return
        before = state(self.deep)
        self._stepping = True
        what = self.person.step()
        self._stepping = False
        self.journal.note(before, state(self.deep))
        self._note(what)

    async def _flush(self, database: Synchronizer, timeout: float | None = 5) -> None:
        assert self.journal is not None
        accepted = dict(self.journal.last)
        try:
            await database.flush(timeout=timeout)
        except FlushTimeoutError:
            return
        self.journal.check_committed(accepted)

    async def _catch_up(self, database: Synchronizer) -> None:
        try:
            await database.catch_up()
        except UnavailableError:
            return

    def _check_seen(self, _: Deep, **__: object) -> None:
        if self._path and self.replica and self.replica.outbox.keeper.path is None:
            # It is being read from its file.
            return
        try:
            if self.journal is not None and not (self._stepping or self.line.dead):
                self.journal.check_seen()
                self._check_whole()
        except BrokenError as error:
            self._world.fail(error)

    def _check_whole(self) -> None:
        """Two that are always changed together are always equal."""
        assert self.deep is not None
        one, other = map(self.deep.get, self._world.pair)
        cursor: Cursor = replica_of(self.deep, NAME).cursor
        if one is None or other is None or self.torn or cursor.snapshot:
            return
        if one.data != other.data:
            raise BrokenError(f"{self.who} sees half of a group: {one.data!r} and {other.data!r}")

    def _note(self, *facts: object) -> None:
        self._world.trace.note(self._world.loop.now, self.who, *facts)
