"""Other processes: Python programs run beside the test, whose event loop goes on serving meanwhile."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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


@contextmanager
def served(database_url: str, *options: str) -> Iterator[str]:
    """`deeplinks serve` over a database, as a process of its own; the address of its GraphQL endpoint."""
    command = [sys.executable, "-m", "deeplinks", "serve", "--port", "0", "--database-url", database_url, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout
            yield process.stdout.readline().split()[1]
        finally:
            process.terminate()
