"""Syncing: a thread that brings what was committed to the disk, so that no setter waits for it.

The storage room. It syncs the write-ahead log by a descriptor of its own, and moves it into the file over a connection of
its own; what is written is not known here.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Final
from weakref import WeakMethod

logger = logging.getLogger("deeplinks.storage.sqlite")

# Bytes of the write-ahead log: from the first on it is moved into the file, from the second on writers wait for that.
LOG_BYTES: Final = 4 * 1024 * 1024
MOST_LOG_BYTES: Final = 64 * 1024 * 1024


class Syncer:
    """Syncs at most every `interval` seconds while there is something to sync, and whenever somebody waits for it.

    `failed` is told of an error, after which nothing is synced until the file was opened anew.
    """

    def __init__(self, path: Path, interval: float, failed: Callable[[Exception], object]) -> None:
        self._path = path
        self._log = path.with_name(f"{path.name}-wal")
        self._interval = interval
        # Weakly: a file that nobody has any more is closed, though this thread runs.
        self._failed = WeakMethod(failed)
        self._committed = 0
        self._synced = 0
        self._dirty = threading.Event()
        self._hurry = threading.Event()
        self._ending = False
        self._lock = threading.Lock()
        self._waiting: list[Future[None]] = []
        self._thread = threading.Thread(target=self._run, name=f"deeplinks {path.name}", daemon=True)

    def start(self) -> None:
        """Begin, once the file is there."""
        self._thread.start()

    def note(self) -> None:
        """Something was committed."""
        self._committed += 1
        if not self._dirty.is_set():
            self._dirty.set()

    @property
    def done(self) -> bool:
        """Whether all that was committed is on the disk."""
        return self._synced == self._committed

    def soon(self) -> Future[None]:
        """Done when all that is committed now is on the disk. It raises what syncing raises."""
        future: Future[None] = Future()
        if self.done or self._ending:
            future.set_result(None)
            return future
        with self._lock:
            self._waiting.append(future)
        self._hurry.set()
        self._dirty.set()
        return future

    def end(self) -> None:
        """Sync what is left, and stop."""
        self._ending = True
        self._hurry.set()
        self._dirty.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        while not self._ending:
            self._dirty.wait()
            self._hurry.wait(self._interval)
            self._dirty.clear()
            self._hurry.clear()
            self._sync()

    def _sync(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, []
        target = self._committed
        try:
            if target != self._synced:
                sync(self._log)
                self._synced = target
                self._move()
        except (OSError, sqlite3.Error) as error:
            logger.error("%s was not brought to the disk: %s", self._path, error)
            if failed := self._failed():
                failed(error)
            for future in _wanted(waiting):
                future.set_exception(error)
        else:
            for future in _wanted(waiting):
                future.set_result(None)

    def _move(self) -> None:
        """Have the log's pages in the file, so that it begins anew."""
        size = self._log.stat().st_size
        if size < LOG_BYTES:
            return
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=5)
        try:
            connection.execute("pragma synchronous = normal")
            kind = "passive" if size < MOST_LOG_BYTES else "truncate"
            connection.execute(f"pragma wal_checkpoint({kind})")
        finally:
            connection.close()


def _wanted(waiting: list[Future[None]]) -> list[Future[None]]:
    """Those for which somebody waits still."""
    return [future for future in waiting if future.set_running_or_notify_cancel()]


def sync(path: Path) -> None:
    """Have the bytes of a file on the disk. Raises `OSError`."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        # A log that was moved whole is gone, and nothing of it is left to sync.
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Have the name of a file on the disk."""
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
