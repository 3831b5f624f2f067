"""What the demo shows, in its order: write, read back, ask, follow, and what to type next.

The demo. It runs the steps and prints what came of them; each step is made elsewhere.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

import gql
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

import deeplinks
from deeplinks import Association, Deep, StorageMarker, Synchronizer, resources, synchronize
from deeplinks.demo.content import content, digest
from deeplinks.demo.environment import Environment
from deeplinks.demo.thread import Seen, Thread
from deeplinks.demo.watcher import Watcher, watching
from deeplinks.server.serve import running
from deeplinks.server.settings import Settings
from deeplinks.storage.line import HTTPTransport

# Where the texts of a thread end, and times begin.
COLUMN: Final = 48


@dataclass(frozen=True, slots=True)
class Typed:
    """What the reader can type: this command, its `serve`, the Python that has it; and where `serve` will answer."""

    command: str
    serve: str
    python: str
    endpoint: str


async def show(database_url: str, typed: Typed) -> bool:
    """Run the demo on a database that is migrated; whether everything that came back equals what was written."""
    console = Console(soft_wrap=True, highlight=False)
    deep = Deep()
    environment = Environment(deep)
    async with running(Settings(database_url=database_url, port=0)) as url, synchronize(deep, url) as database:
        await _write(console, environment, database)
        # It starts while the rest goes on.
        async with watching(url, deep.id) as watcher:
            equal = await _read_back(console, url, deep)
            same = await _ask(console, url, environment)
            followed, remark = await _follow(console, environment, database, watcher)
        await database.catch_up()
    _tell_what_next(console, typed, deep.id, remark)
    return equal and same and followed


async def _write(console: Console, environment: Environment, database: Synchronizer) -> None:
    started = time.perf_counter()
    for type in environment.types:
        type.store(database, StorageMarker.typed_true)
    environment.read()
    await _flush(console, database)
    counted = ", ".join(f"{count} {name}" for name, count in environment.counts().items())
    console.print(f"[bold]{len(environment.deep)}[/] links in {time.perf_counter() - started:.1f} s: {counted}")


async def _flush(console: Console, database: Synchronizer) -> None:
    total = database.pending
    with _progress(console) as progress:
        task = progress.add_task("writing over GraphQL", total=total)
        async with asyncio.TaskGroup() as group:
            flushed = group.create_task(database.flush())
            while not flushed.done():
                await asyncio.wait([flushed], timeout=0.05)
                progress.update(task, completed=total - database.pending)


def _progress(console: Console) -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    # What stays is the line after it.
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


async def _read_back(console: Console, url: str, deep: Deep) -> bool:
    command = (sys.executable, "-m", "deeplinks.demo.reader", url, deep.id)
    reader = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await reader.communicate()
    if reader.returncode:
        console.print("[red]the second process failed[/]")
        return False
    answer = json.loads(output)
    equal = answer["digest"] == digest(deep)
    console.print(f"process {answer['process']} read {answer['associations']} back: {_verdict(equal, 'equal')}")
    return equal


def _verdict(holds: bool, what: str) -> str:
    return f"[green]{what}[/]" if holds else f"[red]not {what}[/]"


async def _ask(console: Console, url: str, environment: Environment) -> bool:
    most = environment.most_required()
    count = len(most.in_)
    query = resources.text("graphql/required_by.graphql")
    variables = {"name": most.data, "requires": environment.Requires.id}
    console.print(f"most required: [bold]{most.data}[/], by {count} requirements. The same, asked with GraphQL:\n")
    console.print(f"{query}{json.dumps(variables)}", markup=False)
    found = await _answered(url, query, variables)
    console.print(f"it answers with {found} links: {_verdict(found == count, 'the same')}")
    return found == count


async def _answered(url: str, query: str, variables: dict[str, Any]) -> int:
    async with gql.Client(transport=HTTPTransport(url, {}, 10.0)) as session:
        request = gql.gql(query)
        request.variable_values = variables
        answer: dict[str, Any] = await session.execute(request)
    return len(answer["deep_links"])


async def _follow(
    console: Console, environment: Environment, database: Synchronizer, watcher: Watcher
) -> tuple[bool, str]:
    """Whether the watching process has what is here at the end; and the id of the type of the remarks."""
    await watcher.following()
    requirement = next(iter(environment.most_required().in_))
    console.print(f"process {watcher.pid} follows while remarks are made here, each a link on a link:")
    console.print(f"  {_requirement(requirement)}", markup=False)
    seen: list[Seen] = []
    thread = Thread(environment.deep, database)
    async for one in thread.on(requirement, watcher):
        console.print(_remark(one), markup=False)
        seen.append(one)
    equal = watcher.content == content(environment.deep)
    took = median(one.milliseconds for one in seen)
    console.print(f"\ncommitted here, seen there: {took:.1f} ms (median); both are {_verdict(equal, 'equal')}")
    return equal, thread.Remark.id


def _requirement(link: Association) -> str:
    source, target = (end.data if end else "?" for end in (link.from_, link.to))
    return f"{source} requires {target} {link.data}"


def _remark(one: Seen) -> str:
    said = f"{'  ' * (one.depth + 2)}{one.who}: {one.text}"
    took = f"{one.milliseconds:5.1f} ms" if one.milliseconds > 0 else "there before it was known here"
    return f"{said:<{COLUMN}}{took}"


def _tell_what_next(console: Console, typed: Typed, space: str, remark: str) -> None:
    lines = (
        "\nAll of it stays. What to type next, the first in a terminal of its own:\n",
        f"  {typed.serve}",
        f"  {typed.command} watch {space}",
        f"  {typed.command} load {space} | tail -7",
        f"\nand in {typed.python}:\n",
        "  from deeplinks.blocking import load",
        f'  deep = load("{typed.endpoint}", space="{space}")',
        f'  for it in deep["{remark}"].typed: print(it.data)',
        f"\n{_documentation()}",
    )
    console.print("\n".join(lines), markup=False)


def _documentation() -> str:
    tutorial = Path(deeplinks.__file__).parents[1] / "docs" / "tutorial.md"
    return (
        "README.md and docs/tutorial.md go on from here."
        if tutorial.is_file()
        else "help(deeplinks) goes on from here."
    )
