"""Patience: how long to wait before trying again what may pass.

The sync room. Numbers only; what is tried is not known here.
"""

from __future__ import annotations

import asyncio
import random

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 5.0


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
