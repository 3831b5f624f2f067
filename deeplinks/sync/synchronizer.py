"""The synchronizer: patience only. When to send, when to send again, when to give up; never what.

The sync room. The change set rings through a blinker signal; batches are written one at a time, in order.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from types import TracebackType
from typing import Self

import anyio

from deeplinks.batch import Batch, Written
from deeplinks.errors import FlushTimeoutError, InvalidError, QueryError, RefusedError, UnavailableError
from deeplinks.space import Deep
from deeplinks.space.ledger import values
from deeplinks.storage.protocol import Storage
from deeplinks.sync.conflicts import Conflict, Lost, tell
from deeplinks.sync.replica import replica_of
from deeplinks.sync.storages import storage_of

logger = logging.getLogger("deeplinks.sync.synchronizer")

WINDOW = 0.005
MOST = 10_000
LEAVING = 10.0
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 5.0


class Synchronizer:
    """A space kept in a storage by itself, while its `async with` block is open.

    Entering catches up from the space's cursor and writes what waits; leaving writes the rest, for at most 10 s.
    Made by `synchronize`.
    """

    def __init__(
        self, deep: Deep, storage: str | Storage, *, name: str = "database", secret: str | None = None
    ) -> None:
        self.name = name
        self.storage = storage_of(storage, secret)
        self._owned = isinstance(storage, str)
        self._deep = deep
        self._replica = replica_of(deep, name)
        self._outbox = self._replica.outbox
        self._wake = asyncio.Event()
        self._progress = asyncio.Event()
        self._hurry = asyncio.Event()
        self._failure: Exception | None = None
        self._trouble = ""
        self._task: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        state = "stopped" if self._failure else "open" if self._task else "closed"
        return f"<{self.name}: {self.storage!r}, {state}, {len(self._outbox)} waiting>"

    # entering and leaving

    async def __aenter__(self) -> Self:
        if self._replica.attached:
            raise InvalidError(
                what=f"storage name {self.name!r}", why="this space is being synchronized under it already"
            )
        self._replica.attached = True
        self._failure = None
        try:
            await self.catch_up()
        except BaseException:
            await self._let_go()
            raise
        self._loop, self._thread = asyncio.get_running_loop(), threading.get_ident()
        self._deep.signals.waiting.connect(self._ring, sender=self._deep, weak=True)
        self._task = asyncio.create_task(self._run(), name=f"deeplinks {self.name}")
        self._wake.set()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with anyio.CancelScope(shield=True):
            try:
                await self.flush(timeout=LEAVING)
            except Exception as late:
                if error is None:
                    raise
                error.add_note(f"and on leaving: {late}")
            finally:
                await self._stop()

    async def _stop(self) -> None:
        self._deep.signals.waiting.disconnect(self._ring, sender=self._deep)
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        await self._let_go()

    async def _let_go(self) -> None:
        self._replica.attached = False
        if self._owned:
            await self.storage.close()

    # verbs

    @property
    def pending(self) -> int:
        """How many associations wait with their changes, those of batches under way too."""
        return len(self._outbox)

    async def flush(self, timeout: float | None = None) -> None:
        """Wait until every change that was accepted before this call is committed.

        Raises `FlushTimeoutError` when the time (seconds) runs out, `RefusedError` or another `StorageError` when the
        storage refused for good, in both cases nothing is discarded; `InvalidError` inside a `together()`.
        """
        if self._deep.space.grouping:
            raise InvalidError(
                what=f"flush of {self.name}", why="a together() is open; what is in it can't be written yet"
            )
        target = self._outbox.noted
        self._hurry.set()
        self._wake.set()
        try:
            with anyio.fail_after(timeout):
                await self._written(target)
        except TimeoutError:
            raise FlushTimeoutError(
                seconds=timeout, pending=len(self._outbox), why=self._trouble or "it is slow"
            ) from None

    async def _written(self, target: int) -> None:
        while self._outbox.written < target:
            if self._failure is not None:
                raise self._failure
            if self._task is None or self._task.done():
                raise InvalidError(what=f"flush of {self.name}", why="its `async with` block is not open")
            await self._progress.wait()

    async def catch_up(self) -> int:
        """Read what others wrote since the last time; how many rows and log entries that were."""
        return await self._replica.catch_up(self.storage)

    # sending

    def _ring(self, deep: Deep, storage: str) -> None:
        if storage != self.name:
            return
        if threading.get_ident() == self._thread:
            self._wake.set()
        else:
            self._loop.call_soon_threadsafe(self._wake.set)

    async def _run(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                await self._window()
                await self._drain()
        except asyncio.CancelledError:
            if self._task is not None and len(self._outbox):
                logger.error(
                    "%s was not left before the program ended: %d changes were not written", self.name, self.pending
                )
            raise
        except Exception as error:  # noqa: BLE001  whatever ends the sender is raised to whoever flushes or leaves
            self._failure = error
            logger.error("%s stopped: %s", self.name, error)
        finally:
            self._announce()

    async def _window(self) -> None:
        """Let changes gather for a moment, unless somebody waits for them."""
        with anyio.move_on_after(WINDOW):
            await self._hurry.wait()
        self._hurry.clear()

    async def _drain(self) -> None:
        while (batch := self._outbox.next(MOST)) is not None:
            written = await self._write(batch)
            self._outbox.settle(batch, written.created)
            self._tell_lost(batch, written)
            self._announce()
        self._announce()

    async def _write(self, batch: Batch) -> Written:
        """Send the same batch until it is answered for good."""
        pause = FIRST_PAUSE
        while True:
            try:
                written = await self.storage.write(batch)
            except UnavailableError as error:
                self._trouble = str(error)
                logger.warning("batch %s is sent again: %s", batch.seq, error)
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))
                pause = min(pause * 2, LONGEST_PAUSE)
            except QueryError as error:
                facts = error.facts
                raise RefusedError(
                    storage=facts.get("storage"), seq=batch.seq, why=facts.get("why"), reason=facts.get("reason")
                ) from error
            else:
                self._trouble = ""
                return written

    def _tell_lost(self, batch: Batch, written: Written) -> None:
        """What was changed here of associations that are dead there: each field is told with the value it had here."""
        columns = dict(batch.content.updates)
        for id in written.changed:
            association = self._deep.get(id)
            now = values(association) if association else {}
            sent = {column.removeprefix("_"): value for column, value in columns[id].items()}
            for name in self._outbox.drop(id, batch.seq):
                mine = sent.get(name, now.get(name))
                tell(self._deep, Conflict(id, name, mine, None, Lost.mine, association))

    def _announce(self) -> None:
        progress, self._progress = self._progress, asyncio.Event()
        progress.set()


def synchronize(
    deep: Deep, storage: str | Storage, *, name: str = "database", secret: str | None = None
) -> Synchronizer:
    """Keep a space in a storage: `async with synchronize(deep, url) as database:`.

    `storage` is the URL of a GraphQL endpoint, or a storage; `name` is what `store` calls it. Entering raises the
    storage's errors: `UnavailableError`, `AccessDeniedError`, `SchemaMissingError`, …
    """
    return Synchronizer(deep, storage, name=name, secret=secret)
