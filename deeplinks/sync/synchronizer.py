"""The synchronizer: patience only. When to send, when to send again, when to give up; never what.

The sync room. The change set rings through a blinker signal; batches are written one at a time, in order; what others
write is read as it comes.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

import anyio

from deeplinks.batch import Written
from deeplinks.debugging import switch_on
from deeplinks.errors import FlushTimeoutError, InvalidError, RewoundError, StorageError, UnavailableError
from deeplinks.space import Association, Deep, Event, EventKind, Promise, Subscription
from deeplinks.space.events import Handler, event_kind
from deeplinks.space.ledger import StorageMarker, values
from deeplinks.space.marking import storage_name
from deeplinks.space.promises import Chain, Operation
from deeplinks.space.query import Query
from deeplinks.storage import verdicts
from deeplinks.storage.protocol import Storage
from deeplinks.storage.verdicts import Verdict
from deeplinks.sync.asking import ask, check
from deeplinks.sync.attaching import Closed, Keeping, attach, detach
from deeplinks.sync.attempts import Attempts
from deeplinks.sync.caller import Caller, SameThread, stalled
from deeplinks.sync.conflicts import Conflict, Lost, tell
from deeplinks.sync.follower import Follower
from deeplinks.sync.journal import FSYNC_INTERVAL, MAX_BYTES, MAX_CHANGES, Journal
from deeplinks.sync.outbox import Sealed
from deeplinks.sync.patience import Backoff, Watch
from deeplinks.sync.progress import Telling, Work
from deeplinks.sync.refusals import Refusals
from deeplinks.sync.refusing import Refusing
from deeplinks.sync.replica import replica_of
from deeplinks.sync.report import Report
from deeplinks.sync.storages import storage_of
from deeplinks.tasks import call_off, check_called_off, held

if TYPE_CHECKING:
    from deeplinks.sync.explaining import Asking

logger = logging.getLogger("deeplinks.sync.synchronizer")

WINDOW = 0.005
MOST = 10_000
LEAVING = 10.0
# A batch that takes longer than this (seconds) to be written leaves time to get the next one ready.
AHEAD = 0.02
# How long, in seconds, what others write waits at most for what is being sent.
SENDING_FIRST = 5.0
# Data of a link that is not there (deeplinks/storage/verdicts.py).
NO_LINK: Final = "23503"
LEFT: Final = "the block that kept it open was left: enter it again with the same path, then change it"


class Synchronizer:
    """A space kept in a storage by itself, and following it, while its `async with` block is open.

    Entering catches up from the space's cursor and writes what waits; leaving writes the rest, for at most 10 s.
    Made by `synchronize`.
    """

    def __init__(
        self,
        deep: Deep,
        storage: str | Storage,
        *,
        name: str = "database",
        secret: str | None = None,
        caller: Caller | None = None,
        keeping: Keeping | None = None,
    ) -> None:
        self.name = storage_name(name)
        self.leaving = LEAVING
        switch_on()
        self.storage = storage_of(storage, secret)
        self._owned = isinstance(storage, str)
        self._deep = deep
        self._caller = caller or SameThread(deep)
        self._replica = replica_of(deep, name)
        self._outbox = self._replica.outbox
        self._keeping = keeping
        self._journal: Journal | None = None
        self._counts = self._replica.counts
        self._attempts = Attempts(deep, name, self._caller, self._counts)
        self._opened_at: datetime | None = None
        self._waiting_since: datetime | None = None
        self._refusing = Refusing(deep, self._replica, self._caller)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._progress = asyncio.Event()
        self._hurry = asyncio.Event()
        self._failure: Exception | None = None
        self._trouble = ""
        self._draining = False
        self._sender: asyncio.Task[None] | None = None
        self._follower: Follower | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._chain: Chain | None = None
        self._subscriptions: dict[Subscription, None] = {}

    def __repr__(self) -> str:
        return f"<{self.name}: {self.storage!r}, {self._state()}, {len(self._outbox)} waiting>"

    def _repr_html_(self) -> str:
        return self.report()._repr_html_()

    def _state(self) -> str:
        if self._failure:
            return "stopped"
        if self._sender is None:
            return "closed"
        return "following" if self.following else "open"

    # entering and leaving

    async def __aenter__(self) -> Self:
        if self._replica.attached:
            raise InvalidError(
                what=f"storage name {self.name!r}", why="this space is being synchronized under it already"
            )
        self._check_not_forgotten()
        self._replica.attached = True
        self._failure = None
        try:
            await self._caller.run(self._keep)
            await self._reach()
            self._check_not_forgotten()
        except BaseException:
            await self._let_go()
            raise
        self._loop, self._thread = asyncio.get_running_loop(), threading.get_ident()
        self._deep.signals.waiting.connect(self._ring, sender=self._deep, weak=True)
        self._deep.space.writers[self.name] = self._write_of
        self._opened_at = datetime.now(UTC)
        self._start()
        return self

    def _keep(self) -> None:
        """Have the file keep what is in memory, and take what it has."""
        keeping, kept = self._keeping, self._outbox.keeper.path
        if keeping is None and isinstance(self._outbox.keeper, Closed):
            self._outbox.keeper.refuse_without()
        if keeping is None or kept == Path(keeping.path).resolve():
            return
        if kept is not None:
            raise InvalidError(what=f"path {keeping.path}", why=f"this space is kept in {kept} already")
        file = keeping.open()
        try:
            self._journal = attach(self._deep, self._replica, file, keeping)
        except BaseException:
            file.close()
            raise

    async def _reach(self) -> None:
        """Catch up; a space in a file starts without its storage, where that can't be reached."""
        try:
            await self.catch_up()
        except UnavailableError as error:
            if self._outbox.keeper.path is None:
                raise
            self._trouble = str(error)
            logger.warning("%s starts without its storage: %s", self.name, error)

    def _start(self) -> None:
        bells = partial(self.storage.bells, self._deep.id)
        follower = Follower(self.name, bells, self._catch_up, self._sent, self._stalled)
        self._follower = follower
        self._sender = self._task(self._send(), "sending")
        self._tasks = [self._sender, self._task(self._follow(follower), "following")]
        self._wake.set()

    def _task(self, work: Coroutine[object, object, None], what: str) -> asyncio.Task[None]:
        return asyncio.create_task(work, name=f"deeplinks {self.name}: {what}")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with anyio.CancelScope(shield=True):
            try:
                await self._leave()
            except Exception as late:
                if error is None:
                    raise
                error.add_note(f"and on leaving: {late}")
            finally:
                await self._stop()

    async def _leave(self) -> None:
        """Write the rest; what is in a file may as well wait for the next time."""
        path = self._outbox.keeper.path
        if path is None:
            await self.flush(timeout=self.leaving)
            return
        await self._outbox.keeper.synced()
        try:
            await self.flush(timeout=0 if self._trouble else self.leaving)
        except FlushTimeoutError as late:
            logger.warning("%d changes wait in %s for the next time: %s", self.pending, path, self._trouble or late)

    async def _stop(self) -> None:
        # Without the sender: blinker keeps a receiver that is disconnected from one.
        self._deep.signals.waiting.disconnect(self._ring)
        self._deep.space.writers.pop(self.name, None)
        tasks, self._tasks, self._sender, self._loop = self._tasks, [], None, None
        try:
            await call_off(*tasks)
        finally:
            for subscription in list(self._subscriptions):
                subscription()
            await self._let_go()

    async def _let_go(self) -> None:
        self._replica.attached = False
        journal, self._journal = self._journal, None
        if journal is not None:
            async with held(self._deep.space.lock):
                detach(self._deep, self._replica, journal, LEFT)
        if self._owned:
            await self.storage.close()

    # verbs

    @property
    def pending(self) -> int:
        """How many associations wait with their changes, those of batches under way too."""
        return len(self._outbox)

    @property
    def following(self) -> bool:
        """Whether what others write is heard as it comes, at this moment."""
        return self._follower is not None and self._follower.connected

    def report(self) -> Report:
        """How the space stands with this storage just now: what is marked, what waits and why, what went wrong."""
        ledger, outbox, counts, n = self._outbox.ledger, self._outbox, self._counts, self._replica.cursor.n
        newest = self._follower.newest if self._follower and self.following else None
        on_the_way = sum(map(len, outbox.sealed))
        return Report(
            name=self.name,
            file=None if outbox.keeper.path is None else str(outbox.keeper.path),
            storage=getattr(self.storage, "where", None) or repr(self.storage),
            space=self._deep.id,
            state=self._state(),
            since=self._opened_at if self._sender else None,
            marked=self._marked(),
            types=len(ledger.typed[StorageMarker.typed_true]),
            known=len(ledger.known) - ledger.permanent_known,
            waiting=len(outbox) - on_the_way,
            sent=on_the_way,
            refused=len(self.refused),
            why=self._why(),
            waiting_since=self._waiting_since if len(outbox) else None,
            n=max(n, 0),
            lag=None if newest is None else max(newest - n, 0),
            requests=getattr(self.storage, "requests", counts.batches),
            **counts.told(),
        )

    def _marked(self) -> int:
        """How many are marked; in a file that keeps everything, how many it keeps."""
        ledger = self._outbox.ledger
        if not ledger.holds_everything:
            return len(ledger.one[StorageMarker.one_true])
        return sum(map(ledger.holds, list(self._deep.space.associations.values()))) - 1

    def _why(self) -> str:
        """Why something waits, where that is not just because it was changed this moment."""
        if self._failure is not None:
            return str(self._failure)
        if self._sender is None:
            return "it is not open: enter its block" if len(self._outbox) else ""
        return self._trouble

    @property
    def refused(self) -> Refusals:
        """What the storage refused for good and was set aside, oldest first, until it is retried or discarded."""
        return self._replica.refused

    async def flush(self, timeout: float | None = None, *, local: bool = False) -> None:
        """Wait until every change that was accepted before this call is committed; `local`: until it is on this disk.

        Raises `FlushTimeoutError` when the time (seconds) runs out, `RefusedError` once everything else is committed for
        what was refused and set aside meanwhile, or since anybody was told, `StoppedError` or another `StorageError` where
        nothing gets through; in no case anything is discarded. `InvalidError` inside a `together()`.
        """
        self.check_ungrouped()
        if local and self._outbox.keeper.path is None:
            raise InvalidError(what=f"flush(local=True) of {self.name}", why="it is kept in no file: give it a path")
        target, refused = self._outbox.noted, self.refused.total
        try:
            with anyio.fail_after(timeout):
                await self._outbox.keeper.synced()
                if not local:
                    await self._at_home(self._written(target))
            async with held(self._deep.space.lock):
                self.refused.check(refused)
        except TimeoutError:
            raise FlushTimeoutError(
                seconds=timeout, pending=len(self._outbox), why=(self._trouble or "it is slow").rstrip(".")
            ) from None

    def check_ungrouped(self) -> None:
        """Raises `InvalidError` where this thread has a `together()` open: what is in it can't be written yet."""
        if self._deep.space.grouping:
            raise InvalidError(
                what=f"waiting for {self.name}", why="a together() is open; what is in it can't be written yet"
            )

    async def _at_home(self, work: Coroutine[object, object, None]) -> None:
        """Wait in the event loop of the block, whichever this one is."""
        loop = self._loop
        if loop is None or loop is asyncio.get_running_loop():
            await work
        else:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))

    async def _written(self, target: int) -> None:
        self._hurry.set()
        self._wake.set()
        while self._failure is not None or self._outbox.written < target:
            if self._failure is not None:
                raise self._failure
            if self._sender is None or self._sender.done():
                raise InvalidError(what=f"flush of {self.name}", why="its `async with` block is not open")
            await self._progress.wait()

    async def _write_of(self, association: Association) -> None:
        """Wait until what was accepted of one association is committed."""
        self.check_ungrouped()
        refused = self.refused.total
        async with held(self._deep.space.lock):
            target = self._outbox.accepted(association)
        await self._at_home(self._written(target))
        async with held(self._deep.space.lock):
            self.refused.check(refused, association)

    def _check_not_forgotten(self) -> None:
        if self._deep.space.kept.get(self.name) is not self._replica:
            why = "this space has forgotten it since; make a new one with synchronize(…)"
            raise InvalidError(what=f"storage name {self.name!r}", why=why)

    async def catch_up(self) -> int:
        """Read what others wrote since the last time; how many rows and log entries that were.

        Raises the storage's errors, and `InvalidError` inside a `together()`.
        """
        self.check_ungrouped()
        return await self._catch_up()

    async def _catch_up(self) -> int:
        count = await self._replica.catch_up(self.storage, caller=self._caller)
        if self._outbox.knows_set_back:
            # Sending has waited for this.
            self._wake.set()
        self._trouble = ""
        return count

    async def ask(self, query: Query) -> list[Association]:
        """What a query of this space means in the storage: `await database.ask(deep.query(type=User))`.

        The same associations as the query itself has in memory once all of the storage is loaded; those that are not here
        yet are loaded, with their data and types. What waits to be written is not asked: `flush()` first. Raises
        `InvalidError` for criteria that mean something in memory alone, and for a storage that answers no questions,
        `OtherSpaceError` for a query of another space, and the storage's errors.
        """
        self.check_ungrouped()
        return await ask(self._deep, query, self.storage, self._replica, self._caller)

    def explain(self, query: Query) -> Asking:
        """The GraphQL by which `ask` would ask a query, and the SQL that a deeplinks server makes of it; nobody is asked.

        Raises as `ask` does for the query.
        """
        check(self._deep, query)
        # The dialect reads GraphQL: whoever never asks needs no library for that.
        from deeplinks.sync.explaining import explain

        return explain(query)

    def on(self, kind: EventKind | str, handler: Handler) -> Subscription:
        """Hear what becomes of changes in this storage: `database.on(deep.events.db_batch_failed, handler)`.

        The `db_` events that this storage tells, the marks set and taken away for it, and what others wrote there. Returns
        a disposer; leaving the block ends it too. Raises `WrongTypeError` for an unknown kind or no handler.
        """
        subscription = self._deep.space.subscribe(event_kind(kind), handler, self._deep, self._own)
        self._subscriptions[subscription] = None
        return subscription

    def _own(self, event: Event) -> Event | None:
        mark = event.new or event.old
        if event.kind in (EventKind.store_added, EventKind.store_removed):
            return event if isinstance(mark, tuple) and mark[0] == self.name else None
        return event if event.origin == self.name else None

    @property
    def promise(self) -> Promise:
        """All that is still to be done: `await database.promise` waits for what was assigned, and for `flush()`.

        Assign a coroutine or a function, and it runs after those assigned before; `del` forgets them.
        """
        return Promise(self._chain, lambda: self.pending > 0, self.flush)

    @promise.setter
    def promise(self, operation: Operation | Promise) -> None:
        chain = self._chain or Chain(self.name)
        if isinstance(operation, Promise) and operation.chain in (chain, None):
            return
        chain.add(operation)
        self._chain = chain

    @promise.deleter
    def promise(self) -> None:
        chain, self._chain = self._chain, None
        if chain is not None:
            chain.drop()

    # following

    async def _follow(self, follower: Follower) -> None:
        try:
            await follower.run()
        except Exception as error:  # noqa: BLE001  whatever ends it is raised to whoever flushes or leaves
            self._fail(error)

    async def _sent(self) -> None:
        """Until nothing is being sent, for a while: reading one's own entries can wait."""
        with anyio.move_on_after(SENDING_FIRST):
            while self._draining and self._failure is None:
                await self._progress.wait()

    # sending

    def _ring(self, deep: Deep, storage: str) -> None:
        if storage != self.name:
            return
        self._waiting_since = self._waiting_since or datetime.now(UTC)
        loop = self._loop
        if threading.get_ident() == self._thread:
            self._wake.set()
        elif loop is not None:
            loop.call_soon_threadsafe(self._wake.set)

    async def _send(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                await self._window()
                await self._drain()
        except asyncio.CancelledError:
            if self._sender is not None and self._failure is None and len(self._outbox):
                logger.error(
                    "%s was not left before the program ended: %d changes were not written", self.name, self.pending
                )
            raise
        except Exception as error:  # noqa: BLE001  whatever ends the sender is raised to whoever flushes or leaves
            self._fail(error)
        finally:
            self._announce()

    def _fail(self, error: Exception) -> None:
        """Nothing is sent or read any more; whoever flushes or leaves hears why."""
        if self._failure is None:
            self._failure = error
            logger.error("%s stopped: %s", self.name, error)
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()
        self._announce()

    async def _window(self) -> None:
        """Let changes gather for a moment, unless somebody waits for them."""
        with anyio.move_on_after(WINDOW):
            await self._hurry.wait()
        self._hurry.clear()

    async def _drain(self) -> None:
        self._draining = True
        telling = Telling(self._deep, self.name, Work.writing, self._caller)
        while (sealed := await self._next()) is not None:
            self._attempts.started(sealed)
            with Watch(partial(self._tell_stalled, sealed)):
                done = await self._write(sealed)
            left = len(self._outbox)
            telling.more(len(sealed) if done else 0, left, over=not left)
            self._announce()
        self._draining = False
        self._waiting_since = None
        self._announce()

    async def _next(self) -> Sealed | None:
        async with held(self._deep.space.lock):
            return self._outbox.next(MOST)

    async def _write(self, sealed: Sealed) -> bool:
        """Send the same batch until it is answered for good; whether it is committed."""
        backoff, number = Backoff(), 0
        while True:
            number += 1
            if number > 1:
                self._attempts.again(sealed)
            # What leaves under a number never leaves as something else, whatever happens to this machine.
            await self._outbox.keeper.synced()
            ahead = asyncio.get_running_loop().call_later(AHEAD, self._seal_ahead)
            try:
                written = await self.storage.write(sealed.batch)
            except StorageError as error:
                check_called_off()
                self._trouble = str(error)
                self._attempts.failed(sealed, number, error)
                if await self._answer(sealed, error):
                    self._trouble = ""
                    return False
                await backoff.pause()
            else:
                check_called_off()
                self._trouble = ""
                await self._settle(sealed, number, written)
                return True
            finally:
                ahead.cancel()

    async def _settle(self, sealed: Sealed, number: int, written: Written) -> None:
        async with held(self._deep.space.lock):
            self._outbox.settle(sealed, written)
            self._tell_lost(sealed, written)
        self._attempts.completed(sealed, number, written)

    async def _answer(self, sealed: Sealed, error: StorageError) -> bool:
        """Do what an error asks for. Whether the outbox is to be asked anew what to send, instead of the same again."""
        verdict = verdicts.of(error)
        if verdict is Verdict.again:
            logger.warning("batch %s is sent again: %s", sealed.batch.seq, error)
        elif _set_back(sealed, error, verdict):
            await self._begin_again(error)
        else:
            return await self._refusing.answer(self.storage, sealed, error, verdict)
        return False

    def _tell_stalled(self, sealed: Sealed, seconds: float) -> None:
        what = f"batch {sealed.batch.seq} ({sealed.batch.content.size} rows), and {len(self._outbox)} changes wait"
        self._stalled(what, seconds, self._trouble or "there is no answer yet")

    def _stalled(self, what: str, seconds: float, why: str) -> None:
        stalled(self._deep, self._caller, self.name, what, seconds, why)

    def _seal_ahead(self) -> None:
        lock = self._deep.space.lock
        if lock.acquire(blocking=False):
            # What can't be sealed is raised where it would be sent.
            try:
                with suppress(Exception):
                    self._outbox.seal_ahead(MOST)
            finally:
                lock.release()

    async def _begin_again(self, error: StorageError) -> None:
        """The storage lost batches that it had acknowledged: read what it has, and be a new client to it."""
        if not self._outbox.knows_set_back and not await self._read_anew(error):
            return
        async with held(self._deep.space.lock):
            self._outbox.start_over()

    async def _read_anew(self, error: StorageError) -> bool:
        """Whether that could be done just now."""
        rewound = RewoundError(space=self._deep.id, n=self._replica.cursor.n, why=error.facts.get("why"))
        try:
            await self._replica.begin_again(self.storage, rewound, self._caller)
        except StorageError as late:
            if verdicts.of(late) is not Verdict.again:
                raise
            logger.warning("%s will be read anew: %s", self.name, late)
            return False
        return True

    def _tell_lost(self, sealed: Sealed, written: Written) -> None:
        """What was changed here of associations that are dead there: each field is told with the value it had here."""
        columns = dict(sealed.batch.content.updates)
        for id in written.changed:
            association = self._deep.get(id)
            now = values(association) if association else {}
            sent = {column.removeprefix("_"): value for column, value in columns[id].items()}
            for name in self._outbox.drop(id, sealed.batch.seq):
                mine = sent.get(name, now.get(name))
                conflict = Conflict(id, name, mine, None, Lost.mine, association)
                self._caller.post(partial(tell, self._deep, conflict))

    def _announce(self) -> None:
        progress, self._progress = self._progress, asyncio.Event()
        progress.set()


def _set_back(sealed: Sealed, error: StorageError, verdict: Verdict) -> bool:
    """Whether the storage refuses a batch because it was set back, so that it lacks what came before."""
    return verdict is Verdict.gap or (error.facts.get("reason") == NO_LINK and not sealed.renewed)


def synchronize(
    deep: Deep,
    storage: str | Storage,
    *,
    name: str = "database",
    secret: str | None = None,
    path: str | Path | None = None,
    fsync_interval: float = FSYNC_INTERVAL,
    max_changes: int | None = MAX_CHANGES,
    max_bytes: int | None = MAX_BYTES,
) -> Synchronizer:
    """Keep a space in a storage: `async with synchronize(deep, url) as database:`.

    `storage` is the URL of a GraphQL endpoint, or a storage; `name` is what `store` calls it. Entering raises the
    storage's errors: `UnavailableError`, `AccessDeniedError`, `SchemaMissingError`, …

    `path` is a file that keeps what waits and what was read: a setter returns when its change is in it, and it is on the
    disk within `fsync_interval` seconds, at 0 before that. Then it starts without the storage where that can't be reached,
    and from the file the next time. More than `max_changes` or `max_bytes` that wait raise `OutboxFullError` in the
    setter. Entering raises `FileInUseError`, `CorruptFileError`, `LocalFileError`, and `InvalidError` for the file of
    another space.
    """
    keeping = None if path is None else Keeping(path, fsync_interval, max_changes, max_bytes)
    return Synchronizer(deep, storage, name=name, secret=secret, keeping=keeping)
