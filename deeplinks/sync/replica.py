"""A replica: what a space knows of one storage; cursor, outbox and inbox under the storage's name.

The sync room. It lives as long as its space, over any number of connections, so nothing accepted is lost between them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import groupby

from anyio.lowlevel import checkpoint

from deeplinks.batch import Cursor, Page
from deeplinks.space import Deep
from deeplinks.storage.protocol import Storage
from deeplinks.sync.inbox import Inbox
from deeplinks.sync.outbox import Outbox

PAGE = 1000
# Rows applied before the event loop gets a turn.
SLICE = 100


class Replica:
    """One space at one storage."""

    def __init__(self, deep: Deep, name: str) -> None:
        self.name = name
        self.cursor = Cursor.start(deep.id)
        self.outbox = Outbox(deep, name)
        self.inbox = Inbox(deep, self.outbox)
        self.attached = False
        self._reading = asyncio.Lock()

    async def catch_up(self, storage: Storage, limit: int = PAGE) -> int:
        """Read everything since the cursor, first as a snapshot if there is none; how many rows and entries that were.

        One at a time; the next page is asked for while this one is applied.
        """
        async with self._reading:
            return await self._read(storage, limit)

    async def _read(self, storage: Storage, limit: int) -> int:
        acknowledged = self.outbox.acknowledged()
        count = 0
        page = await storage.read(self.cursor, limit)
        while True:
            async with _ahead(storage, page, limit) as following:
                count += await self._apply(page)
                if following is None:
                    break
                page = await following
        self.inbox.restore(self.outbox.read_through(acknowledged))
        return count

    async def _apply(self, page: Page) -> int:
        """Apply a page, a slice or a transaction at a time, so that the loop goes on; the cursor follows what is applied."""
        for start in range(0, len(page.rows), SLICE):
            self.inbox.apply_snapshot(page.rows[start : start + SLICE])
            await checkpoint()
        for _, transaction in groupby(page.entries, key=lambda entry: entry.tx):
            entries = list(transaction)
            self.inbox.apply_transaction(entries)
            self.cursor = Cursor(self.cursor.space, entries[-1].n, entries[-1].tag)
            await checkpoint()
        self.cursor = page.cursor
        return len(page.rows) + len(page.entries)


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
        if not task.done():
            task.cancel()
            await asyncio.wait([task])


def replica_of(deep: Deep, name: str) -> Replica:
    """The replica of a space at a storage name, made at its first use."""
    replica = deep.space.kept.get(name)
    if not isinstance(replica, Replica):
        replica = deep.space.kept[name] = Replica(deep, name)
    return replica
