"""Live queries: who watches what, and the one look that finds out which of them are worth asking again.

The server. It looks where spaces stand and wakes watchers; it works, and holds a connection, only while somebody watches.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Hashable
from contextlib import aclosing
from time import perf_counter
from typing import Final

import psycopg
from graphql import GraphQLError
from strawberry.types import ExecutionResult

from deeplinks import resources
from deeplinks.server import faults
from deeplinks.server.bell import Bell
from deeplinks.server.database import Database
from deeplinks.server.execute import LiveQuery, asked_again, failed
from deeplinks.server.feed import Feed
from deeplinks.server.settings import Settings
from deeplinks.server.steps import Place, Stepped, step
from deeplinks.server.tasks import Tasks
from deeplinks.server.watcher import Watcher
from deeplinks.tasks import check_called_off

# The least time between two looks (seconds): commits that come faster are found together.
GATHERING: Final = 0.002
# How long a look may take before the database is taken to be away (seconds).
PATIENCE: Final = 10.0


class Hub:
    """The live half of an engine.

    A commit of this process is a ring, one of another server a bell, one of a stranger is found by the poll; each of
    them leads to the same look at where the watched spaces stand. `looks` counts them.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self.looks = 0
        self._database = database
        self._interval = settings.refetch_interval
        self._tasks = Tasks()
        self._bell = Bell(database, settings.database, self._tasks)
        self._watchers: dict[Hashable, Watcher | Feed] = {}
        self._woken = asyncio.Event()
        self._working: asyncio.Task[None] | None = None
        # Requests need the pool too.
        self._turns = asyncio.Semaphore(max(1, settings.pool_size // 2))
        self._closed = False

    @property
    def watching(self) -> int:
        """How many different live queries and streams are watched."""
        return len(self._watchers)

    @property
    def reading(self) -> int:
        """How many subscriptions there are to them."""
        return sum(len(watcher.readers) for watcher in self._watchers.values())

    @property
    def hearing(self) -> bool:
        """Whether a bell of another server would be heard."""
        return self._bell.hearing

    def ring(self) -> None:
        """This process has committed something."""
        self._woken.set()
        if not self._closed:
            self._bell.ring()

    async def watch(self, live: LiveQuery) -> AsyncGenerator[ExecutionResult]:
        """The answer at once, then whenever it is another one; ends when the hub is closed."""
        if self._closed:
            return
        identity = live.identity
        watcher = self._watchers.get(identity) or self._add(identity, live)
        try:
            async with aclosing(watcher.read(self.looks)) as answers:
                async for answer in answers:
                    yield answer
        finally:
            if not watcher.readers:
                self._remove(identity, watcher)

    async def close(self) -> None:
        """End all live queries, and everything that runs for them."""
        self._closed = True
        self._end()
        await self._tasks.stop()

    # watchers

    def _add(self, identity: Hashable, live: LiveQuery) -> Watcher | Feed:
        watcher = self._watchers[identity] = self._made(live)
        if self._working is None:
            self._working = self._tasks.start(self._work(), "hub", self._fall)
        return watcher

    def _made(self, live: LiveQuery) -> Watcher | Feed:
        if live.streams:
            return Feed(live.space, lambda place: self._go_on(live, place), self._tasks)
        return Watcher(live.space, lambda: self._ask(live), self._woken.set, self._tasks)

    def _remove(self, identity: Hashable, watcher: Watcher | Feed) -> None:
        if self._watchers.get(identity) is watcher:
            del self._watchers[identity]
        if not self._watchers:
            # A look that has begun is not called off, or its connection would go with it.
            self._woken.set()

    def _fall(self) -> None:
        """Nobody is woken any more: all are sent away, and whoever comes next starts anew."""
        self._working = None
        self._end()
        self._watchers.clear()

    def _end(self) -> None:
        for watcher in self._watchers.values():
            watcher.end()

    # work

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as group:
            ear = group.create_task(self._bell.hear(self._woken.set), name="deeplinks ear")
            await self._keep_looking()
            self._working = None
            ear.cancel()

    async def _keep_looking(self) -> None:
        """Look as long as somebody watches."""
        while self._watchers:
            self._woken.clear()
            began = perf_counter()
            await self._look()
            check_called_off()
            # Whatever a look costs, half of the time is everybody else's.
            await asyncio.sleep(max(GATHERING, perf_counter() - began))
            try:
                async with asyncio.timeout(self._interval):
                    await self._woken.wait()
            except TimeoutError:
                pass

    async def _look(self) -> None:
        self.looks += 1
        number, watchers = self.looks, list(self._watchers.values())
        try:
            async with asyncio.timeout(PATIENCE):
                marks = await self._marks({watcher.space for watcher in watchers})
        except psycopg.Error as error:
            self._fail(watchers, faults.from_database(error))
        except TimeoutError:
            self._fail(watchers, faults.told("the database does not answer: try again", faults.UNAVAILABLE))
        else:
            for watcher in watchers:
                watcher.look(marks[watcher.space], number)

    async def _marks(self, spaces: set[str]) -> dict[str, str]:
        rows = await self._database.rows(resources.text("sql/queries/marks.sql"), [sorted(spaces - {""})])
        return {str(space): str(mark) for space, mark in rows}

    def _fail(self, watchers: list[Watcher | Feed], error: GraphQLError) -> None:
        for watcher in watchers:
            watcher.fail(failed(error))

    async def _go_on(self, live: LiveQuery, place: Place) -> Stepped:
        async with self._turns:
            self._check_watched(live)
            return await step(self._database, live, place, self.looks)

    async def _ask(self, live: LiveQuery) -> ExecutionResult:
        async with self._turns:
            self._check_watched(live)
            return await asked_again(self._database, live)

    def _check_watched(self, live: LiveQuery) -> None:
        """What has begun is answered, for it has a connection that is not left in the middle; what nobody waits for is not begun."""
        if live.identity not in self._watchers:
            raise asyncio.CancelledError
