"""Work beside the requests, as tasks: what goes wrong in one is logged, and none outlives who started it.

The server. It starts and ends tasks; what they do is not known here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from deeplinks.tasks import call_off

logger = logging.getLogger(__name__)


class Tasks:
    """Tasks of one owner, as long as they run."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(
        self, work: Coroutine[Any, Any, None], name: str, failed: Callable[[], None] | None = None
    ) -> asyncio.Task[None]:
        """Start the work. An error that it lets out is our own fault: it is logged, and `failed` is called."""
        task = asyncio.create_task(work, name=f"deeplinks {name}")
        self._running.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._running.discard(task)
            error = None if task.cancelled() else task.exception()
            if error is not None:
                logger.error("%s ended", task.get_name(), exc_info=error)
                if failed is not None:
                    failed()

        task.add_done_callback(ended)
        return task

    async def stop(self) -> None:
        """Cancel all of them, and wait until they have ended."""
        await call_off(*self._running)
