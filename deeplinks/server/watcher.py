"""One live query: asked again when its mark is another one, told to its readers when its answer is.

The server. It asks and tells; when it is worth asking is found out by the hub.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from typing import Final

from strawberry.types import ExecutionResult

from deeplinks.server.answers import Spliced, codes
from deeplinks.server.faults import TOO_LONG
from deeplinks.server.mailbox import Mailbox
from deeplinks.server.tasks import Tasks
from deeplinks.tasks import check_called_off

Reader = Mailbox[ExecutionResult]
# What takes too long would take as long again, at every look.
LASTING: Final = frozenset({"data-exception", "validation-failed", TOO_LONG})


class Watcher:
    """A live query and its readers. `ask` answers it; `again` asks for one more look on behalf of new readers."""

    def __init__(
        self, space: str, ask: Callable[[], Awaitable[ExecutionResult]], again: Callable[[], None], tasks: Tasks
    ) -> None:
        self.space = space
        self.readers: set[Reader] = set()
        self._tasks = tasks
        # Readers who have heard nothing yet.
        self._new: set[Reader] = set()
        self._ask = ask
        self._again = again
        self._asking: asyncio.Task[None] | None = None
        self._seen: str | None = None
        self._next: str | None = None
        self._answer: ExecutionResult | None = None

    async def read(self, since: int) -> AsyncGenerator[ExecutionResult]:
        """One more reader: it hears the answer as it is after look `since`, then what becomes of it."""
        reader = Reader(since)
        self.readers.add(reader)
        self._new.add(reader)
        self._again()
        try:
            while (answer := await reader.take()) is not None:
                yield answer
        finally:
            self.readers.discard(reader)
            self._new.discard(reader)

    def look(self, mark: str, number: int) -> None:
        """What look `number` found. Another mark than before: ask. The same: new readers hear what is known."""
        if mark != self._seen:
            self._next = mark
            if self._asking is None:
                self._asking = self._tasks.start(self._keep_asking(), "live query", self._fall)
        elif self._asking is None and self._answer is not None:
            self._tell(self._answer, [reader for reader in self._new if reader.since < number])

    def fail(self, answer: ExecutionResult) -> None:
        """The database could not be asked: that is told once, and what was seen is forgotten, to be asked again."""
        self._seen = None
        self._publish(answer, self._new)

    def end(self) -> None:
        """Nothing more will come."""
        for reader in self.readers:
            reader.end()

    def _fall(self) -> None:
        self._seen = None
        self.end()

    async def _keep_asking(self) -> None:
        try:
            while self._next is not None:
                # Before the answer, so that what is committed meanwhile has another mark than this.
                self._seen, self._next = self._next, None
                new = set(self._new)
                answer = await self._ask()
                check_called_off()
                self._publish(answer, new)
                if _passes(answer):
                    self._seen = None
        finally:
            self._asking = None
        if self._new:
            self._again()

    def _publish(self, answer: ExecutionResult, new: Iterable[Reader]) -> None:
        """Everybody hears what is different; what is the same, those who are new."""
        known = self._answer is not None and _same(answer, self._answer)
        self._answer = answer
        self._tell(answer, list(new) if known else list((self.readers - self._new).union(new)))

    def _tell(self, answer: ExecutionResult, readers: list[Reader]) -> None:
        self._new.difference_update(readers)
        for reader in self.readers.intersection(readers):
            reader.put(answer)


def _passes(answer: ExecutionResult) -> bool:
    """Whether asking again may give something else though nothing has changed: not where the request is wrong."""
    return any(code not in LASTING for code in codes(answer))


def _same(one: ExecutionResult, other: ExecutionResult) -> bool:
    if isinstance(one.data, Spliced) and isinstance(other.data, Spliced):
        return one.data.text() == other.data.text()
    return codes(one) == codes(other) != []
