"""Patience: how long to wait before trying again what may pass, and when to say that it does not.

The sync room. Numbers only; what is tried is not known here.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Self

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 5.0
# After so long without success (seconds), and again after each such time, it is told what is in the way.
STALLED = 30.0


class Backoff:
    """Pauses that double up to a limit, with jitter, so that many who wait do not come back at once."""

    def __init__(self) -> None:
        self._next = FIRST_PAUSE

    def reset(self) -> None:
        """It went well: the next pause is short again."""
        self._next = FIRST_PAUSE

    async def pause(self) -> None:
        """Wait, and wait longer the next time."""
        await asyncio.sleep(self._next * random.uniform(0.5, 1.0))
        self._next = min(self._next * 2, LONGEST_PAUSE)


class Watch:
    """Says every so often that something is not done yet, for how many seconds: nothing waits for ever in silence."""

    def __init__(self, tell: Callable[[float], object]) -> None:
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._since = self._loop.time()
        self._timer = self._loop.call_later(STALLED, self._ring)

    def _ring(self) -> None:
        self._timer = self._loop.call_later(STALLED, self._ring)
        self._tell(self._loop.time() - self._since)

    def close(self) -> None:
        """It is done, or given up; a second time is harmless."""
        self._timer.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
