"""What tests of every room may ask for: a real PostgreSQL, and a migrated database of their own in it.

`TEST_DATABASE_URL` names a server to use; without it one from the wheel is started, of the version
`TEST_POSTGRES_VERSION` (18), shared by the workers of a run.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from deeplinks.server.serve import running
from deeplinks.server.settings import Settings
from deeplinks.storage.embedded import embedded
from deeplinks.storage.migrations import migrate

POSTGRES_VERSION = int(os.environ.get("TEST_POSTGRES_VERSION", "18"))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A PostgreSQL server, as somebody who may make databases."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    with _shared_server() as url:
        yield url


@pytest.fixture(scope="session")
def template(server_url: str) -> Iterator[str]:
    """The name of a migrated database to copy; nobody connects to it."""
    with _database(server_url) as name:
        asyncio.run(migrate(at(server_url, name)))
        yield name


@pytest.fixture
def database_url(server_url: str, template: str) -> Iterator[str]:
    """A fresh database with our tables, for one test."""
    with _database(server_url, template) as name:
        yield at(server_url, name)


@pytest.fixture(scope="module")
def module_database_url(server_url: str, template: str) -> Iterator[str]:
    """A fresh database with our tables, for the tests of a module, which leave nothing behind in it."""
    with _database(server_url, template) as name:
        yield at(server_url, name)


@pytest.fixture
def empty_database_url(server_url: str) -> Iterator[str]:
    """A fresh database with nothing in it, for one test."""
    with _database(server_url) as name:
        yield at(server_url, name)


@pytest.fixture
async def endpoint(database_url: str) -> AsyncIterator[str]:
    """The address of a real server over a fresh migrated database, open to this machine."""
    async with running(Settings(database_url=database_url, port=0)) as address:
        yield address


@pytest.fixture
async def secret_endpoint(database_url: str) -> AsyncIterator[str]:
    """The same, with the admin secret "right"."""
    async with running(Settings(database_url=database_url, port=0, admin_secret="right")) as address:
        yield address


@pytest.fixture
async def bare_endpoint(empty_database_url: str) -> AsyncIterator[str]:
    """A server over a database without our tables."""
    async with running(Settings(database_url=empty_database_url, port=0)) as address:
        yield address


def at(url: str, database: str) -> str:
    """The address of another database of the same server."""
    return urlsplit(url)._replace(path=f"/{database}").geturl()


@contextmanager
def _database(url: str, template: str = "template1") -> Iterator[str]:
    name = f"deeplinks_{uuid4().hex}"
    make = sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(template))
    # Copying files is four times faster than writing them to the log; PostgreSQL 14 knows no other way.
    copying = sql.SQL(" strategy file_copy")
    drop = sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(make + copying if connection.info.server_version >= 150000 else make)
        try:
            yield name
        finally:
            connection.execute(drop)


@contextmanager
def _shared_server() -> Iterator[str]:
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid4().hex
    folder = _fast_folder() / f"deeplinks-tests-{run}"
    server = embedded(folder, version=POSTGRES_VERSION)
    with _alone():
        started = server.__enter__()
    try:
        yield started.url
    finally:
        with _alone():
            server.__exit__(None, None, None)
            if not (started.folder / "postmaster.pid").exists():
                shutil.rmtree(folder)


def _fast_folder() -> Path:
    """Memory where there is some: a database is hundreds of files, and every test makes one."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and os.access(memory, os.W_OK) else Path(tempfile.gettempdir())


@contextmanager
def _alone() -> Iterator[None]:
    """One worker at a time: the last one to leave takes the folder with it."""
    with Path(tempfile.gettempdir(), f"deeplinks-tests-{os.getuid()}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
