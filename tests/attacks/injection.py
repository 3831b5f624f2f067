"""The injection corpus: thousands of texts at every place of a request, and PostgreSQL never reads one as SQL.

`python -m tests.attacks.injection --payloads 3000 --seed N`. No error of PostgreSQL's is one of syntax or of names, no row
changes but those that are played with, what is stored is what was sent, and nothing is answered by a failure of ours.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import nullcontext

from tests.attacks.command import command
from tests.attacks.payloads import SPECIMENS, payloads
from tests.attacks.positions import MUTATIONS, POSITIONS, Position
from tests.attacks.target import Target, target

AT_ONCE = 8
# Classes of SQLSTATE that a text may bring about: data that is none, and what constraints refuse.
HARMLESS = ("21", "22", "23")


async def attack(made: Target, texts: Iterable[str]) -> list[str]:
    """What went wrong; nothing, if nothing did."""
    before = made.digest()
    waiting = ((text, position) for text in texts for position in POSITIONS)
    # Writers of one space who come without a batch may wait for each other: they come one by one.
    alone = asyncio.Lock()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(AT_ONCE):
            tasks.create_task(_work(made, waiting, alone))
    if made.digest() != before:
        made.faults.append("a guarded row has changed")
    states = Counter(state for state, _ in made.errors())
    made.faults += [f"PostgreSQL: {state}: {said}" for state, said in made.errors() if not state.startswith(HARMLESS)]
    print(f"{made.asked} requests, states in the log: {dict(states)}, {len(made.faults)} faults")
    return made.faults


async def _work(made: Target, waiting: Iterable[tuple[str, Position]], alone: asyncio.Lock) -> None:
    for text, position in waiting:
        headers = _sendable(position.headers(text))
        if headers is None:
            continue
        body = json.dumps(position.request(text)).encode()
        async with alone if position in MUTATIONS else nullcontext():
            told = await made.ask(position.name, body, headers)
        if position.name == "inserted String" and (data := told.get("data")):
            kept = data["insert_deep_strings_one"]["_data"]
            made.faults += [] if kept == text else [f"{text[:200]!r} came back as {kept[:200]!r}"]


def _sendable(headers: Mapping[str, str]) -> Mapping[str, bytes] | None:
    """The headers, where a client can send them at all: no line ends, no controls, in latin-1."""
    if any(not value.isprintable() or not value.strip() for value in headers.values()):
        return None
    try:
        return {name: value.encode("latin-1") for name, value in headers.items()}
    except UnicodeEncodeError:
        return None


async def run(count: int, seed: int, specimens: int = len(SPECIMENS)) -> list[str]:
    """Attack a fresh server; what went wrong."""
    async with target() as made:
        return await attack(made, payloads(count, seed, specimens))


if __name__ == "__main__":
    sys.exit(command("The injection corpus against a fresh server.", "payloads", 3_000, run))
