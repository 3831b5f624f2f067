"""`python -m benchmarks [--links N] [--rounds N] [--million] [--only memory|storage|server]`: every race in one run, as Markdown."""

from __future__ import annotations

import argparse
import asyncio
import platform

from benchmarks.draining import WAITING, Draining
from benchmarks.following import following
from benchmarks.ground import ground
from benchmarks.hot import hot
from benchmarks.loading import Loading
from benchmarks.local import accepting, first_paint
from benchmarks.memory import in_memory
from benchmarks.mutations import mutations
from benchmarks.serving import serving
from benchmarks.writing import Writing, graph, stored

CHANGES = 1_000
COMMITS = 8_000
# How long each server is asked, each time.
SECONDS = 3.0


def memory(rounds: int, million: bool) -> None:
    """Race what is in memory and print the tables; a million links take long, and are raced once."""
    print(mutations(max(rounds, 9)), end="\n\n", flush=True)
    for size in (10_000, 100_000):
        print(in_memory(size, rounds), end="\n\n", flush=True)
    if million:
        print(in_memory(1_000_000, 1), end="\n\n", flush=True)


async def storage(links: int, rounds: int) -> None:
    """Race what goes to a storage and comes from it, and print the tables."""
    async with ground() as (url, endpoint):
        print(await Writing(url, endpoint, links).race().run(rounds), end="\n\n", flush=True)
        print(await Draining(url, endpoint, WAITING).race().run(min(rounds, 3)), end="\n\n", flush=True)
        size = len(graph(links))
        async with stored(endpoint, links) as space:
            print(await Loading(url, endpoint, space, size).race().run(rounds), end="\n\n", flush=True)
    print(await following(CHANGES), end="\n\n", flush=True)
    print(await asyncio.to_thread(hot, COMMITS), end="\n\n", flush=True)
    print(accepting(), end="\n\n", flush=True)
    print(await first_paint(links), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--links", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--million", action="store_true", help="in memory, race a million links too")
    parser.add_argument("--only", choices=["memory", "storage", "server"])
    given = parser.parse_args()
    print(
        f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}; {given.rounds} rounds\n"
    )
    if given.only in (None, "memory"):
        memory(given.rounds, given.million)
    if given.only in (None, "storage"):
        asyncio.run(storage(given.links, given.rounds))
    if given.only in (None, "server"):
        asyncio.run(serving(given.links, given.rounds, SECONDS))
