"""The pool, the name of a database in messages, and psycopg's errors in our words."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import traceback

import psycopg
import pytest
from psycopg_pool import PoolTimeout

from deeplinks.errors import (
    AccessDeniedError,
    DeepError,
    QueryError,
    SchemaMissingError,
    SettingsError,
    UnavailableError,
)
from deeplinks.storage.postgres import connect, describe, open_pool, translate, translated, until_it_begins

UNREADABLE = "postgres//alice:secret@host/graph"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgresql://alice:secret@host:5433/graph", "postgresql://alice@host:5433/graph"),
        ("postgresql://host/graph?user=alice&password=secret", "postgresql://alice@host/graph"),
        ("host=host dbname=graph password=secret", "postgresql://host/graph"),
        ("postgresql://alice:secret@/graph?host=/run/pg", "postgresql://alice@/graph?host=/run/pg"),
        (UNREADABLE, "the database"),
    ],
)
def test_a_database_is_named_without_its_password(url: str, name: str) -> None:
    assert describe(url) == name


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (psycopg.OperationalError("connection refused"), UnavailableError),
        (psycopg.InterfaceError("the connection is closed"), UnavailableError),
        # Of a result that libpq makes up where the connection was lost between a statement and its answer.
        (psycopg.DatabaseError("server closed the connection unexpectedly"), UnavailableError),
        (PoolTimeout("no connection in 10 s"), UnavailableError),
        (psycopg.errors.ConnectionFailure("gone"), UnavailableError),
        (psycopg.errors.SerializationFailure("again"), UnavailableError),
        (psycopg.errors.DeadlockDetected("again"), UnavailableError),
        (psycopg.errors.TooManyConnections("full"), UnavailableError),
        (psycopg.errors.LockNotAvailable("later"), UnavailableError),
        (psycopg.errors.AdminShutdown("bye"), UnavailableError),
        (psycopg.errors.UndefinedTable('relation "deep.links" does not exist'), SchemaMissingError),
        (psycopg.errors.InvalidSchemaName('schema "deep" does not exist'), SchemaMissingError),
        (psycopg.errors.UndefinedFunction("function deep.newest(uuid) does not exist"), SchemaMissingError),
        (psycopg.errors.UndefinedTable('relation "mine.links" does not exist'), QueryError),
        (psycopg.errors.UndefinedFunction("operator does not exist: uuid = text"), QueryError),
        (psycopg.errors.InvalidPassword("password authentication failed"), AccessDeniedError),
        (psycopg.errors.UniqueViolation("duplicate key"), QueryError),
        (psycopg.errors.ObjectNotInPrerequisiteState("not now"), QueryError),
        (psycopg.ProgrammingError("wrong number of parameters"), QueryError),
    ],
)
def test_an_error_says_whether_a_retry_may_help(error: psycopg.Error, ours: type[DeepError]) -> None:
    assert type(translate(error, "postgresql://host/graph")) is ours


def test_a_query_that_failed_tells_its_code() -> None:
    error = translate(psycopg.errors.UniqueViolation("duplicate key"), "postgresql://host/graph")

    assert error.facts == {
        "storage": "postgresql://host/graph",
        "path": "$",
        "why": "duplicate key",
        "reason": "23505",
    }


def test_the_cause_of_a_translated_error_is_kept() -> None:
    with pytest.raises(UnavailableError) as caught, translated("here"):
        raise psycopg.OperationalError("gone")
    assert isinstance(caught.value.__cause__, psycopg.OperationalError)


async def test_a_pool_lends_connections_that_commit_by_themselves(database_url: str) -> None:
    pool = await open_pool(database_url, size=2)
    async with pool, pool.connection() as connection:
        assert connection.autocommit


async def test_a_pool_bounds_what_a_statement_may_take(database_url: str) -> None:
    pool = await open_pool(database_url, size=1, statement_timeout=0.05)
    async with pool, pool.connection() as connection:
        with pytest.raises(psycopg.errors.QueryCanceled):
            await connection.execute("select pg_sleep(60)")


async def test_a_pool_replaces_a_connection_that_was_cut(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # However soon it is lent again.
    monkeypatch.setattr("deeplinks.storage.postgres.FRESH", 0.0)
    pool = await open_pool(database_url, size=1)
    async with pool:
        async with pool.connection() as connection:
            pid = connection.info.backend_pid
        with psycopg.connect(database_url, autocommit=True) as other:
            other.execute("select pg_terminate_backend(%s, 10000)", (pid,))
        async with pool.connection() as connection:
            assert connection.info.backend_pid != pid


async def test_nobody_there_is_unavailable_at_once() -> None:
    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1"):
        await open_pool("postgresql://alice:secret@127.0.0.1:1/graph")


@pytest.mark.parametrize("url", [UNREADABLE, "postgresql://alice:secret@host:port/graph"])
async def test_an_address_that_can_not_be_read_keeps_its_password(url: str) -> None:
    with pytest.raises((SettingsError, UnavailableError)) as caught:
        await connect(url)
    assert "secret" not in "".join(traceback.format_exception(caught.value))


async def test_who_comes_first_after_all_connections_were_ended_is_served(database_url: str) -> None:
    pool = await open_pool(database_url, timeout=2.0)

    async def hold() -> None:
        async with pool.connection() as connection:
            await connection.execute("select pg_sleep(0.05)")

    await asyncio.gather(*(hold() for _ in range(10)))
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as other:
        await other.execute(
            "select pg_terminate_backend(pid, 1000) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
    async with pool.connection() as connection:
        await connection.execute("select 1")
    await pool.close()


# A PostgreSQL that lets nobody in yet, twice, and is gone then; it is a process, for libpq asks with Python standing still.
RECOVERING = r"""
import socket
SAID = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"
with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1], flush=True)
    for _ in range(2):
        connection, _ = server.accept()
        while (begun := connection.recv(1000)) and b"user" not in begun:
            connection.sendall(b"N")
        connection.sendall(b"E" + (len(SAID) + 4).to_bytes(4, "big") + SAID)
        connection.close()
"""


async def test_a_server_that_recovers_is_waited_for_and_that_is_told_once() -> None:
    told: list[str] = []
    with subprocess.Popen([sys.executable, "-c", RECOVERING], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        port = int(server.stdout.readline())
        await until_it_begins(f"postgresql://me@127.0.0.1:{port}/graph", lambda: told.append("waiting"))
        assert server.wait(5) == 0

    assert told == ["waiting"]


async def test_one_that_is_there_or_is_not_is_not_waited_for(database_url: str) -> None:
    for url in (database_url, "postgresql://me@127.0.0.1:1/graph"):
        await until_it_begins(url, lambda: pytest.fail("it waited"))
