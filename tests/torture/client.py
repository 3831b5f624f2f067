"""A process that writes: a line `accepted N` when a setter has returned, `committed N` when a flush has.

It begins where its predecessor stopped, ends when its input does, and may be killed at any moment.
"""

import asyncio
import sys
from contextlib import AsyncExitStack

from deeplinks import Deep, Synchronizer, load, synchronize
from deeplinks.errors import DeepError


async def main(endpoint: str, space: str, name: str, first: str) -> None:
    over = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    number = int(first)
    async with AsyncExitStack() as stack:
        deep, database = await entered(stack, endpoint, space)
        database.leaving = 120
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


async def entered(stack: AsyncExitStack, endpoint: str, space: str) -> tuple[Deep, Synchronizer]:
    """The space, open, as soon as somebody gives it."""
    while True:
        try:
            deep = await load(endpoint, space=space)
            return deep, await stack.enter_async_context(synchronize(deep, endpoint))
        except DeepError:
            await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
