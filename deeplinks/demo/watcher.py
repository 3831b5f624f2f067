"""The third process: `deeplinks watch`, and what it has told so far, which is a whole space too.

The demo. It hears lines of JSON and nothing else: what this process knows itself may not enter.
"""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from deeplinks.demo.content import FIELDS, Content
from deeplinks.errors import UnavailableError

LONGEST_LINE = 64 * 1024 * 1024


class Watcher:
    """A process that follows a space: `content` is what it saw, `pid` who it is."""

    def __init__(self, process: Process) -> None:
        self.pid = process.pid
        self.content: Content = {}
        self._process = process
        self._seen: dict[str, datetime] = {}
        self._told = asyncio.Event()
        self._ended = False

    async def following(self) -> None:
        """Wait until it follows. Raises `UnavailableError` if it ended instead."""
        last = ""
        async for line in _lines(self._process.stderr):
            if line.startswith("following"):
                return
            last = line
        raise UnavailableError(storage=f"process {self.pid}", why=last.strip())

    async def seen(self, id: str) -> datetime:
        """When it saw that association made; waited for where it did not yet. Raises as `following` does."""
        while id not in self._seen:
            if self._ended:
                raise UnavailableError(storage=f"process {self.pid}", why="it ended")
            self._told.clear()
            await self._told.wait()
        return self._seen[id]

    async def listen(self) -> None:
        """Take in what it tells, until it ends."""
        async for line in _lines(self._process.stdout):
            self._take(json.loads(line))
            self._told.set()
        self._ended = True
        self._told.set()

    def _take(self, told: dict[str, Any]) -> None:
        id, what = told["id"], told["what"]
        if what == "created":
            self.content[id] = {field: told[field] for field in FIELDS}
            self._seen[id] = datetime.fromisoformat(told["at"])
        elif what == "destroyed":
            del self.content[id]
        else:
            self.content[id][what] = told["new"]


async def _lines(pipe: asyncio.StreamReader | None) -> AsyncGenerator[str]:
    while pipe and (line := await pipe.readline()):
        yield line.decode()


@asynccontextmanager
async def watching(url: str, space: str) -> AsyncGenerator[Watcher]:
    """`deeplinks watch` for the length of a block."""
    command = (sys.executable, "-m", "deeplinks", "watch", space, "--url", url, "--json", "--from-start")
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE, limit=LONGEST_LINE)
    watcher = Watcher(process)
    listening = asyncio.create_task(watcher.listen())
    try:
        yield watcher
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        await listening
