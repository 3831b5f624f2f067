"""Being told to stop: what was started is ended on the way out, and the exit status says which signal it was.

A face: it knows signals and tasks, and nothing of what runs.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Final, TypeAlias

STOPPING: Final = ("SIGINT", "SIGTERM", "SIGHUP")
Hear: TypeAlias = Callable[[int, FrameType | None], None]


@contextmanager
def heard(hear: Hear, *names: str) -> Generator[None]:
    """Have these signals heard, those of them that there are here, for the length of a block."""
    there = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, hear) for number in there}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def stop(number: int, _: FrameType | None) -> None:
    """End with the status that shells give for this signal."""
    sys.exit(128 + number)


def run(work: Coroutine[object, object, None]) -> None:
    """Run it until it ends; a signal calls it off, so that what it has open is left in order, and gives the exit status."""
    told: list[int] = []

    async def called_off() -> None:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()

        def stop(number: int, _: FrameType | None) -> None:
            told.append(number)
            if task is not None:
                loop.call_soon_threadsafe(task.cancel)

        with heard(stop, *STOPPING):
            await work

    try:
        asyncio.run(called_off())
    except asyncio.CancelledError:
        stop(told[0], None)
