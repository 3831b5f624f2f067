"""Ending tasks for certain: a cancellation may be lost on its way, and whoever waits would wait for ever.

The ground. It knows asyncio's tasks and nothing of what they do.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

# Seconds. Long enough for any farewell of ours, which a second cancellation would cut short.
PATIENCE: Final = 5.0


async def call_off(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait until they have ended.

    `asyncio.wait_for` of Python 3.11 swallows a cancellation that comes as its own work is done, and libraries use it: a
    task that has not ended after a while is cancelled again.
    """
    running = {task for task in tasks if not task.done()}
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=PATIENCE)


def check_called_off() -> None:
    """Where a library may have swallowed it: raises `asyncio.CancelledError` if this task was cancelled before."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
