"""A space in a file: what accepting a change costs there, and how soon it is there again, against loading it from a server."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter, perf_counter_ns

import deeplinks
from benchmarks.ground import ground
from benchmarks.writing import graph
from deeplinks import Deep, synchronize

CHANGES = 20_000


def accepting() -> str:
    """What one setter takes, as Markdown: with nobody keeping it, in a file, and waiting for the disk."""
    lines = ["| accept one change of data | p50, µs | p99, µs |", "|---|---:|---:|"]
    with _folder() as folder:
        plain = Deep()
        plain.String("").store("database")
        lines.append(_line("stored, no file", plain, CHANGES))
        with deeplinks.open(folder / "graph.deep") as deep:
            lines.append(_line("in a file", deep, CHANGES))
        with deeplinks.open(folder / "synced.deep", fsync_interval=0) as deep:
            lines.append(_line("in a file, each change waits for the disk", deep, CHANGES // 100))
    return "\n".join(lines)


def _line(name: str, deep: Deep, count: int) -> str:
    text = deep.String("a").store("database")
    took = sorted(_timed(lambda number: setattr(text, "data", str(number)), count))
    return f"| {name} | {median(took) / 1000:,.1f} | {took[len(took) * 99 // 100] / 1000:,.1f} |"


def _timed(change: Callable[[int], object], count: int) -> list[int]:
    took: list[int] = []
    for number in range(count):
        started = perf_counter_ns()
        change(number)
        took.append(perf_counter_ns() - started)
    return took


async def first_paint(links: int) -> str:
    """How long it takes until all of a space can be read, as Markdown: from the server, and from the local copy."""
    deep = graph(links)
    size, space = len(deep), deep.id
    async with ground() as (_, endpoint):
        async with synchronize(deep, endpoint) as database:
            await database.flush()
        del deep, database
        with _folder() as folder:
            path = folder / "graph.deep"
            started = perf_counter()
            await deeplinks.load(endpoint, space=space)
            from_server = perf_counter() - started
            async with synchronize(Deep(space=space), endpoint, path=path):
                pass
            from_file = await asyncio.to_thread(_opened, path)
    lines = [f"| {size:,} links are there | s | of loading |", "|---|---:|---:|"]
    lines.append(f"| loaded from the server over GraphQL/HTTP | {from_server:,.2f} | 1 |")
    lines.append(f"| opened from the local copy | {from_file:,.2f} | {from_file / from_server:.2f} |")
    return "\n".join(lines)


def _opened(path: Path) -> float:
    started = perf_counter()
    graph = deeplinks.open(path)
    took = perf_counter() - started
    graph.close()
    return took


@contextmanager
def _folder() -> Generator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)
