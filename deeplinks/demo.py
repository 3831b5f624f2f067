"""The demo: the reader's own Python environment as a graph, written over GraphQL and read back by a second process.

A face: it uses the public verbs as anybody would. No shortcut past them may enter.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import gql
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from deeplinks import Association, Deep, load, resources, synchronize
from deeplinks.server.serve import running
from deeplinks.server.settings import Settings
from deeplinks.storage.graphql import HTTPTransport

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
EXTRA = re.compile(r"extra\s*==\s*[\"']([^\"']+)[\"']")


@dataclass(frozen=True, slots=True)
class Requirement:
    """A line of a distribution's metadata: what it requires, which versions, and with which extra only."""

    name: str
    specifier: str
    extra: str | None

    @classmethod
    def parse(cls, line: str) -> Requirement:
        """Read a `Requires-Dist` line (packaging.python.org, dependency specifiers), its environment markers left out."""
        wanted, _, condition = line.partition(";")
        found = NAME.match(wanted.strip())
        name = found[0] if found else wanted.strip()
        extra = EXTRA.search(condition)
        return cls(normal(name), wanted.strip()[len(name) :].strip(), extra[1] if extra else None)


def normal(name: str) -> str:
    """The one spelling of a distribution's name (packaging.python.org, name normalization)."""
    return re.sub(r"[-_.]+", "-", name).lower()


class Environment:
    """Distributions, their versions and requirements as a graph; an extra is a link on the requirement it brings."""

    def __init__(self, deep: Deep) -> None:
        self.deep = deep
        self.Distribution, self.Version, self.Requires, self.Extra = (
            self._type(name) for name in ("Distribution", "Version", "Requires", "Extra")
        )
        self.by_name: dict[str, Association] = {}

    def _type(self, name: str) -> Association:
        return self.deep(value=self.deep.String(name))

    def distribution(self, name: str) -> Association:
        """The distribution of that name, made at its first mention."""
        if name not in self.by_name:
            self.by_name[name] = self.Distribution(value=self.deep.String(name))
        return self.by_name[name]

    def read(self) -> None:
        """Everything that this interpreter can import, as its metadata tells."""
        for one in sorted(metadata.distributions(), key=lambda one: normal(one.metadata["Name"])):
            with self.deep.together():
                self._add(one)

    def _add(self, found: metadata.Distribution) -> None:
        distribution = self.distribution(normal(found.metadata["Name"]))
        self.Version(from_=distribution, value=self.deep.String(found.version))
        for line in found.requires or ():
            wanted = Requirement.parse(line)
            target = self.distribution(wanted.name)
            link = self.Requires(from_=distribution, to=target, value=self.deep.String(wanted.specifier))
            if wanted.extra:
                self.Extra(from_=link, value=self.deep.String(wanted.extra))

    def counts(self) -> dict[str, int]:
        """How many of each type there are."""
        types = (self.Distribution, self.Version, self.Requires, self.Extra)
        return {str(type.data): len(type.typed) for type in types}

    def most_required(self) -> tuple[str, int]:
        """The distribution at which most requirements end, and how many."""
        name, most = max(self.by_name.items(), key=lambda item: len(item[1].in_))
        return name, len(most.in_)


def lines(deep: Deep) -> Iterator[str]:
    """Every association of a space as a line, in the order of ids."""
    for one in sorted(deep, key=lambda one: one.id):
        yield json.dumps([one.id, one.type_id, one.from_id, one.to_id, one.value_id, one.own_data()])


def digest(deep: Deep) -> str:
    """One number for the whole content of a space."""
    return hashlib.sha256("\n".join(lines(deep)).encode()).hexdigest()


async def show(database_url: str) -> bool:
    """Run the demo on a database that is migrated; whether what came back equals what was written."""
    console = Console(soft_wrap=True, highlight=False)
    async with running(Settings(database_url=database_url, port=0)) as url:
        deep, environment = await _write(console, url)
        equal = await _read_back(console, url, deep)
        return await _ask(console, url, environment) and equal


async def _write(console: Console, url: str) -> tuple[Deep, Environment]:
    started = time.perf_counter()
    deep = Deep()
    environment = Environment(deep)
    async with synchronize(deep, url) as database:
        for type in (environment.Distribution, environment.Version, environment.Requires, environment.Extra):
            type.store(database, deep.storage_markers.typed_true)
        environment.read()
        total = database.pending
        with _progress(console) as progress:
            task = progress.add_task("writing over GraphQL", total=total)
            async with asyncio.TaskGroup() as group:
                flushed = group.create_task(database.flush())
                while not flushed.done():
                    await asyncio.wait([flushed], timeout=0.05)
                    progress.update(task, completed=total - database.pending)
    counted = ", ".join(f"{count} × {name}" for name, count in environment.counts().items())
    console.print(f"[bold]{len(deep)}[/] links in {time.perf_counter() - started:.1f} s: {counted}")
    return deep, environment


def _progress(console: Console) -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=console)


async def _read_back(console: Console, url: str, deep: Deep) -> bool:
    command = (sys.executable, "-m", "deeplinks.demo", url, deep.id)
    reader = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await reader.communicate()
    if reader.returncode:
        console.print("[red]the second process failed[/]")
        return False
    answer = json.loads(output)
    equal = answer["digest"] == digest(deep)
    verdict = "[green]equal[/]" if equal else "[red]not equal[/]"
    console.print(f"process {answer['process']} read {answer['associations']} back: {verdict}")
    return equal


async def _ask(console: Console, url: str, environment: Environment) -> bool:
    name, count = environment.most_required()
    query = resources.text("graphql/required_by.graphql")
    console.print(f"most required: [bold]{name}[/], by {count} requirements. The same, asked with GraphQL:\n")
    console.print(query.strip(), markup=False)
    variables = {"name": name, "requires": environment.Requires.id}
    console.print(f"\nvariables: {json.dumps(variables)}", markup=False)
    async with gql.Client(transport=HTTPTransport(url, {}, 10.0)) as session:
        request = gql.gql(query)
        request.variable_values = variables
        answer: dict[str, Any] = await session.execute(request)
    found = len(answer["deep_links"])
    console.print(
        f"it answers with {found} links: {'[green]the same[/]' if found == count else '[red]not the same[/]'}"
    )
    return found == count


async def _second_process(url: str, space: str) -> None:
    import os

    deep = await load(url, space=space)
    print(json.dumps({"process": os.getpid(), "associations": len(deep), "digest": digest(deep)}))  # noqa: T201  the answer


if __name__ == "__main__":
    asyncio.run(_second_process(sys.argv[1], sys.argv[2]))
