"""Other processes: Python programs run beside the test, whose event loop goes on serving meanwhile."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Ran:
    """What a process left: its exit status and what it wrote."""

    status: int
    output: str
    errors: str


async def run(*arguments: str, seconds: float = 60) -> Ran:
    """Run Python with these arguments, warnings as errors, from the root of the project."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", *arguments, cwd=ROOT, stdout=pipe, stderr=pipe
    )
    try:
        output, errors = await asyncio.wait_for(process.communicate(), seconds)
    except TimeoutError:
        process.kill()
        raise
    return Ran(process.returncode or 0, output.decode(), errors.decode())


class Server(str):
    """`deeplinks serve` as a process of its own; as text it is the address of its GraphQL endpoint."""

    process: subprocess.Popen[str]
    command: list[str]

    @classmethod
    def started(cls, command: list[str]) -> Self:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert process.stdout
        told = process.stdout.readline().split()
        if not told:
            process.communicate()
            raise RuntimeError("the server did not start")
        server = cls(told[1])
        server.process, server.command = process, command
        return server

    def kill(self) -> None:
        """As a crash does."""
        self.end(signal.SIGKILL)

    def start(self) -> None:
        """Again, at the same port."""
        port = str(urlsplit(self).port)
        self.process = Server.started([*self.command, "--port", port]).process

    def end(self, number: int) -> int:
        """Send a signal and wait for the end; the exit status."""
        with self.process as process:
            process.send_signal(number)
        return process.returncode


@contextmanager
def served(database_url: str, *options: str) -> Iterator[Server]:
    """A server over a database for the length of a block, on a free port unless told."""
    server = Server.started(
        [sys.executable, "-m", "deeplinks", "serve", "--port", "0", "--database-url", database_url, *options]
    )
    try:
        yield server
    finally:
        server.end(signal.SIGTERM)
