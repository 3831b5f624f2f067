"""The verbs without `await`: one thread runs the event loop for all of them, in scripts, threads and inside a running loop.

A face: a line a verb. What comes in is applied in the caller's thread, at each verb or on its running loop; that thread is
never waited for by the other but where something has to be applied.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Generator, Iterable
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar
from weakref import WeakKeyDictionary

import anyio
from anyio.from_thread import BlockingPortal

from deeplinks import sync
from deeplinks.errors import InvalidError, UnavailableError, described
from deeplinks.space import Association, Deep, EventKind, Promise, Subscription
from deeplinks.space.events import Handler
from deeplinks.space.promises import Operation, Promising
from deeplinks.space.query import Query
from deeplinks.storage.protocol import Storage
from deeplinks.sync import open as open
from deeplinks.sync.attaching import Keeping
from deeplinks.sync.caller import Step, tell_apart
from deeplinks.sync.journal import FSYNC_INTERVAL, MAX_BYTES, MAX_CHANGES
from deeplinks.sync.progress import Progress

if TYPE_CHECKING:
    from deeplinks.sync.explaining import Asking

T = TypeVar("T")

logger = logging.getLogger("deeplinks.blocking")

# How long, in seconds, the end of a program waits for what nobody closed.
LEAVING = 5.0


class Handover:
    """Steps on their way from the loop's thread to the caller's, in order."""

    def __init__(self, deep: Deep | None = None) -> None:
        self._deep = deep
        self._taker = 0
        self._steps: deque[Callable[[], object]] = deque()
        self._changed = threading.Condition()
        self._taking = threading.RLock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def notice(self) -> None:
        """If this thread runs an event loop, steps are taken on it from now on, also between verbs."""
        self._loop = asyncio._get_running_loop() or self._loop

    def check(self) -> None:
        """Raises `InvalidError` where a verb that reads would wait for itself, or be undone."""
        if self._taker == threading.get_ident():
            raise InvalidError(what="reading", why="this is called by what is just being read; it comes in by itself")
        if self._deep is not None and self._deep.space.grouping:
            raise InvalidError(what="reading", why="a together() is open; what comes in would be undone with it")

    async def run(self, step: Step) -> None:
        """Have a step taken, and wait until it is. Raises what it raises."""
        future: Future[None] = Future()
        self.post(partial(_fulfil, future, step))
        return await asyncio.wrap_future(future)

    def post(self, step: Step) -> None:
        """Have a step taken after those before it; nobody waits."""
        self._steps.append(step)
        self._notify()
        if self._loop is not None:
            # A loop that is closed takes nothing any more; the next verb does.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self.take)

    def _notify(self, _: object = None) -> None:
        with self._changed:
            self._changed.notify_all()

    def take(self) -> None:
        """Take all steps that wait."""
        with self._taking:
            outer, self._taker = self._taker, threading.get_ident()
            try:
                while self._steps:
                    self._take(self._steps.popleft())
            finally:
                self._taker = outer

    def _take(self, step: Step) -> None:
        if self._deep is None:
            step()
        else:
            tell_apart(self._deep, step)

    def wait(self, future: Future[T]) -> T:
        """What the future gives; steps are taken meanwhile. Interrupted, it calls the work off."""
        future.add_done_callback(self._notify)
        try:
            while not future.done():
                self.take()
                with self._changed:
                    self._changed.wait_for(lambda: future.done() or bool(self._steps))
        except BaseException:
            future.cancel()
            raise
        self.take()
        return future.result()


def _fulfil(future: Future[None], step: Step) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        step()
    except Exception as error:  # noqa: BLE001  raised where it is waited for
        future.set_exception(error)
    except BaseException:
        # Ctrl-C is for this thread; the other one reads again.
        future.set_exception(UnavailableError(storage="the caller's thread", why="it was interrupted"))
        raise
    else:
        future.set_result(None)


_handovers: WeakKeyDictionary[Deep, Handover] = WeakKeyDictionary()


def _handover(deep: Deep) -> Handover:
    with deep.space.lock:
        handover = _handovers.setdefault(deep, Handover(deep))
    handover.notice()
    return handover


class _Portal:
    """The thread with the event loop: there while anybody needs it, and no reason for a program not to end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._portal: BlockingPortal | None = None
        self._thread: threading.Thread | None = None

    def enter(self) -> BlockingPortal:
        """The portal, started if this is its first user."""
        with self._lock:
            if self._portal is None:
                started: Future[BlockingPortal] = Future()
                arguments = (partial(_serve, started),)
                self._thread = threading.Thread(target=anyio.run, args=arguments, name="deeplinks", daemon=True)
                self._thread.start()
                self._portal = started.result()
            self._users += 1
            return self._portal

    def leave(self) -> None:
        """One user less; after the last the thread ends."""
        with self._lock:
            self._users -= 1
            if self._users or self._portal is None or self._thread is None:
                return
            portal, thread = self._portal, self._thread
            # First of all: who interrupts the waiting must not leave a portal behind that is closed.
            self._portal = self._thread = None
            portal.call(portal.stop)
            thread.join()

    @contextmanager
    def used(self) -> Generator[BlockingPortal]:
        """The portal for the length of a block."""
        portal = self.enter()
        try:
            yield portal
        finally:
            self.leave()


async def _serve(started: Future[BlockingPortal]) -> None:
    async with BlockingPortal() as portal:
        started.set_result(portal)
        await portal.sleep_until_stopped()


_portal = _Portal()


class Synchronizer:
    """A space kept in a storage by itself, and following it, while it is open: `deeplinks.Synchronizer` without `await`."""

    def __init__(
        self,
        deep: Deep,
        storage: str | Storage,
        *,
        name: str = "database",
        secret: str | None = None,
        keeping: Keeping | None = None,
    ) -> None:
        self._deep = deep
        self._handover = _handover(deep)
        self._inner = sync.Synchronizer(deep, storage, name=name, secret=secret, caller=self._handover, keeping=keeping)
        self._open: BlockingPortal | None = None

    def __repr__(self) -> str:
        return repr(self._inner)

    def _repr_html_(self) -> str:
        return self._inner._repr_html_()

    @property
    def name(self) -> str:
        """What `store` calls it."""
        return self._inner.name

    @property
    def storage(self) -> Storage:
        """Where batches are written."""
        return self._inner.storage

    def open(self) -> Self:
        """Enter, where a `with` block does not fit, as in a notebook; `close` leaves. Raises the storage's errors."""
        portal = _portal.enter()
        try:
            self._await(portal, self._inner.__aenter__)
        except BaseException:
            _portal.leave()
            raise
        self._open = portal
        _opened.add(self)
        return self

    def close(self) -> None:
        """Write what waits, for at most 10 s, and leave; a second time is harmless. Raises `FlushTimeoutError`."""
        self._leave(None, None, None)

    def forget(self) -> None:
        """Be closed, without a word: in a forked child the parent has it open."""
        self._open = None

    def end(self) -> None:
        """Close at the end of the program, which has less patience."""
        self._inner.leaving = LEAVING
        self.close()

    __enter__ = open

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave(kind, error, trace)

    def _leave(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        portal, self._open = self._open, None
        if portal is None:
            return
        _opened.discard(self)
        try:
            self._await(portal, partial(self._inner.__aexit__, kind, error, trace))
        finally:
            _portal.leave()

    def _await(self, portal: BlockingPortal | None, verb: Callable[[], Awaitable[T]]) -> T:
        if portal is None:
            raise InvalidError(what=self.name, why="it is not open: use it in a `with` block, or after open()")
        self._handover.notice()
        return self._handover.wait(portal.start_task_soon(verb))

    @property
    def pending(self) -> int:
        """How many associations wait with their changes, those of batches under way too."""
        return self._inner.pending

    @property
    def following(self) -> bool:
        """Whether what others write is heard as it comes, at this moment."""
        return self._inner.following

    def report(self) -> sync.Report:
        """How the space stands with this storage just now."""
        return self._inner.report()

    @property
    def refused(self) -> sync.Refusals:
        """What the storage refused for good and was set aside, oldest first, until it is retried or discarded."""
        return self._inner.refused

    def ask(self, query: Query) -> list[Association]:
        """What a query of this space means in the storage; what is not here yet is loaded.

        Raises `InvalidError` for criteria that mean something in memory alone, `OtherSpaceError` for a query of another
        space, and the storage's errors.
        """
        self._handover.check()
        return self._await(self._open, partial(self._inner.ask, query))

    def explain(self, query: Query) -> Asking:
        """The GraphQL by which `ask` would ask a query, and the SQL that a deeplinks server makes of it; nobody is asked."""
        return self._inner.explain(query)

    def flush(self, timeout: float | None = None, *, local: bool = False) -> None:
        """Wait until every change that was accepted before this call is committed; `local`: until it is on this disk.

        Raises as the async one does.
        """
        self._inner.check_ungrouped()
        self._await(self._open, partial(self._inner.flush, timeout, local=local))

    def catch_up(self) -> int:
        """Read what others wrote since the last time; how many rows and log entries that were."""
        self._handover.check()
        return self._await(self._open, self._inner.catch_up)

    def on(self, kind: EventKind | str, handler: Handler) -> Subscription:
        """Hear what becomes of changes in this storage, in the caller's thread. Returns a disposer."""
        return self._inner.on(kind, handler)

    @property
    def promise(self) -> Promise:
        """All that is still to be done: `wait(database)` waits for it, and so does `await`."""
        return self._inner.promise

    @promise.setter
    def promise(self, operation: Operation | Promise) -> None:
        self._inner.promise = operation

    @promise.deleter
    def promise(self) -> None:
        del self._inner.promise


_opened: set[Synchronizer] = set()


def _forget() -> None:
    """In a forked child there is no thread of ours, and nothing is open."""
    for synchronizer in _opened:
        synchronizer.forget()
    _opened.clear()
    _portal.__init__()


os.register_at_fork(after_in_child=_forget)


def _close_all() -> None:
    for synchronizer in list(_opened):
        try:
            synchronizer.end()
        except Exception as error:  # noqa: BLE001  the next one is to be closed too
            logger.error("%s was not closed before the program ended: %s", synchronizer.name, error)


# Before executors are shut down, which connecting needs: `atexit` comes after that.
getattr(threading, "_register_atexit", atexit.register)(_close_all)


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
    """Keep a space in a storage: `with synchronize(deep, url) as database:`, with a `path` in a file too.

    Does and raises what the async one does.
    """
    keeping = None if path is None else Keeping(path, fsync_interval, max_changes, max_bytes)
    return Synchronizer(deep, storage, name=name, secret=secret, keeping=keeping)


def load(
    storage: str | Storage,
    *,
    space: str | None = None,
    into: Deep | None = None,
    types: Iterable[Association | str] | None = None,
    name: str = "database",
    secret: str | None = None,
    progress: Callable[[Progress], object] | None = None,
) -> Deep:
    """A space with its original ids, types, data and order; `into`: only what came since. Raises as the async one does."""
    handover = Handover() if into is None else _handover(into)
    caller = None if into is None else handover
    handover.check()
    work = partial(
        sync.load,
        storage,
        space=space,
        into=into,
        types=types,
        name=name,
        secret=secret,
        caller=caller,
        progress=progress,
    )
    with _portal.used() as portal:
        return handover.wait(portal.start_task_soon(work))


def wait(owner: Promising, timeout: float | None = None) -> object:
    """Wait for the promise of an association or a storage, `await owner.promise` without `await`.

    `timeout` is in seconds. Raises `TimeoutError`, what an operation raised, and `InvalidError` where its operations run on
    this very thread's event loop.
    """
    promise = owner.promise
    handover = _handover(owner.space_of().root) if isinstance(owner, Association) else _of(owner)
    loop = asyncio._get_running_loop()
    if loop is not None and promise.chain is not None and promise.chain.loop is loop:
        raise InvalidError(
            what=f"wait for {described(owner)}", why="its operations run on this thread's own loop; await it"
        )
    with _portal.used() as portal:
        return handover.wait(portal.start_task_soon(partial(_within, promise, timeout)))


def _of(owner: Promising) -> Handover:
    return owner._handover if isinstance(owner, Synchronizer) else Handover()


async def _within(promise: Promise, timeout: float | None) -> object:
    with anyio.fail_after(timeout):
        return await promise
