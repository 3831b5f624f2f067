"""A way to PostgreSQL: a pool of connections, the name of a database for messages, and its errors in our words.

It knows psycopg and no table. SQL may not enter; nor may a password come out.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from time import monotonic
from typing import Final, TypeAlias
from weakref import WeakKeyDictionary

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from deeplinks.errors import (
    TRANSIENT_STATES,
    AccessDeniedError,
    DeepError,
    QueryError,
    SchemaMissingError,
    SettingsError,
    UnavailableError,
)

# How often a server that is about to begin is asked whether it has (seconds).
PAUSE: Final = 0.25
Connection: TypeAlias = AsyncConnection[TupleRow]
Pool: TypeAlias = AsyncConnectionPool[Connection]

# How long a connection that was there is taken to be there still (seconds).
FRESH: Final = 0.1
_MISSING = ("42P01", "3F000", "42883")
_OURS = re.compile(r"\bdeep\b").search


async def open_pool(
    url: str,
    *,
    size: int = 10,
    timeout: float = 10.0,
    statement_timeout: float = 60.0,
) -> Pool:
    """Open a pool of autocommit connections; `timeout` is the patience, in seconds, for each connection it lends.

    Raises `SettingsError` for an address that can't be read, `UnavailableError` and `AccessDeniedError` as `connect` does.
    """
    probe = await connect(url, timeout=timeout)
    await probe.close()
    settings = {
        "statement_timeout": f"{statement_timeout * 1000:.0f}",
        # Who forgets an open transaction holds the lock of a space.
        "idle_in_transaction_session_timeout": f"{statement_timeout * 1000:.0f}",
    }

    async def configure(connection: Connection) -> None:
        for name, value in settings.items():
            await connection.execute("select set_config(%s, %s, false)", (name, value))

    checked: WeakKeyDictionary[Connection, float] = WeakKeyDictionary()

    async def check(connection: Connection) -> None:
        # Under load each would be asked whether it is there before every statement, which is half of the work.
        if monotonic() - checked.get(connection, 0.0) < FRESH:
            return
        try:
            await AsyncConnectionPool.check_connection(connection)
            checked[connection] = monotonic()
        except Exception:
            # Where one is dead the server was away, and so are all: each would cost a second of the patience.
            await pool.drain()
            raise

    pool: Pool = AsyncConnectionPool(
        url,
        min_size=min(2, size),
        max_size=size,
        timeout=timeout,
        open=False,
        kwargs={"autocommit": True, "connect_timeout": max(2, round(timeout))},
        configure=configure,
        check=check,
        name="deeplinks",
    )
    with translated(describe(url)):
        await pool.open(wait=True, timeout=timeout)
    return pool


async def connect(url: str, *, timeout: float = 10.0) -> Connection:
    """Open one autocommit connection.

    Raises `SettingsError` for an address that can't be read, `UnavailableError` when nobody answers,
    `AccessDeniedError` when the server says who may not.
    """
    _read(url)
    with translated(describe(url)):
        return await AsyncConnection.connect(url, autocommit=True, connect_timeout=max(2, round(timeout)))


async def until_it_begins(url: str, told: Callable[[], None]) -> None:
    """Wait while the server is there and lets nobody in yet, as one that recovers; `told` is called where it waits.

    Whatever else hinders is told by connecting. Raises `SettingsError` for an address that can't be read.
    """
    _read(url)
    asked, waits = make_conninfo(url, connect_timeout=2).encode(), False
    # libpq's own question: only it tells this by a code, and not by words in the server's language.
    while psycopg.pq.PGconn.ping(asked) == psycopg.pq.Ping.REJECT:
        if not waits:
            told()
        waits = True
        await asyncio.sleep(PAUSE)


def describe(url: str) -> str:
    """The database as messages name it: user, place and name, and never a password."""
    try:
        parts = _read(url)
    except SettingsError:
        return "the database"
    user = f"{parts['user']}@" if "user" in parts else ""
    place = parts.get("host") or parts.get("hostaddr") or ""
    port = f":{parts['port']}" if "port" in parts else ""
    name = parts.get("dbname", "")
    if place.startswith(("/", "@")):
        return f"postgresql://{user}{port}/{name}?host={place}"
    return f"postgresql://{user}{place}{port}/{name}"


def _read(url: str) -> dict[str, str]:
    try:
        return {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.ProgrammingError:
        # Without its cause: libpq quotes the address, and the password with it.
        why = "it is not a PostgreSQL address like postgresql://user:password@host:5432/name"
        raise SettingsError(name="database url", why=why) from None


@contextmanager
def translated(storage: str) -> Generator[None]:
    """Errors of psycopg leave the block as errors of ours, with theirs as the cause."""
    try:
        yield
    except psycopg.Error as error:
        raise translate(error, storage) from error


def translate(error: psycopg.Error, storage: str) -> DeepError:
    """Our error for psycopg's: `UnavailableError` where a retry may help, `SchemaMissingError` where our tables are not
    there, `AccessDeniedError` for a login, else `QueryError` with the SQLSTATE as its reason.
    """
    state, why = error.sqlstate, _why(error)
    if _passes(error, state):
        return UnavailableError(storage=storage, why=why)
    if state in _MISSING and _OURS(why):
        return SchemaMissingError(storage=storage, why=why)
    if state is not None and state.startswith("28"):
        return AccessDeniedError(storage=storage, why=why)
    return QueryError(storage=storage, path="$", why=why, reason=state or type(error).__name__)


def _passes(error: psycopg.Error, state: str | None) -> bool:
    if state is None:
        return lost(error)
    return state.startswith(TRANSIENT_STATES)


def lost(error: psycopg.Error) -> bool:
    """Whether an error without a state is that of a connection that was lost.

    Where it is lost between a statement and its result, libpq makes up a result, which is of no class in particular.
    """
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) or type(error) is psycopg.DatabaseError


def _why(error: psycopg.Error) -> str:
    text = error.diag.message_primary or str(error) or type(error).__name__
    return " ".join(text.split())[:500].rstrip(".")
