"""Work beside the requests, as tasks: what goes wrong in one is logged, never lost.

The server. It starts and ends tasks; what they do is not known here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

logger = logging.getLogger(__name__)


def start(work: Coroutine[Any, Any, None], name: str, failed: Callable[[], None] | None = None) -> asyncio.Task[None]:
    """Start the work. An error that it does not know is our own fault: it is logged, and `failed` is called."""
    task = asyncio.create_task(work, name=f"deeplinks {name}")

    def ended(task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is None:
            return
        logger.error("%s ended", task.get_name(), exc_info=error)
        if failed is not None:
            failed()

    task.add_done_callback(ended)
    return task


async def stop(*tasks: asyncio.Task[None] | None) -> None:
    """Cancel the tasks and wait until they have ended."""
    running = [task for task in tasks if task is not None and not task.done()]
    for task in running:
        task.cancel()
    if running:
        await asyncio.wait(running)
