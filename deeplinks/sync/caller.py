"""The caller: the thread in which a space lives. What comes in is applied there, and what is to be heard is told there.

The sync room. It says where a step is taken, never which.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeAlias

from deeplinks.errors import SignalLoopError
from deeplinks.space import Deep
from deeplinks.sync.conflicts import told_apart
from deeplinks.tasks import held

logger = logging.getLogger("deeplinks.sync.caller")

Step: TypeAlias = Callable[[], object]


class Caller(Protocol):
    """Takes steps in the thread of the space, in the order in which they were handed over."""

    async def run(self, step: Step) -> None:
        """Have a step taken, and wait until it is. Raises what it raises."""
        ...

    def post(self, step: Step) -> None:
        """Have a step taken after those before it; nobody waits."""
        ...


class SameThread:
    """The loop's own thread is the space's: steps are taken at once."""

    def __init__(self, deep: Deep) -> None:
        self._deep = deep

    async def run(self, step: Step) -> None:
        async with held(self._deep.space.lock):
            step()

    def post(self, step: Step) -> None:
        tell_apart(self._deep, step)


def tell_apart(deep: Deep, step: Step) -> None:
    """Take a step that tells: receivers that answer each other for ever harm nobody but themselves."""
    try:
        step()
    except SignalLoopError as error:
        told_apart(deep, error)


def stalled(deep: Deep, caller: Caller, storage: str, what: str, seconds: float, why: str) -> None:
    """Say that something does not get through: an error in the log, and the signal `stalled`."""
    logger.error("%s: nothing gets through for %.0f s, %s: %s", storage, seconds, what, why)
    signal = deep.signals.stalled
    if signal.receivers:
        facts: dict[str, object] = {"storage": storage, "what": what, "seconds": seconds, "why": why}
        caller.post(partial(deep.space.dispatcher.tell, signal, deep, **facts))
