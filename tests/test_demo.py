"""The demo, as a process; and that what it says to type next is right."""

import asyncio
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deeplinks.demo.thread import SAID
from tests.processes import ROOT, run

pytestmark = pytest.mark.timeout(240)


async def test_each_process_of_the_demo_has_the_same_on_one_screen(database_url: str) -> None:
    ran = await run("-m", "deeplinks", "demo", "--database-url", database_url, seconds=120)

    assert (ran.status, ran.errors) == (0, "")
    assert re.search(r"process \d+ read \d+ back: equal", ran.output)
    assert re.search(r"it answers with \d+ links: the same", ran.output)
    assert re.search(r"seen there: -?\d+\.\d ms \(median\); both are equal", ran.output)
    assert "serve --database-url 'postgresql://" in ran.output
    assert len(ran.output.splitlines()) <= 40
    assert "\x1b" not in ran.output


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """An environment with a folder for the embedded PostgreSQL, and a free port, of its own."""
    folder = Path(tempfile.mkdtemp(prefix="deeplinks-"))
    folder.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    own = {"DEEPLINKS_DATA_DIR": str(folder), "PORT": str(port)}
    others = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    yield others | own | {"DEEPLINKS_URL": f"http://127.0.0.1:{port}/v1/graphql"}
    shutil.rmtree(folder)


async def test_what_the_demo_says_to_type_next_works(environment: dict[str, str]) -> None:
    shown = await output(f"{sys.executable} -m deeplinks demo", environment)
    serve, watch, load, *snippet = re.findall(r"^  (\S.*)$", shown.partition("What to type next")[2], re.MULTILINE)
    async with started(serve, environment) as serving:
        assert serving.stdout
        assert b"GraphQL" in await serving.stdout.readline()
        async with started(watch, environment) as watching:
            assert watching.stderr
            while not (line := await watching.stderr.readline()).startswith(b"following"):
                assert line
        loaded = await output(load, environment)
        read = await output(f"{sys.executable} -", environment, "\n".join(snippet))

    texts = [text for _, text in SAID]
    assert [line.split("  ")[-1] for line in loaded.splitlines()][-len(texts) :] == [repr(text) for text in texts]
    assert read.splitlines() == texts


async def output(command: str, environment: dict[str, str], given: str = "") -> str:
    """What a line of a shell writes."""
    process = await asyncio.create_subprocess_shell(
        command, cwd=ROOT, env=environment, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    written, errors = await asyncio.wait_for(process.communicate(given.encode()), 120)
    assert process.returncode == 0, errors.decode()
    return written.decode()


@asynccontextmanager
async def started(command: str, environment: dict[str, str]) -> AsyncIterator[Process]:
    """A line of a shell for the length of a block; then it is interrupted, as by Ctrl-C."""
    process = await asyncio.create_subprocess_shell(
        f"exec {command}", cwd=ROOT, env=environment, stdout=PIPE, stderr=PIPE
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        await process.communicate()
