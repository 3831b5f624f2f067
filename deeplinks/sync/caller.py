"""The caller: the thread in which a space lives. What comes in is applied there, and what is to be heard is told there.

The sync room. It says where a step is taken, never which.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Caller(Protocol):
    """Takes steps in the thread of the space, in the order in which they were handed over."""

    async def run(self, step: Callable[[], T]) -> T:
        """Have a step taken, and wait for what it gives or raises."""
        ...

    def post(self, step: Callable[[], object]) -> None:
        """Have a step taken after those before it; nobody waits."""
        ...


class SameThread:
    """The loop's own thread is the space's: steps are taken at once."""

    async def run(self, step: Callable[[], T]) -> T:
        return step()

    def post(self, step: Callable[[], object]) -> None:
        step()
