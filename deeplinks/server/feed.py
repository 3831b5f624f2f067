"""One stream and its readers: each goes from place to place at its own pace, and who are at the same place share the step.

The server. What lies between two places is asked elsewhere, and when it is worth asking again is found out by the hub.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from strawberry.types import ExecutionResult

from deeplinks.server.answers import Spliced, codes
from deeplinks.server.steps import Place, Stepped
from deeplinks.server.tasks import Tasks
from deeplinks.tasks import check_called_off

Ask: TypeAlias = "Callable[[Place], Coroutine[Any, Any, Stepped]]"
# Steps that are kept for readers who come by later, at most, and how large one may be (bytes).
KEPT: Final = 32
LARGEST: Final = 64 * 1024


@dataclass(slots=True)
class Told:
    """What a reader was told last: an error is told once, and again after the database had been there meanwhile."""

    outage: int = 0
    codes: Sequence[object] = ()

    def again(self, answer: ExecutionResult, outage: int) -> bool:
        """Whether this answer is to be told."""
        known = answer.errors and (self.outage, self.codes) == (outage, codes(answer))
        self.outage, self.codes = outage, codes(answer)
        return not known


class Feed:
    """A stream. `ask` makes a step.

    A reader holds no more than the answers of one step: who is slow is slow for itself alone, and misses nothing.
    """

    def __init__(self, space: str, ask: Ask, tasks: Tasks) -> None:
        self.space = space
        self.readers: set[object] = set()
        self._ask = ask
        self._tasks = tasks
        self._steps: OrderedDict[Place, asyncio.Future[Stepped]] = OrderedDict()
        # Places that differ by nothing but their snapshots, of moments between which nothing has changed, are one.
        self._places: OrderedDict[Place, Place] = OrderedDict()
        self._stands: str | None = None
        self._looked = 0
        # The number of the last look before any step.
        self._stepped = 0
        self._trouble: ExecutionResult | None = None
        self._outages = 0
        self._retrying = False
        self._turned = asyncio.Event()
        self._ended = False

    async def read(self, since: int) -> AsyncGenerator[ExecutionResult]:
        """The answers, from the beginning on, until the stream ends."""
        reader = object()
        self.readers.add(reader)
        try:
            async with aclosing(self._walk()) as answers:
                async for answer in answers:
                    yield answer
        finally:
            self.readers.discard(reader)

    async def _walk(self) -> AsyncGenerator[ExecutionResult]:
        place, told = Place(), Told()
        while (stepped := await self._step(place)) is not None:
            for answer in stepped.answers:
                if told.again(answer, told.outage):
                    yield answer
            if stepped.over:
                return
            place = stepped.place
            while stepped.waits and (trouble := await self._turn(stepped)) is not None:
                if told.again(trouble, self._outages):
                    yield trouble

    def end(self) -> None:
        """Nothing more will come."""
        self._ended = True
        self._wake()

    # steps

    async def _step(self, place: Place) -> Stepped | None:
        """The step from this place, shared by all who are there; none where the stream has ended."""
        if self._ended:
            return None
        future = self._steps.get(place)
        if future is None:
            future = self._steps[place] = asyncio.get_running_loop().create_future()
            self._tasks.start(self._make(place, future), "stream", self.end)
        await asyncio.wait([future])
        return None if future.cancelled() else future.result()

    async def _make(self, place: Place, future: asyncio.Future[Stepped]) -> None:
        try:
            stepped = await self._ask(place)
            check_called_off()
            future.set_result(replace(stepped, place=self._same(stepped.place)))
            self._retrying |= stepped.failed
            self._stepped = max(self._stepped, stepped.number)
        finally:
            future.cancel()
            self._keep(place, future)

    def _same(self, place: Place) -> Place:
        same = self._places.setdefault(replace(place, since=None), place)
        if len(self._places) > KEPT:
            self._places.popitem(last=False)
        return same

    def _keep(self, place: Place, future: asyncio.Future[Stepped]) -> None:
        """Let go of the step, unless others may come by this place; how it begins is asked for each anew."""
        if future.cancelled() or place.initial is None or future.result().place == place or _size(future) > LARGEST:
            del self._steps[place]
            return
        for known in list(self._steps)[:-KEPT]:
            if self._steps[known].done():
                del self._steps[known]

    # turns

    def look(self, mark: str, number: int) -> None:
        """What look `number` found."""
        # A look that began before a step may have found what the step did not, and could wake nobody then.
        wakes = self._retrying or mark != self._stands or self._looked <= self._stepped
        self._outages += self._trouble is not None
        self._stands, self._looked, self._trouble, self._retrying = mark, number, None, False
        if wakes:
            self._wake()

    def fail(self, answer: ExecutionResult) -> None:
        """The database could not be asked: that is told once."""
        if self._trouble is None:
            self._trouble = answer
            self._wake()

    async def _turn(self, stepped: Stepped) -> ExecutionResult | None:
        """Wait until it may be worth stepping on, or for the trouble that keeps from it."""
        while not self._ended and not self._worth(stepped):
            await self._turned.wait()
            if self._trouble is not None:
                return self._trouble
        return None

    def _worth(self, stepped: Stepped) -> bool:
        return self._looked > stepped.number and (stepped.failed or self._stands != stepped.place.stands)

    def _wake(self) -> None:
        turned, self._turned = self._turned, asyncio.Event()
        turned.set()


def _size(future: asyncio.Future[Stepped]) -> int:
    answers = (answer.data for answer in future.result().answers)
    return sum(len(piece) for data in answers if isinstance(data, Spliced) for piece in data.pieces)
