"""A process that writes: a line `accepted N` when a setter has returned, `committed N` when a flush has.

It begins where its predecessor stopped, ends when its input does, and may be killed at any moment.
"""

import asyncio
import sys
from contextlib import AsyncExitStack

from deeplinks import Deep, Synchronizer, load, synchronize
from deeplinks.errors import DeepError


async def main(endpoint: str, space: str, name: str, first: str, path: str | None = None) -> None:
    over = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    async with AsyncExitStack() as stack:
        deep, database = await entered(stack, endpoint, space, path)
        database.leaving = 120
        # A file may know of one more than could be said.
        number = max(int(first), *(number_of(text.data, name) + 1 for text in deep.String.typed), 0)
        while not over.done():
            text = deep.String(f"{name} {number}").store("database")
            text.to = deep
            print(f"accepted {number}", flush=True)
            if number % 3 == 0:
                await database.flush()
                print(f"committed {number}", flush=True)
            number += 1
            await asyncio.sleep(0)
    print(f"committed {number - 1}", flush=True)


def number_of(data: object, name: str) -> int:
    return int(str(data).removeprefix(name)) if str(data).startswith(f"{name} ") else 0


async def entered(stack: AsyncExitStack, endpoint: str, space: str, path: str | None) -> tuple[Deep, Synchronizer]:
    """The space, open, as soon as somebody gives it; with a file at once, whoever is there."""
    while True:
        try:
            deep = Deep(space) if path else await load(endpoint, space=space)
            return deep, await stack.enter_async_context(synchronize(deep, endpoint, path=path))
        except DeepError:
            await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
