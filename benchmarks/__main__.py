"""`python -m benchmarks [--links N] [--rounds N]`: every race in one run, as Markdown."""

from __future__ import annotations

import argparse
import asyncio
import platform

from benchmarks.following import following
from benchmarks.ground import ground
from benchmarks.loading import Loading
from benchmarks.writing import Writing, graph, stored

CHANGES = 1_000


async def main(links: int, rounds: int) -> None:
    """Run the races and print their tables."""
    print(f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}; {rounds} rounds\n")
    async with ground() as (url, endpoint):
        print(await Writing(url, endpoint, links).race().run(rounds), end="\n\n", flush=True)
        size = len(graph(links))
        async with stored(endpoint, links) as space:
            print(await Loading(url, endpoint, space, size).race().run(rounds), end="\n\n", flush=True)
    print(await following(CHANGES), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--links", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    asyncio.run(main(given.links, given.rounds))
