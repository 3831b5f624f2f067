"""Looking at a PostgreSQL: whether our tables are there, as they should be, and whether it can write.

A face. The questions are in `sql/queries/doctor.sql`; what they mean is said here.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from deeplinks import resources
from deeplinks.doctor.findings import Cause, Finding, Grade, fine, trouble, warning
from deeplinks.errors import AccessDeniedError, DeepError, NotFoundError, SettingsError, UnavailableError
from deeplinks.storage import migrations
from deeplinks.storage.postgres import Connection, connect, describe, translated
from deeplinks.storage.verify import verify
from deeplinks.tables import RESERVED_SPACE, TABLES

# Seconds after which a transaction that does nothing is worth a word.
IDLE: Final = 30.0
SKEW: Final = 30.0
# Bytes that are left on a disk.
LITTLE: Final = 500 * 1024 * 1024
NOTHING: Final = 32 * 1024 * 1024
# libpq gives no SQLSTATE for a connection that was refused.
BARRED: Final = ("authentication", 'role "', "pg_hba")
MADE = re.compile(r"create trigger (\w+)\s.*?\bon deep\.(\w+)", re.DOTALL)


async def look_at_database(url: str, space: str | None, verified: bool) -> AsyncIterator[Finding]:
    """One look after the other; those that need what is missing are left out."""
    try:
        connection = await connect(url)
    except DeepError as error:
        yield _not_connected(url, error)
        return
    known = True
    try:
        async with connection:
            with translated(describe(url)):
                async for finding in _looks(connection, url):
                    known = known and finding.cause is not Cause.tables
                    yield finding
        if verified and known:
            async for finding in _verified(url, space):
                yield finding
    except DeepError as error:
        yield trouble(Cause.postgres, f"a look ended in an error: {error}", "mend that, and look again")


async def _looks(connection: Connection, url: str) -> AsyncIterator[Finding]:
    yield _postgres(url, connection.info.server_version // 10000)
    async for finding in _server(connection):
        yield finding
    applied = _migrations(await migrations.states(connection))
    yield applied
    if applied.grade is Grade.fine:
        async for finding in _tables(connection):
            yield finding


def _not_connected(url: str, error: DeepError) -> Finding:
    where, why = describe(url), str(error.facts.get("why"))
    if isinstance(error, SettingsError):
        return trouble(Cause.address, str(error), "give an address like postgresql://user:password@host:5432/name")
    if isinstance(error, AccessDeniedError) or any(word in why for word in BARRED):
        return trouble(
            Cause.access,
            f"{where} does not let us in: {why}",
            "check user and password in DATABASE_URL, and pg_hba.conf",
        )
    if "too many clients" in why or "connection slots" in why:
        more = "raise max_connections, or lower POOL_SIZE of the servers"
        return trouble(Cause.connections, f"{where} takes no more connections", more)
    if isinstance(error, UnavailableError):
        return trouble(
            Cause.postgres,
            f"{where} can't be reached: {why}",
            "start PostgreSQL, or check host, port and name in DATABASE_URL",
        )
    return trouble(Cause.postgres, str(error), "check DATABASE_URL")


def _postgres(url: str, version: int) -> Finding:
    if version < migrations.OLDEST:
        what = f"this is PostgreSQL {version}"
        return trouble(Cause.postgres, what, f"move to PostgreSQL {migrations.OLDEST} or newer")
    return fine(Cause.postgres, f"{describe(url)} is PostgreSQL {version} and lets us in")


async def _server(connection: Connection) -> AsyncIterator[Finding]:
    settings = {str(name): str(value) for name, value in await _rows(connection, "settings")}
    ((standby,),) = await _rows(connection, "standby")
    if standby:
        yield trouble(
            Cause.standby,
            "this is a standby: it may be behind, and can't be written",
            "give the address of the primary",
        )
    elif settings["default_transaction_read_only"] == "on":
        yield trouble(
            Cause.settings,
            "default_transaction_read_only is on: nothing can be written",
            "switch it off for this database or user",
        )
    for finding in _settings(settings):
        yield finding
    ((now,),) = await _rows(connection, "clock")
    skew = (now - datetime.now(UTC)).total_seconds() if isinstance(now, datetime) else 0.0
    if abs(skew) > SKEW:
        yield warning(
            Cause.clock,
            f"the database's clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} this one",
            "set both by NTP",
        )
    yield _disk(settings.get("data_directory", ""))
    ((used, most),) = await _rows(connection, "connections")
    if int(str(used)) >= 0.9 * int(str(most)):
        yield warning(
            Cause.connections,
            f"{used} of {most} connections are in use",
            "raise max_connections, or lower POOL_SIZE of the servers",
        )
    for pid, who, seconds, waiting in await _rows(connection, "idle", patience=IDLE):
        what = f"connection {pid} ({who}) has had a transaction open for {seconds} s without doing anything; {waiting} wait for it"
        yield warning(Cause.transactions, what, f"commit it there, or end it: select pg_terminate_backend({pid})")


def _settings(settings: dict[str, str]) -> Iterator[Finding]:
    unsafe = [name for name in ("fsync", "full_page_writes") if settings.get(name) == "off"]
    if unsafe:
        what = f"{' and '.join(unsafe)} off: after a crash of the machine the database may be broken"
        yield warning(Cause.settings, what, "switch it on in postgresql.conf")
    if settings.get("synchronous_commit") == "off":
        what = "synchronous_commit is off: a crash may take back what was acknowledged a moment ago"
        yield warning(
            Cause.settings, what, "switch it on; followers would notice the log being set back, and read anew"
        )
    if settings.get("session_replication_role") == "replica":
        what = "session_replication_role is replica: no trigger fires, so no change is told to anybody"
        yield trouble(
            Cause.triggers, what, "reset it for this database or user: alter database … reset session_replication_role"
        )


def _disk(folder: str) -> Finding:
    """How much is left where the database is, if that is this machine."""
    if not folder or not Path(folder).is_dir():
        return fine(Cause.disk, "the database's disk is on another machine, or out of sight: not looked at")
    free = shutil.disk_usage(folder).free
    told = f"{free // (1024 * 1024)} MB are left on the disk of {folder}"
    make = "make room: PostgreSQL stops when there is none; old entries of the log go with `deeplinks prune`"
    if free < NOTHING:
        return trouble(Cause.disk, told, make)
    return warning(Cause.disk, told, make) if free < LITTLE else fine(Cause.disk, told)


def _migrations(states: list[migrations.MigrationState]) -> Finding:
    shipped = {step.id for step in migrations.shipped()}
    newer = [state.name for state in states if state.id not in shipped]
    missing = [f"{state.id:04}_{state.name}" for state in states if state.applied_at is None]
    edited = [f"{state.id:04}_{state.name}" for state in states if not state.checksum_matches and state.id in shipped]
    if newer:
        return trouble(
            Cause.version,
            f"the database is newer than this deeplinks: it has {', '.join(newer)}",
            "install a newer deeplinks here",
        )
    if missing:
        cause = Cause.tables if len(missing) == len(states) else Cause.migrations
        return trouble(cause, f"the database lacks {', '.join(missing)}", "run `deeplinks migrate` on it")
    if edited:
        return trouble(
            Cause.migrations,
            f"{', '.join(edited)} is not the file that was applied",
            "bring the file back, and write what is new as a new one",
        )
    return fine(Cause.migrations, f"all {len(states)} migrations are applied")


async def _tables(connection: Connection) -> AsyncIterator[Finding]:
    kept = [str(row[0]) for row in await _rows(connection, "access", tables=list(TABLES))]
    if kept:
        user = connection.info.user
        yield trouble(
            Cause.access,
            f"{user} may not read and write {', '.join(kept)}",
            f"grant select, insert, update, delete on all tables in schema deep to {user}",
        )
    yield await _triggers(connection)
    rootless = [str(row[0]) for row in await _rows(connection, "rootless", reserved=RESERVED_SPACE)]
    if rootless:
        what = f"the root of {', '.join(rootless)} is gone: deep.links was emptied past the triggers, as by TRUNCATE"
        yield trouble(
            Cause.truncated, what, "restore the tables from a backup; `deeplinks verify` says what else is missing"
        )


async def _triggers(connection: Connection) -> Finding:
    found = {(str(table), str(name)): bool(on) for name, table, on in await _rows(connection, "triggers")}
    wanted = {(table, name) for step in migrations.shipped() for name, table in MADE.findall(step.up)}
    missing = sorted(f"{table}.{name}" for table, name in wanted - found.keys())
    off = sorted(f"{table}.{name}" for (table, name), on in found.items() if not on)
    lost = "what was written meanwhile is told to nobody; `deeplinks verify` finds it"
    if missing:
        return trouble(
            Cause.triggers,
            f"triggers are missing: {', '.join(missing)}; {lost}",
            "restore the tables from a dump that has them, or migrate an empty database and move the rows",
        )
    if off:
        tables = sorted({one.partition(".")[0] for one in off})
        enable = "; ".join(f"alter table deep.{table} enable trigger all" for table in tables)
        return trouble(Cause.triggers, f"triggers are disabled: {', '.join(off)}; {lost}", f"switch them on: {enable}")
    return fine(Cause.triggers, f"all {len(wanted)} triggers are there and on")


async def _verified(url: str, space: str | None) -> AsyncIterator[Finding]:
    try:
        found = await verify(url, space=space)
    except NotFoundError as error:
        yield warning(Cause.space, str(error), "it comes to be with its first change")
        return
    for one in found:
        if one.whole:
            yield fine(Cause.verified, str(one))
        else:
            yield trouble(
                Cause.verified,
                f"{one}, as {one.differences[0]}",
                "see `deeplinks verify` for all of it; loading anew shows what the tables have",
            )


async def _rows(connection: Connection, name: str, **values: object) -> list[tuple[object, ...]]:
    text = resources.statements("sql/queries/doctor.sql")[name]
    return await (await connection.execute(text, values, prepare=False)).fetchall()
