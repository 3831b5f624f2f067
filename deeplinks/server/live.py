"""Live queries: who watches what, and the one look that finds out which of them are worth asking again.

The server. It looks where spaces stand and wakes watchers; it works, and holds a connection, only while somebody watches.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Hashable
from typing import Final

import psycopg
from strawberry.types import ExecutionResult

from deeplinks import resources
from deeplinks.server import faults, tasks
from deeplinks.server.bell import Bell
from deeplinks.server.database import Database
from deeplinks.server.execute import LiveQuery, asked_again, failed
from deeplinks.server.settings import Settings
from deeplinks.server.watcher import Reader, Watcher

# The least time between two looks (seconds): commits that come faster are found together.
GATHERING: Final = 0.002


class Hub:
    """The live half of an engine.

    A commit of this process is a ring, one of another server a bell, one of a stranger is found by the poll; each of
    them leads to the same look at where the watched spaces stand. `looks` counts them.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self.looks = 0
        self._database = database
        self._interval = settings.refetch_interval
        self._bell = Bell(database, settings.database)
        self._watchers: dict[Hashable, Watcher] = {}
        self._woken = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        # Requests need the pool too.
        self._turns = asyncio.Semaphore(max(1, settings.pool_size // 2))
        self._closed = False

    @property
    def watching(self) -> int:
        """How many different live queries are watched."""
        return len(self._watchers)

    def ring(self) -> None:
        """This process has committed something."""
        self._woken.set()
        self._bell.ring()

    async def watch(self, live: LiveQuery) -> AsyncGenerator[ExecutionResult]:
        """The answer at once, then whenever it is another one; ends when the hub is closed."""
        reader = Reader(self.looks)
        watcher = self._join(live, reader)
        try:
            while (answer := await reader.take()) is not None:
                yield answer
        finally:
            self._leave(live, watcher, reader)

    async def close(self) -> None:
        """End all live queries, and everything that runs for them."""
        self._closed = True
        self._end()
        await tasks.stop(self._running)
        await self._bell.close()

    # readers

    def _join(self, live: LiveQuery, reader: Reader) -> Watcher:
        watcher = self._watchers.get(live.identity)
        if watcher is None:
            watcher = self._watchers[live.identity] = Watcher(live.space, lambda: self._ask(live), self._woken.set)
        watcher.join(reader)
        if self._closed:
            reader.put(None)
        elif self._running is None:
            self._running = tasks.start(self._run(), "hub", self._end)
        return watcher

    def _leave(self, live: LiveQuery, watcher: Watcher, reader: Reader) -> None:
        watcher.leave(reader)
        if watcher.readers:
            return
        watcher.stop()
        if self._watchers.get(live.identity) is watcher:
            del self._watchers[live.identity]
        if not self._watchers and self._running is not None:
            self._running.cancel()
            self._running = None

    def _end(self) -> None:
        for watcher in self._watchers.values():
            watcher.end()

    # work

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._bell.hear(self._woken.set), name="deeplinks ear")
            group.create_task(self._keep_looking(), name="deeplinks eye")

    async def _keep_looking(self) -> None:
        while True:
            self._woken.clear()
            await self._look()
            await asyncio.sleep(GATHERING)
            try:
                async with asyncio.timeout(self._interval):
                    await self._woken.wait()
            except TimeoutError:
                pass

    async def _look(self) -> None:
        self.looks += 1
        number, watchers = self.looks, list(self._watchers.values())
        try:
            marks = await self._marks({watcher.space for watcher in watchers})
        except psycopg.Error as error:
            for watcher in watchers:
                watcher.fail(failed(faults.from_database(error)))
            return
        for watcher in watchers:
            watcher.look(marks[watcher.space], number)

    async def _marks(self, spaces: set[str]) -> dict[str, str]:
        rows = await self._database.rows(resources.text("sql/queries/marks.sql"), [sorted(spaces - {""})])
        return {str(space): str(mark) for space, mark in rows}

    async def _ask(self, live: LiveQuery) -> ExecutionResult:
        async with self._turns:
            return await asked_again(self._database, live)
