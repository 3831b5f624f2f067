"""Migrations: the plain SQL files of `sql/migrations`, applied once, in order, one transaction a file.

It knows files and the record of them in `deep.migrations`. What the files say is their own business; SQL may not enter.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from time import perf_counter

import psycopg

from deeplinks import resources
from deeplinks.errors import MigrationError, SchemaMissingError, UnavailableError
from deeplinks.storage.postgres import Connection, connect, describe, translate, translated

OLDEST = 14
"""The oldest PostgreSQL that the files are written for."""

# How long a server waits for another one that is migrating.
_TURN = 60.0


@dataclass(frozen=True, slots=True)
class Migration:
    """A step of the tables: what makes it and what takes it back."""

    id: int
    name: str
    up: str = field(repr=False)
    down: str = field(repr=False)

    @property
    def checksum(self) -> str:
        """The sha256 of what makes it."""
        return sha256(self.up.encode()).hexdigest()

    @property
    def label(self) -> str:
        """`0001_tables`: the name of its file."""
        return f"{self.id:04}_{self.name}"


@dataclass(frozen=True, slots=True)
class Applied:
    """A migration that was just applied, or taken back, and how many milliseconds it took."""

    id: int
    name: str
    ms: int


@dataclass(frozen=True, slots=True)
class MigrationState:
    """A migration in a database: when it was applied, `None` if it was not, and whether it is the file we ship."""

    id: int
    name: str
    applied_at: datetime | None
    checksum_matches: bool


@dataclass(frozen=True, slots=True)
class _Entry:
    id: int
    name: str
    checksum: str
    applied_at: datetime


def shipped() -> list[Migration]:
    """The migrations of this deeplinks, in order. Raises `ResourceMissingError` if the files are not there."""
    names = sorted(path.name.removesuffix(".up.sql") for path in resources.folder("sql").glob("migrations/*.up.sql"))
    return [_load(name) for name in names]


def _load(name: str) -> Migration:
    number, _, word = name.partition("_")
    up, down = (resources.text(f"sql/migrations/{name}.{way}.sql") for way in ("up", "down"))
    return Migration(int(number), word, up, down)


async def migrate(url: str, *, lock_timeout: float = 5.0) -> list[Applied]:
    """Apply what the database lacks, one transaction a file; servers that start together apply it once.

    `lock_timeout` is how many seconds a file waits for a lock. Raises `MigrationError` (a file was edited after it was
    applied; the database is newer; PostgreSQL is too old; a file failed), `UnavailableError`, `SettingsError`.
    """
    async with _record(url, lock_timeout) as record:
        known = await record.checked()
        return [await record.apply(step) for step in shipped() if step.id not in known]


async def rollback(url: str, steps: int = 1, *, lock_timeout: float = 5.0) -> list[Applied]:
    """Take back the last `steps` migrations, the newest first: **their tables and rows go**. Raises as `migrate` does."""
    async with _record(url, lock_timeout) as record:
        known = await record.checked()
        last = [step for step in reversed(shipped()) if step.id in known][:steps]
        return [await record.take_back(step) for step in last]


async def status(url: str) -> list[MigrationState]:
    """Each migration, shipped or applied, in order; changes nothing. Raises `UnavailableError`, `SettingsError`."""
    async with await connect(url) as connection:
        with translated(describe(url)):
            return await states(connection)


async def states(connection: Connection) -> list[MigrationState]:
    """The same over a connection that is there. Raises what psycopg raises."""
    entries = await _entries(connection)
    steps = {step.id: step for step in shipped()}
    return [_state(number, steps.get(number), entries.get(number)) for number in sorted(steps | entries)]


def _state(number: int, step: Migration | None, entry: _Entry | None) -> MigrationState:
    known = step or entry
    name = known.name if known else ""
    if entry is None:
        return MigrationState(number, name, None, checksum_matches=True)
    return MigrationState(number, name, entry.applied_at, step is not None and step.checksum == entry.checksum)


async def require(connection: Connection) -> None:
    """Raises `SchemaMissingError` if the database lacks a migration that we ship. Newer ones are none of our business."""
    storage = describe(connection.info.dsn)
    with translated(storage):
        entries = await _entries(connection)
    missing = [step.label for step in shipped() if step.id not in entries]
    if missing:
        raise SchemaMissingError(storage=storage, why=f"not applied: {', '.join(missing)}")


class _Record:
    """The record of a database's migrations, held by us alone while we write to it."""

    def __init__(self, connection: Connection, storage: str) -> None:
        self._connection = connection
        self._storage = storage

    async def checked(self) -> frozenset[int]:
        """The ids that are applied. Raises `MigrationError` for one that is not ours, or not as it was."""
        entries, steps = await _entries(self._connection), {step.id: step for step in shipped()}
        for entry in entries.values():
            step = steps.get(entry.id)
            if step is None:
                why = "it is not known here, for the database is newer than this deeplinks: install a newer one"
                raise self._error(f"{entry.id:04}_{entry.name}", why)
            if step.checksum != entry.checksum:
                why = "its file was edited after it was applied: bring it back, and write what is new as a new one"
                raise self._error(step.label, why)
        return frozenset(entries)

    async def apply(self, step: Migration) -> Applied:
        return await self._run(step, step.up, "note")

    async def take_back(self, step: Migration) -> Applied:
        return await self._run(step, step.down, "forget")

    async def _run(self, step: Migration, sql: str, entry: str) -> Applied:
        began = perf_counter()
        try:
            async with self._connection.transaction():
                await self._connection.execute(sql.encode())
                ms = round((perf_counter() - began) * 1000)
                facts = (step.id, step.name, step.checksum, ms) if entry == "note" else (step.id,)
                await self._connection.execute(_sql(entry), facts)
        except psycopg.Error as error:
            raise self._failed(step, error) from error
        return Applied(step.id, step.name, ms)

    def _failed(self, step: Migration, error: psycopg.Error) -> Exception:
        ours = translate(error, self._storage)
        if isinstance(ours, UnavailableError):
            return ours
        return self._error(step.label, f"{error.diag.message_primary or error} ({error.sqlstate})")

    def _error(self, migration: str, why: str) -> MigrationError:
        return MigrationError(storage=self._storage, migration=migration, why=why)


@asynccontextmanager
async def _record(url: str, lock_timeout: float) -> AsyncGenerator[_Record]:
    storage = describe(url)
    async with await connect(url) as connection:
        _refuse_old(connection, storage)
        with translated(storage):
            await connection.execute(_sql("patience"), (_milliseconds(_TURN),))
            await connection.execute(_sql("lock"))
            await connection.execute(_sql("patience"), (_milliseconds(lock_timeout),))
            await connection.execute(_sql("make"))
        with translated(storage):
            yield _Record(connection, storage)
        # The lock of the session goes with the connection.


def _refuse_old(connection: Connection, storage: str) -> None:
    version = connection.info.server_version // 10000
    if version < OLDEST:
        why = f"this is PostgreSQL {version}, and {OLDEST} or newer is needed"
        raise MigrationError(storage=storage, migration=shipped()[0].label, why=why)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f}ms"


async def _entries(connection: Connection) -> dict[int, _Entry]:
    there = await (await connection.execute(_sql("there"))).fetchone()
    if there is None or not there[0]:
        return {}
    rows = await (await connection.execute(_sql("list"))).fetchall()
    return {row[0]: _Entry(*row) for row in rows}


def _sql(name: str) -> bytes:
    return resources.statements("sql/migrations/record.sql")[name]
