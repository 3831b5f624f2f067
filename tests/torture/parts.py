"""What is killed: a PostgreSQL, a server, a client; each a process of its own that can be started again where it was."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.processes import ROOT

KEEPER = """
import sys
from pathlib import Path
from deeplinks.storage.embedded import embedded
with embedded(Path(sys.argv[1])) as server:
    print(server.folder, server.url, flush=True)
    sys.stdin.read()
"""


class Postgres:
    """A PostgreSQL over a folder."""

    def __init__(self, folder: Path) -> None:
        self.url = ""
        self.place = folder
        self._folder = folder
        self._keeper: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """As often as it takes: what was killed may still hold its memory."""
        for _ in range(20):
            command = [sys.executable, "-c", KEEPER, str(self.place)]
            keeper = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=ROOT
            )
            assert keeper.stdout
            if told := keeper.stdout.readline().split():
                self._folder, self.url, self._keeper = Path(told[0]), told[1], keeper
                return
            keeper.communicate()
        raise RuntimeError("PostgreSQL does not start again")

    def kill(self) -> None:
        """All of it, as when the machine goes down: nobody says goodbye."""
        pid = int((self._folder / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        self._end(signal.SIGKILL)

    def crash(self) -> None:
        """One of its processes: it ends all connections, and recovers by itself."""
        with suppress(psycopg.Error, ProcessLookupError), psycopg.connect(self.url, connect_timeout=2) as connection:
            os.kill(connection.info.backend_pid, signal.SIGKILL)

    def terminate(self) -> int:
        """End everybody's connections; how many."""
        with suppress(psycopg.Error), psycopg.connect(self.url, autocommit=True, connect_timeout=2) as connection:
            asked = "select count(pg_terminate_backend(pid)) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()"
            return int((connection.execute(asked.encode()).fetchone() or (0,))[0])
        return 0

    def stop(self) -> None:
        self._end(None)

    def _end(self, number: int | None) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        with keeper:
            if number is None:
                assert keeper.stdin
                keeper.stdin.close()
            else:
                keeper.send_signal(number)


@dataclass
class Client:
    """A writing process, and what it said of each of its texts."""

    endpoint: str
    space: str
    name: str
    # Where it keeps what it has accepted, if it does.
    path: Path | None = None
    accepted: int = 0
    committed: int = 0
    committed_up_to: set[int] = field(default_factory=set[int])
    kills: int = 0
    _process: asyncio.subprocess.Process | None = None
    _first: int = 1

    async def start(self) -> None:
        self._first = self.accepted + 1
        arguments = ["-m", "tests.torture.client", self.endpoint, self.space, self.name, str(self._first)]
        if self.path:
            arguments.append(str(self.path))
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL
        )
        self._hearing = asyncio.create_task(self._hear(self._process))

    async def _hear(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout
        async for line in process.stdout:
            # A line that was cut in the middle says nothing.
            if not line.endswith(b"\n"):
                continue
            verb, number = line.split()
            if verb == b"accepted":
                self.accepted = int(number)
            else:
                self.committed_up_to.update(range(self._first, int(number) + 1))

    @property
    def promised(self) -> set[str]:
        """The texts that have to be there: what was acknowledged; with a file, or where it was never killed, what was accepted."""
        kept = range(1, self.accepted + 1) if self.path or not self.kills else ()
        return {f"{self.name} {number}" for number in (*self.committed_up_to, *kept)}

    async def kill(self) -> None:
        self.kills += 1
        await self.end()

    async def end(self) -> None:
        """Whatever it is doing; harmless where it has ended."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await self._hearing

    async def finish(self) -> int:
        """Let it write what it has accepted, and end; its exit status."""
        assert self._process
        assert self._process.stdin
        self._process.stdin.close()
        status = await self._process.wait()
        await self._hearing
        return status
