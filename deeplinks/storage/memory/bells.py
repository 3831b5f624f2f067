"""Bells in this process: whoever listens to a space is woken when its log has grown, on whatever loop it waits.

The memory storage. Numbers only; no timer, no task, no thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass, field
from threading import Lock


@dataclass(slots=True, eq=False)
class Listener:
    """Somebody who waits on a loop."""

    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    rung: asyncio.Event = field(default_factory=asyncio.Event)

    def ring(self) -> None:
        """Wake it, from any thread. A loop that was closed has nobody left to wake."""
        try:
            self.loop.call_soon_threadsafe(self.rung.set)
        except RuntimeError:
            if not self.loop.is_closed():
                raise


class Bells:
    """The listeners of every space; `newest` tells where a space's log stands."""

    def __init__(self, newest: Callable[[str], int]) -> None:
        self._newest = newest
        self._listeners: dict[str, set[Listener]] = {}
        self._lock = Lock()

    def ring(self, spaces: Iterable[str]) -> None:
        """The logs of these spaces have grown."""
        with self._lock:
            woken = [one for space in spaces for one in self._listeners.get(space, ())]
        for listener in woken:
            listener.ring()

    async def listen(self, space: str) -> AsyncGenerator[int]:
        """The newest number at once, then whenever it has risen; numbers in between are passed over."""
        listener = Listener()
        self._enter(space, listener)
        try:
            told = -1
            while True:
                listener.rung.clear()
                newest = self._newest(space)
                if newest > told:
                    told = newest
                    yield newest
                else:
                    await listener.rung.wait()
        finally:
            self._leave(space, listener)

    def _enter(self, space: str, listener: Listener) -> None:
        with self._lock:
            self._listeners.setdefault(space, set()).add(listener)

    def _leave(self, space: str, listener: Listener) -> None:
        with self._lock:
            listeners = self._listeners[space]
            listeners.discard(listener)
            if not listeners:
                del self._listeners[space]
