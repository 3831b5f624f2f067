"""Tasks that neither hang nor hold up others: ended for certain, and patient where another thread has a lock.

The ground. It knows asyncio's tasks and nothing of what they do.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from threading import RLock
from typing import Any, Final

# Seconds. Long enough for any farewell of ours, which a second cancellation would cut short.
PATIENCE: Final = 5.0
# Seconds between two looks at a lock that another thread has: doubled each time, up to the second of them.
FIRST_LOOK: Final = 0.0005
LAST_LOOK: Final = 0.02


async def call_off(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait until they have ended.

    `asyncio.wait_for` of Python 3.11 swallows a cancellation that comes as its own work is done, and libraries use it: a
    task that has not ended after a while is cancelled again.
    """
    # In the order given, which a set would not keep: what ends is to end the same way every time.
    while running := [task for task in tasks if not task.done()]:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=PATIENCE)


def check_called_off() -> None:
    """Where a library may have swallowed it: raises `asyncio.CancelledError` if this task was cancelled before."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


@asynccontextmanager
async def held(lock: RLock) -> AsyncGenerator[None]:  # pyright: ignore[reportInvalidTypeForm, reportUnknownParameterType]
    """Hold a lock of threads; while another thread has it, the event loop goes on. Nothing is awaited in the block."""
    pause = FIRST_LOOK
    while not lock.acquire(blocking=False):
        await asyncio.sleep(pause)
        pause = min(2 * pause, LAST_LOOK)
    try:
        yield
    finally:
        lock.release()
