"""Waiting for a condition, never for a time."""

import asyncio
import time
from collections.abc import Callable


async def until(condition: Callable[[], object], seconds: float = 30) -> None:
    """Let the loop go on until the condition holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.002)


def until_now(condition: Callable[[], object], seconds: float = 30) -> None:
    """The same where no loop runs: other threads go on meanwhile."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.002)
