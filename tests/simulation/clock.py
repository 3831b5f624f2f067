"""An event loop whose time jumps to the next timer: hours pass in no time, and always in the same way.

The simulation. No socket, no thread, no waiting; where nobody has a timer left, nothing can ever happen again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

Result = TypeVar("Result")

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
# Turns of the loop; a schedule takes some ten thousand of them.
MOST_TURNS = 2_000_000


class DeadlockError(Exception):
    """Everybody waits, and nobody has a timer."""


class LivelockError(Exception):
    """The loop turns and turns."""


class VirtualLoop(asyncio.BaseEventLoop):
    """A loop over virtual time, in seconds since it was made."""

    def __init__(self, most_turns: int = MOST_TURNS) -> None:
        super().__init__()
        self.now = 0.0
        self.turns = 0
        self.most_turns = most_turns
        self._selector = self
        self.failures: list[str] = []
        self.set_exception_handler(self._note_failure)

    def time(self) -> float:
        return self.now

    def moment(self) -> datetime:
        """The virtual time of day."""
        return BEGINNING + timedelta(seconds=self.now)

    def select(self, timeout: float | None) -> list[Any]:
        """What a selector does: waiting, which is to leap."""
        self.turns += 1
        if self.turns > self.most_turns:
            raise LivelockError(f"{self.turns} turns")
        if timeout is None:
            raise DeadlockError
        if timeout > 0:
            self.now = max(self.now, self._scheduled[0]._when)
        return []

    def _process_events(self, events: list[Any]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """Nobody sleeps who would have to be woken."""

    def _note_failure(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.failures.append(f"{context['message']}: {context.get('exception')!r}")


def run_on(loop: VirtualLoop, main: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end, and leave nothing behind."""
    try:
        return loop.run_until_complete(main)
    finally:
        _call_off_all(loop)
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def _call_off_all(loop: VirtualLoop) -> None:
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
