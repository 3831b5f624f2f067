"""The follower: patience for what others write. A bell says that there may be something; reading the log says what.

The sync room. A lost bell costs time, never a change (design rule 7): there is a timer, and every reconnection reads.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable

import anyio

from deeplinks.errors import BusyError, UnavailableError
from deeplinks.sync.patience import Backoff, Watch
from deeplinks.tasks import call_off, check_called_off

logger = logging.getLogger("deeplinks.sync.follower")

# Without a bell it is read this often all the same (seconds).
UNRUNG = 15.0

Bells = Callable[[], AsyncGenerator[int]]
Verb = Callable[[], Awaitable[object]]
# Told what does not get through, for how many seconds, and why.
Stalled = Callable[[str, float, str], object]


class Follower:
    """Reads whenever it is rung: by the storage's bells, by its timer, by whoever calls `ring`.

    `ready` is waited for before each reading: sending comes first. What may pass is tried again with growing pauses; what
    may not ends it, and is raised by `run`.
    """

    def __init__(self, name: str, bells: Bells, read: Verb, ready: Verb, stalled: Stalled | None = None) -> None:
        self._name = name
        self._stalled = stalled or self._log
        self._bells = bells
        self._read = read
        self._ready = ready
        self._rung = asyncio.Event()
        self.connected = False
        # The number of the newest change that a bell told of.
        self.newest = 0
        self._told = False
        self._watch: Watch | None = None
        self._why: Exception | None = None

    def ring(self) -> None:
        """There may be something to read."""
        self._rung.set()

    async def run(self) -> None:
        """Follow until cancelled. Raises what no retry helps against."""
        listening = asyncio.create_task(self._listen(), name=f"deeplinks {self._name}: bells")
        reading = asyncio.create_task(self._keep_reading(), name=f"deeplinks {self._name}: reading")
        try:
            await asyncio.wait((listening, reading), return_when=asyncio.FIRST_EXCEPTION)
        finally:
            self.connected = False
            await call_off(listening, reading)
            self._failing(None)
            ended = [task.exception() for task in (listening, reading) if not task.cancelled()]
        # Neither ends by itself but by an error.
        raise next(error for error in ended if error is not None)

    async def _listen(self) -> None:
        backoff = Backoff()
        while True:
            try:
                await self._hear(backoff)
                why = "its bells ended"
            except UnavailableError as error:
                why = str(error)
            if self.connected or not self._told:
                self._told = True
                logger.warning("%s is not rung, and read every %g s until it is: %s", self._name, UNRUNG, why)
            self.connected = False
            check_called_off()
            await backoff.pause()

    async def _hear(self, backoff: Backoff) -> None:
        bells = self._bells()
        try:
            async for newest in bells:
                logger.debug("%s is rung: change %d", self._name, newest)
                self.newest = max(self.newest, newest)
                backoff.reset()
                self.connected = True
                self._rung.set()
        finally:
            await bells.aclose()

    async def _keep_reading(self) -> None:
        backoff = Backoff()
        while True:
            with anyio.move_on_after(UNRUNG):
                await self._rung.wait()
            self._rung.clear()
            await self._ready()
            try:
                await self._read()
                check_called_off()
                backoff.reset()
                self._failing(None)
            except (UnavailableError, BusyError) as error:
                logger.info("%s will be read again: %s", self._name, error)
                self._failing(error)
                self._rung.set()
                await backoff.pause()

    def _failing(self, error: Exception | None) -> None:
        """From the first failure to the next success it is watched how long that takes."""
        self._why = error
        if error is None:
            if self._watch is not None:
                self._watch.close()
            self._watch = None
        elif self._watch is None:
            self._watch = Watch(lambda seconds: self._stalled("what others write is not read", seconds, str(self._why)))

    def _log(self, what: str, seconds: float, why: str) -> None:
        logger.error("%s: nothing gets through for %.0f s, %s: %s", self._name, seconds, what, why)
