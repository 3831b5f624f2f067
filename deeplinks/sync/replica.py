"""A replica: what a space knows of one storage; cursor, outbox and inbox under the storage's name.

The sync room. It lives as long as its space, over any number of connections, so nothing accepted is lost between them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from functools import partial
from itertools import groupby

from anyio.lowlevel import checkpoint

from deeplinks.batch import Cursor, LogEntry, Page, SnapshotRow
from deeplinks.errors import BusyError, ResyncError, RewoundError, UnknownSpaceError
from deeplinks.space import Association, Deep
from deeplinks.space.expecting import Sight
from deeplinks.storage.protocol import Selective, Storage
from deeplinks.sync.caller import Caller, SameThread
from deeplinks.sync.counting import Counts
from deeplinks.sync.inbox import Inbox, Seen
from deeplinks.sync.outbox import Outbox, Sealed
from deeplinks.sync.progress import Telling, Work
from deeplinks.sync.refusals import Refusals
from deeplinks.tasks import call_off, held

logger = logging.getLogger("deeplinks.sync.replica")

PAGE = 1000
# Rows applied before the event loop gets a turn.
SLICE = 100
# Reading anew may be overtaken by the log's floor, and starts again; more often than this it is told.
RESTARTS = 3


class Replica:
    """One space at one storage."""

    def __init__(self, deep: Deep, name: str) -> None:
        self.name = name
        self.cursor = Cursor.start(deep.id)
        self.outbox = Outbox(deep, name)
        self.inbox = Inbox(deep, self.outbox)
        self.counts = Counts()
        self.refused = Refusals(deep, self.outbox)
        self.attached = False
        # The opening of a file by which it was kept last.
        self.session = ""
        deep.space.sightings[name] = self._sight
        self._deep = deep
        self._turns = _Turns(name)
        self._seen: Seen | None = None
        self._anew = False

    def _sight(self, association: Association) -> Sight | None:
        """At which change it was seen; nothing of what the storage has not told."""
        if association not in self.outbox.ledger.known or association.i is None:
            return None
        versions = self.outbox.versions
        return Sight(versions.of(association.id), versions.by_others(association.id))

    async def catch_up(self, storage: Storage, limit: int = PAGE, caller: Caller | None = None) -> int:
        """Read everything since the cursor, first as a snapshot if there is none; how many rows and entries that were.

        One at a time; the next page is asked for while this one is applied, by the caller. Where the log can't be
        continued all is read anew, and the signal `resynchronized` says so.
        """
        steps = caller or SameThread(self._deep)
        async with self._turns.taken():
            acknowledged = self.outbox.acknowledged()
            self._anew = self._anew or self.cursor.snapshot
            count = await self._read_on(storage, limit, steps, acknowledged)
            await steps.run(partial(self.inbox.settle, acknowledged))
            return count

    async def read_types(self, storage: Selective, types: Sequence[str], caller: Caller, limit: int = PAGE) -> int:
        """Read what is of some types; how many rows that were. A part is no place in the log: who reads on begins anew."""
        async with self._turns.taken():
            # What the whole does not have any more when it is read is gone here too.
            self._seen = Seen(self.outbox.unread())
            count, telling = 0, Telling(self._deep, self.name, Work.reading, caller)
            async with aclosing(storage.of_types(self._deep.id, types, limit)) as pages:
                async for rows in pages:
                    await self._take(rows, caller)
                    count += len(rows)
                    self.counts.got(len(rows))
                    telling.more(len(rows))
            telling.more(0, over=True)
            return count

    async def take_unknown(self, rows: Sequence[SnapshotRow], caller: Caller) -> None:
        """Take those rows of associations that are not here yet. The others are as the log left them, or comes to leave them."""
        async with self._turns.taken():
            await caller.run(partial(self._take_unknown, rows))

    def _take_unknown(self, rows: Sequence[SnapshotRow]) -> None:
        known = {id for row in rows if self._deep.space.find(id := str(row.row["id"])) is not None}
        self.inbox.apply_snapshot([row for row in rows if row.row["id"] not in known])

    async def begin_again(self, storage: Storage, error: RewoundError, caller: Caller) -> None:
        """The storage turned out to have been set back: read everything anew."""
        async with self._turns.taken():
            await caller.run(partial(self._start_over, error))
        await self.catch_up(storage, caller=caller)

    async def read_anew(self, storage: Storage, why: str, caller: Caller) -> None:
        """Read everything again, as what a storage kept can't be known otherwise."""
        async with self._turns.taken():
            error = ResyncError(space=self._deep.id, n=self.cursor.n, why=why)
            await caller.run(partial(self._start_over, error))
        await self.catch_up(storage, caller=caller)

    async def _read_on(self, storage: Storage, limit: int, caller: Caller, acknowledged: list[Sealed]) -> int:
        for _ in range(RESTARTS):
            try:
                count = await self._read(storage, limit, caller)
                self._check_met(storage, acknowledged)
                return count
            except ResyncError as error:
                await caller.run(partial(self._start_over, error))
        return await self._read(storage, limit, caller)

    def _check_met(self, storage: Storage, acknowledged: list[Sealed]) -> None:
        """What was acknowledged before is in the log, or it is another one. What a snapshot may have has no entries to meet."""
        if self._anew:
            self._anew = False
            self.outbox.meet_early()
        if any(sealed.missed for sealed in acknowledged):
            if not self.cursor.n:
                raise UnknownSpaceError(storage=storage, space=self._deep.id)
            raise RewoundError(space=self._deep.id, n=self.cursor.n, why="it lacks a batch that was acknowledged")

    def forget_cursor(self) -> None:
        """Read all of it again, over what is known."""
        self.cursor = Cursor.start(self._deep.id)
        self._seen = Seen(self.outbox.unread())

    def _start_over(self, error: ResyncError) -> None:
        self._anew = True
        self.forget_cursor()
        with self._deep.space.lock:
            self.outbox.keeper.begin_again(self.cursor)
        self.inbox.show(self.outbox.begin_anew())
        if isinstance(error, RewoundError):
            self.outbox.set_back()
        logger.warning("%s is read anew: %s", self.name, error)
        self._deep.space.dispatcher.tell(self._deep.signals.resynchronized, self._deep, storage=self.name, why=error)

    async def _read(self, storage: Storage, limit: int, caller: Caller) -> int:
        count, telling = 0, Telling(self._deep, self.name, Work.reading, caller)
        begins = self.cursor == Cursor.start(self._deep.id)
        if begins and (self._seen is not None or self.outbox.unread()):
            # Its first page may have to be asked for again and again: it begins with the one that comes.
            self._seen = Seen(self.outbox.unread())
            async with held(self._deep.space.lock):
                self.outbox.keeper.begin_again(self.cursor)
        start = self.cursor
        if begins:
            self.outbox.begin_snapshot()
        page = await storage.read(start, limit)
        if start.snapshot and not start.position:
            self.outbox.versions.load(page.cursor.n)
        while True:
            async with _ahead(storage, page, limit) as following:
                taken = await self._apply(page, caller)
                count += taken
                self.counts.got(taken)
                logger.debug("%s: %d rows and entries read, up to change %d", self.name, taken, self.cursor.n)
                if count:
                    telling.more(taken, over=following is None)
                if self._seen is not None:
                    await self._prune(self._seen, page, caller)
                if following is None:
                    return count
                page = await following

    async def _prune(self, seen: Seen, page: Page, caller: Caller) -> None:
        """At the end of a snapshot that is read over what is known: what it did not have is gone."""
        seen.note(page.rows)
        if not page.cursor.snapshot:
            await caller.run(partial(self.inbox.prune, seen))
            self._seen = None

    async def _apply(self, page: Page, caller: Caller) -> int:
        """Apply a page, a slice or a transaction at a time, so that the loop goes on; the cursor follows what is applied."""
        await self._take(page.rows, caller)
        for _, transaction in groupby(page.entries, key=lambda entry: entry.tx):
            entries = list(transaction)
            await caller.run(partial(self._take_transaction, entries))
            self.cursor = self.cursor.after(entries[-1].n, entries[-1].tag)
            await checkpoint()
        await self._keep(page)
        self.cursor = page.cursor
        return len(page.rows) + len(page.entries)

    async def _take(self, rows: Sequence[SnapshotRow], caller: Caller) -> None:
        for start in range(0, len(rows), SLICE):
            await caller.run(partial(self._take_slice, rows[start : start + SLICE]))
            await checkpoint()

    def _take_slice(self, rows: Sequence[SnapshotRow]) -> None:
        with self._deep.space.lock:
            self.outbox.keeper.take_rows(rows)
        self.inbox.apply_snapshot(rows)

    def _take_transaction(self, entries: list[LogEntry]) -> None:
        with self._deep.space.lock:
            self.outbox.keeper.take_entries(entries)
        # What it tells is heard without the lock: a receiver may wait for whoever needs that.
        self.inbox.apply_transaction(entries)

    async def _keep(self, page: Page) -> None:
        async with held(self._deep.space.lock):
            if self.cursor.snapshot:
                self.outbox.keeper.take_page(page.cursor)
            else:
                self.outbox.keeper.move(page.cursor)


class _Turns:
    """One reader at a time, in whichever event loop the space is just now."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    @asynccontextmanager
    async def taken(self) -> AsyncGenerator[None]:
        """Have the turn. Raises `BusyError` while another event loop has it."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            if self._lock.locked() and self._loop is not None and not self._loop.is_closed():
                raise BusyError(what=f"reading {self._name}", why="another thread's event loop is reading it")
            self._loop, self._lock = loop, asyncio.Lock()
        async with self._lock:
            yield


@asynccontextmanager
async def _ahead(storage: Storage, page: Page, limit: int) -> AsyncGenerator[asyncio.Task[Page] | None]:
    """The page after this one on its way; None after the last. Called off if the block is left by an error."""
    if not page.more:
        yield None
        return
    task = asyncio.create_task(storage.read(page.cursor, limit))
    try:
        yield task
    finally:
        await call_off(task)
        if not task.cancelled():
            # Where the block was left by another error, that one is told, and this one is asked for again.
            task.exception()


def replica_of(deep: Deep, name: str) -> Replica:
    """The replica of a space at a storage name, made at its first use."""
    with deep.space.lock:
        replica = deep.space.kept.get(name)
        if not isinstance(replica, Replica):
            replica = deep.space.kept[name] = Replica(deep, name)
        return replica
