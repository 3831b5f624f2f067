"""What the races run on: a migrated PostgreSQL, and our server as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

from deeplinks.storage.embedded import temporary
from deeplinks.storage.migrations import migrate


@contextmanager
def database() -> Generator[str]:
    """DATABASE_URL, or an embedded PostgreSQL in a folder that goes afterwards."""
    if url := os.environ.get("DATABASE_URL"):
        yield url
        return
    with temporary() as server:
        yield server.url


@contextmanager
def server(url: str) -> Generator[str]:
    """Our server over that database; the address of its endpoint."""
    command = [sys.executable, "-m", "deeplinks", "serve", "--port", "0", "--database-url", url]
    # None of the peers logs what it is asked.
    environment = {**os.environ, "LOG_REQUESTS": "false"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout
            yield process.stdout.readline().split()[1]
        finally:
            process.terminate()


@asynccontextmanager
async def ground() -> AsyncGenerator[tuple[str, str]]:
    """The database's URL and the endpoint."""
    with database() as url:
        await migrate(url)
        with server(url) as endpoint:
            yield url, endpoint
