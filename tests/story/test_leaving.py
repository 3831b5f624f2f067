"""What is left in a process after leaving: nothing of ours, counted. The server is a process of its own."""

import asyncio
import os
import threading
from pathlib import Path

import pytest

from deeplinks import Deep, blocking, synchronize
from tests.processes import served
from tests.waiting import until, until_now

OPEN = Path("/proc/self/fd")
pytestmark = pytest.mark.skipif(not OPEN.is_dir(), reason="open sockets are counted where /proc tells of them")


def sockets() -> int:
    """How many sockets this process has open."""
    found = 0
    for entry in OPEN.iterdir():
        try:
            found += os.readlink(entry).startswith("socket:")
        except FileNotFoundError:
            # The folder's own, which is closed by now.
            continue
    return found


async def test_after_leaving_no_task_thread_or_socket_of_ours_remains(database_url: str) -> None:
    with served(database_url) as address:
        before = (asyncio.all_tasks(), threading.active_count(), sockets())
        deep = Deep()
        async with synchronize(deep, address) as database:
            deep.String("a").store(database)
            await database.flush()
            await until(lambda: database.following)
            assert sockets() > before[2]

        await until(lambda: (asyncio.all_tasks(), threading.active_count(), sockets()) == before)


def test_after_leaving_without_await_none_remains_either(database_url: str) -> None:
    with served(database_url) as address:
        before = (threading.active_count(), sockets())
        deep = Deep()
        with blocking.synchronize(deep, address) as database:
            deep.String("a").store(database)
            database.flush()
            assert threading.active_count() > before[0]

        until_now(lambda: (threading.active_count(), sockets()) == before)
