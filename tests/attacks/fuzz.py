"""Thousands of random documents, valid and nearly so: none is answered by a failure of ours.

`python -m tests.attacks.fuzz --documents 20000 --seed N`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any

from graphql import build_schema

from deeplinks.server.export import sdl
from tests.attacks.command import command
from tests.attacks.documents import requests
from tests.attacks.positions import PLAY
from tests.attacks.target import Target, target

AT_ONCE = 4
# After so many documents the rows begin anew: they would be too many to be nested in one another.
FRESH = 500
# What the second wall, row level security, says to a role's rows: it is there for that.
WALL = "42501"
MEMBER = {"x-hasura-role": b"member", "x-hasura-space": PLAY.encode()}


async def run(count: int, seed: int) -> list[str]:
    """Ask a fresh server; what went wrong."""
    schema = build_schema(sdl())
    kinds: Counter[str] = Counter()
    async with target() as made:
        for start in range(0, count, FRESH):
            made.plant()
            batch = requests(schema, min(FRESH, count - start), seed + start)
            waiting, alone = iter(batch), asyncio.Lock()
            async with asyncio.TaskGroup() as tasks:
                for _ in range(AT_ONCE):
                    tasks.create_task(_work(made, waiting, alone, kinds))
        states = [
            f"PostgreSQL: {state}: {said}"
            for state, said in made.errors()
            if state.startswith(("42", "XX")) and state != WALL
        ]
        print(f"{made.asked} documents, answered by {dict(kinds)}, {len(made.faults + states)} faults")
        return made.faults + states


async def _work(made: Target, waiting: Iterable[dict[str, Any]], alone: asyncio.Lock, kinds: Counter[str]) -> None:
    for number, body in enumerate(waiting):
        # Writers of one space who come without a batch may wait for each other: they come one by one.
        async with alone if "mutation" in body["query"] else nullcontext():
            # One in four as somebody who may everything in one space.
            told = await made.ask("document", json.dumps(body).encode(), None if number % 4 else MEMBER)
        kinds[told["errors"][0]["extensions"]["code"] if "errors" in told else "data"] += 1


if __name__ == "__main__":
    sys.exit(command("Random documents against a fresh server.", "documents", 20_000, run))
