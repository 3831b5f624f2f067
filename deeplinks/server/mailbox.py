"""What waits for one reader: the newest answer and no other, for a later one replaces it.

The server. It holds a value; who writes and who reads is decided elsewhere.
"""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Mailbox(Generic[Answer]):
    """One place for an answer: a reader who is slow misses what was replaced, and nobody's memory fills.

    `since` is the number of the last look that began before the reader came.
    """

    def __init__(self, since: int = 0) -> None:
        self.since = since
        self._answer: Answer | None = None
        self._ended = False
        self._there = asyncio.Event()

    def put(self, answer: Answer) -> None:
        """Leave an answer; after the end nobody wants it."""
        if not self._ended:
            self._answer = answer
            self._there.set()

    def end(self) -> None:
        """No other answer will come; one that waits is still taken."""
        self._ended = True
        self._there.set()

    async def take(self) -> Answer | None:
        """Wait for an answer that was not taken yet; none after the end."""
        await self._there.wait()
        answer, self._answer = self._answer, None
        if not self._ended:
            self._there.clear()
        return answer
