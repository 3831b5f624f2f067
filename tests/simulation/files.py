"""Files of clients: real ones of SQLite, synced at once, and left by the killed as a kill leaves them.

The simulation. No thread runs, for there is one time only; power cuts have tests of their own.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Generator
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext
from pathlib import Path

import deeplinks.storage.sqlite.file as file
from deeplinks.storage.sqlite.ballast import Ballast
from deeplinks.storage.sqlite.file import LocalFile
from deeplinks.sync.journal import Journal
from deeplinks.sync.replica import Replica

MEMORY = Path("/dev/shm")


class Instant:
    """A syncer that is always done."""

    done = True

    def __init__(self, path: Path, interval: float, failed: Callable[[Exception], object]) -> None:
        """There is nothing to remember."""

    def start(self) -> None:
        """There is no thread."""

    def note(self) -> None:
        """It is on the disk."""

    def soon(self) -> Future[None]:
        future: Future[None] = Future()
        future.set_result(None)
        return future

    def end(self) -> None:
        """There is no thread."""


@contextmanager
def folder() -> Generator[Path]:
    """A place for files, in memory where the system has that, and no syncing in it."""
    kept = file.Syncer, file.sync, file.sync_folder, Ballast.load, os.fsync
    file.Syncer, file.sync, file.sync_folder = Instant, _nothing, _nothing  # type: ignore[misc, assignment]
    Ballast.load, os.fsync = _nothing, _nothing  # type: ignore[method-assign, assignment]
    try:
        with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as made:
            yield Path(made)
    finally:
        file.Syncer, file.sync, file.sync_folder, Ballast.load, os.fsync = kept  # type: ignore[misc]


def no_folder() -> nullcontext[None]:
    """Where nobody has a file."""
    return nullcontext(None)


def _nothing(*_: object) -> None:
    """It is on the disk."""


def kill(replica: Replica) -> None:
    """Whoever has the file is killed: what is committed is there, nothing was said of closing, and the lock is free."""
    keeper = replica.outbox.keeper
    if isinstance(keeper, Journal):
        _drop(keeper.file)


def _drop(one: LocalFile) -> None:
    connection, one._connection = one._connection, None
    if connection is not None:
        connection.close()
    one._lock.release()
