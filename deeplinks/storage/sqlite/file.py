"""A file of records: opened by one process, changed in whole transactions, every record with its checksum.

The storage room. It knows names of statements and bytes; what a record says, and why it is written, is not known here.
"""

from __future__ import annotations

import atexit
import ctypes
import logging
import os
import sqlite3
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn, TypeAlias, TypeVar
from weakref import WeakSet
from zlib import crc32

from deeplinks import resources
from deeplinks.errors import CorruptFileError, LocalFileError, OutboxFullError
from deeplinks.storage.sqlite.ballast import Ballast
from deeplinks.storage.sqlite.lock import Lock, new_token
from deeplinks.storage.sqlite.syncing import Syncer, sync, sync_folder

logger = logging.getLogger("deeplinks.storage.sqlite")

T = TypeVar("T")
Value: TypeAlias = "str | int | bytes"
Record: TypeAlias = "tuple[Value, ...]"

# What tells our files from others', and their form: "deep", and the number of the tables' form.
OURS: Final = 0x64656570
FORM: Final = 1
# Seconds that a writer waits while the log is moved into the file.
PATIENCE: Final = 10.0
_FULL: Final = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE)
_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class LocalFile:
    """A file, open and locked from its making to `close`.

    Raises `FileInUseError`, `CorruptFileError` and `LocalFileError`. Whoever writes holds a lock of their own.
    """

    def __init__(self, path: str | Path, *, interval: float) -> None:
        # Through links: the lock and the log lie beside the file itself.
        self.path = Path(path).resolve()
        self.interval = interval
        self.token = new_token()
        # The token of the opening before this one, and whether this is the file that was open then.
        self.before = ""
        self.copied = False
        self.suspect: Exception | None = None
        self.facts: dict[str, bytes] = {}
        self._why = "it is closed"
        self._log = self.path.with_name(f"{self.path.name}-wal")
        self._lock = Lock(self.path)
        self._ballast = Ballast(self.path)
        self._sql = {name: text.decode() for name, text in resources.statements("sql/local/statements.sql").items()}
        self._connection: sqlite3.Connection | None = None
        self._lock.take()
        try:
            self._open()
        except BaseException:
            self._let_go()
            raise
        self.syncer = Syncer(self.path, interval, self._suspect)
        self.syncer.start()
        self._of_parent = False
        _open_files.add(self)

    def __repr__(self) -> str:
        return f"<file {self.path}>"

    def __del__(self) -> None:
        if getattr(self, "_connection", None) is not None:
            warnings.warn(f"{self.path} was not closed; it is now", ResourceWarning, source=self, stacklevel=2)
            self.close()

    # opening and closing

    def _open(self) -> None:
        new, logged = not self.path.exists(), self._log.exists()
        self._connect()
        self.facts = self._read_facts()
        if self.facts.get("in_use") == b"1" and not logged:
            logger.warning(
                "%s was copied or left while it was in use, and %s is not beside it: its last changes may be missing",
                self.path,
                self._log.name,
            )
        self.before = self.facts.get("token", b"").decode()
        noted = self.before, self.facts.get("place", b"").decode()
        self.copied = not new and bool(self.facts) and noted != (self._lock.token, self._place())
        self.write(self._note_opening)
        # Who has the file without its log is to know that it was in use.
        self.run("move_log")
        for path in (self.path, self._log):
            sync(path)
        sync_folder(self.path)
        self._lock.note(self.token)
        self._ballast.load()

    def _connect(self) -> None:
        try:
            # The lock beside it keeps others away, and so does SQLite's own.
            connection = sqlite3.connect(
                self.path, isolation_level=None, timeout=PATIENCE, check_same_thread=False, cached_statements=256
            )
            self._connection = connection
            self._check_ours(connection)
            for pragma in self._pragmas():
                connection.execute(f"pragma {pragma}").fetchall()
            connection.executescript(resources.text("sql/local/tables.sql"))
        except sqlite3.Error as error:
            self._raise(error)

    def _pragmas(self) -> Iterable[str]:
        # Committed is what the process can be killed after; the syncer brings it to the disk.
        syncing = "normal" if self.interval else "full"
        return (
            f"application_id = {OURS}",
            f"user_version = {FORM}",
            "journal_mode = wal",
            f"synchronous = {syncing}",
            "wal_autocheckpoint = 0",
            "journal_size_limit = 1048576",
        )

    def _check_ours(self, connection: sqlite3.Connection) -> None:
        ours, form, tables = (
            connection.execute(question).fetchone()[0]
            for question in ("pragma application_id", "pragma user_version", "select count(*) from sqlite_schema")
        )
        if tables and ours != OURS:
            raise LocalFileError(file=self.path, why="it is a database of something else")
        if tables and form != FORM:
            raise LocalFileError(file=self.path, why=f"its form is {form}, and here {FORM} is read")

    def _read_facts(self) -> dict[str, bytes]:
        return {str(name): record for (name,), record in self.read("facts")}

    def _note_opening(self) -> None:
        self.set_fact("token", self.token.encode())
        self.set_fact("place", self._place().encode())
        self.set_fact("in_use", b"1")

    def _place(self) -> str:
        """What a copy has another one of."""
        return str(self.path.stat().st_ino)

    def _suspect(self, error: Exception) -> None:
        self.suspect = error

    def reopen(self) -> None:
        """After an error of the disk: close it, open it anew, look at every record, and have it on the disk.

        Raises `CorruptFileError`, and `LocalFileError` while the disk fails still.
        """
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()
        self._connect()
        for name in ("links", "data", "batches", "changes", "marks", "refused"):
            for _ in self.read(name):
                pass
        self.facts = self._read_facts()
        self.suspect = None

    def bring_to_disk(self) -> None:
        """Wait until what was written is on the disk. Raises `LocalFileError`."""
        try:
            self.soon().result()
        except (OSError, sqlite3.Error) as error:
            raise LocalFileError(file=self.path, why=str(error)) from error

    def close(self) -> None:
        """Bring everything to the disk and let others have the file; a second time is harmless."""
        if self._connection is None:
            return
        _open_files.discard(self)
        # A disk that takes no more keeps what it has; the next opener is warned for nothing then.
        with suppress(LocalFileError, OutboxFullError):
            self.write(lambda: self.set_fact("in_use", b"0"))
        self.syncer.end()
        self._let_go()

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        try:
            if connection is not None:
                connection.close()
        finally:
            self._lock.release()

    def leave_to_parent(self) -> None:
        """In a forked child: it is the parent's, and whatever SQLite did here would harm it."""
        connection, self._connection = self._connection, None
        self._of_parent = True
        self._why = "this process was forked from the one that has it open; open a file of its own"
        if connection is not None:
            # Never freed: to free it would be to close it, and that moves the log.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))
        self._lock.release()

    def check_owned(self) -> None:
        """Raises `LocalFileError` in a forked child, in which nothing brings it to the disk."""
        if self._of_parent:
            self._used()

    @property
    def closed(self) -> bool:
        """Whether it can't be used any more."""
        return self._connection is None

    # writing

    def write(self, work: Callable[[], T], *, leaving: bool = False) -> T:
        """Do all of some work, which runs statements, or nothing of it.

        `leaving`: it is about what leaves the file, for which a full disk lets go of its ballast. Raises `OutboxFullError`
        where the disk is full, `CorruptFileError` and `LocalFileError`.
        """
        try:
            return self._transaction(work)
        except OutboxFullError:
            if not leaving or not self._ballast.drop():
                raise
        return self._transaction(work)

    def _transaction(self, work: Callable[[], T]) -> T:
        self.run("begin")
        try:
            done = work()
            self.run("commit")
        except BaseException:
            self._roll_back()
            raise
        self._committed()
        return done

    def _roll_back(self) -> None:
        connection = self._connection
        if connection is not None and connection.in_transaction:
            connection.rollback()

    def put(self, name: str, values: Record) -> None:
        """One statement that is a transaction of its own. Raises what `write` raises."""
        self.run(name, values)
        self._committed()

    def _committed(self) -> None:
        if hasattr(self, "syncer"):
            self.syncer.note()

    def run(self, name: str, values: Record = ()) -> sqlite3.Cursor:
        """Run one statement by its name. Raises what `write` raises."""
        try:
            return self._used().execute(self._sql[name], values)
        except sqlite3.Error as error:
            self._raise(error)

    def run_all(self, name: str, values: Iterable[Record]) -> None:
        """Run one statement for each of these."""
        try:
            self._used().executemany(self._sql[name], values)
        except sqlite3.Error as error:
            self._raise(error)

    def set_fact(self, name: str, record: bytes) -> None:
        """Set one of the facts that the file has once."""
        self.run("set_fact", (name, record, checksum(record, name)))
        self.facts[name] = record

    def _used(self) -> sqlite3.Connection:
        if self._connection is None:
            raise LocalFileError(file=self.path, why=self._why)
        return self._connection

    def _raise(self, error: sqlite3.Error) -> NoReturn:
        code = getattr(error, "sqlite_errorcode", 0)
        if code in _FULL:
            raise OutboxFullError(file=self.path, why=f"its disk is full ({error})") from error
        if code & 0xFF in _DAMAGED:
            raise CorruptFileError(file=self.path, record="a page", why=str(error)) from error
        raise LocalFileError(file=self.path, why=str(error)) from error

    # reading

    def read(self, name: str) -> Iterator[tuple[Record, bytes]]:
        """Records by the name of a statement: (what else is told of it, its bytes).

        A statement selects the key, maybe more, the bytes, and the checksum of them and of all before them but numbers.
        Raises `CorruptFileError`.
        """
        cursor = self.run(name)
        keys: list[int] = []
        while found := self._fetch(cursor):
            # A key is text; what is a number may be another one by now.
            keys = keys or [place for place, value in enumerate(found[0][:-2]) if isinstance(value, str)]
            for row in found:
                record, key = row[-2], "\0".join([str(row[place]) for place in keys])
                if not isinstance(record, bytes) or crc32(record, crc32(key.encode())) != row[-1]:
                    raise self._damaged(name, row[:-2])
                yield row[:-2], record

    def _damaged(self, name: str, told: Sequence[Value]) -> CorruptFileError:
        record = f"{name} {' '.join(map(str, told))}"
        return CorruptFileError(file=self.path, record=record, why="its checksum is another one")

    def _fetch(self, cursor: sqlite3.Cursor) -> Sequence[Record]:
        try:
            return cursor.fetchmany(1000)
        except sqlite3.Error as error:
            self._raise(error)

    def number(self, name: str) -> int:
        """The one number that a statement gives."""
        return self.run(name).fetchone()[0]

    # syncing

    def soon(self) -> Future[None]:
        """Done when all that was written is on the disk."""
        return self.syncer.soon()


def checksum(record: bytes, *key: str) -> int:
    """What a record and its key are held by."""
    return crc32(record, crc32("\0".join(key).encode()))


_open_files: WeakSet[LocalFile] = WeakSet()


def _leave_all() -> None:
    for file in list(_open_files):
        file.leave_to_parent()
    _open_files.clear()


def _close_all() -> None:
    for file in list(_open_files):
        file.close()


atexit.register(_close_all)
os.register_at_fork(after_in_child=_leave_all)
