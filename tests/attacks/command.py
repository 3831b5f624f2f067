"""An attack as a command: how many of what, from which seed; what went wrong is printed, and told by the status."""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections.abc import Awaitable, Callable


def command(told: str, what: str, count: int, run: Callable[[int, int], Awaitable[list[str]]]) -> int:
    """Run it: `--documents 20000 --seed 0`, where `what` is documents and `count` is how many, unless told."""

    async def attacked() -> list[str]:
        return await run(getattr(given, what), given.seed)

    # A statement that fails with others behind it is no news here.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    parser = argparse.ArgumentParser(description=told)
    parser.add_argument(f"--{what}", type=int, default=count)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    faults = asyncio.run(attacked())
    print("\n".join(faults[:50]))
    return 1 if faults else 0
