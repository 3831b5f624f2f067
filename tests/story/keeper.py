"""A process that keeps a graph in a file and is killed while it does: it says what it has accepted and what is committed.

`keeper.py FILE ENDPOINT NAME`: makes texts, groups and changes, and prints `ACC text` when a setter has returned, `ACK number`
when a flush has, until it is killed. With `--finish` it sends what waits and ends.
"""

import asyncio
import sys

import deeplinks
from deeplinks import Deep, Synchronizer


def say(*words: object) -> None:
    sys.stdout.write(f"{' '.join(map(str, words))}\n")
    sys.stdout.flush()


async def flushing(database: Synchronizer, made: list[str]) -> None:
    while True:
        count = len(made)
        await database.flush()
        say("ACK", count)
        await asyncio.sleep(0.01)


async def work(deep: Deep, name: str, made: list[str]) -> None:
    for number in range(1_000_000):
        text = f"{name}.{number}"
        if number % 5 == 4:
            with deep.together():
                first = deep.String(f"{text}.first")
                deep(from_=first, to=deep.String(text))
        elif number % 5 == 3:
            one = deep.String(f"{text}.before")
            one.data = text
        else:
            deep.String(text)
        made.append(text)
        say("ACC", text)
        await asyncio.sleep(0)


async def main(path: str, endpoint: str, name: str) -> None:
    async with deeplinks.open(path) as deep, deeplinks.synchronize(deep, endpoint) as database:
        say("SPACE", deep.id)
        if name == "--finish":
            await database.flush()
            return
        made: list[str] = []
        await asyncio.gather(flushing(database, made), work(deep, name, made))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
