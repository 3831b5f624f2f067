"""Promises: what an association or a storage still has to do, to be waited for; and operations that run one by one.

The space room. It waits and orders; who writes to a storage is told to it as a function, and what a row is it never heard.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from deeplinks.errors import InvalidError, WrongTypeError
from deeplinks.tasks import check_called_off

logger = logging.getLogger("deeplinks.space.promises")

# Something to wait for, or a function that does it or gives what to wait for.
Operation: TypeAlias = "Awaitable[object] | Callable[[], object]"


class Chain:
    """Operations in strict order: each starts when the one before it is over, whether that one failed or not.

    They start on the running event loop; assigned without one they start when they are waited for. Only the last result
    and the errors that nobody has heard yet are kept.
    """

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._waiting: deque[Operation] = deque()
        self._errors: list[Exception] = []
        self._result: object = True
        self._task: asyncio.Task[None] | None = None

    @property
    def pending(self) -> bool:
        """Whether an operation is under way or waits for its turn."""
        return bool(self._waiting) or self._running

    @property
    def _running(self) -> bool:
        return self._task is not None and not self._task.done()

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The event loop on which it runs now."""
        return self._task.get_loop() if self._task is not None and self._running else None

    def add(self, operation: Operation) -> None:
        """Have an operation run after those before it. Raises `WrongTypeError` for what can't be waited for or called."""
        if not (inspect.isawaitable(operation) or callable(operation)):
            raise WrongTypeError(what="promise", expected="an awaitable, or a function to call", value=operation)
        self._waiting.append(operation)
        if asyncio._get_running_loop() is not None:
            self._start()

    def _start(self) -> None:
        if self._waiting and not self._running:
            self._task = asyncio.create_task(self._run(), name=f"operations of {self._owner}")

    async def _run(self) -> None:
        while self._waiting:
            operation = self._waiting.popleft()
            try:
                self._result = await _done(operation)
            except asyncio.CancelledError:
                self._fail(InvalidError(what=f"an operation of {self._owner}", why="it was cancelled"))
                check_called_off()
            except Exception as error:  # noqa: BLE001  kept for whoever waits; the next one runs all the same
                self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._errors.append(error)
        self._result = None

    async def wait(self) -> object:
        """The result of the last operation, when all are over.

        Raises what an operation raised, an `ExceptionGroup` where several did; to one who waits, once. Raises
        `InvalidError` inside one of its own operations, which would wait for itself.
        """
        loop = self.loop
        if loop is not None and loop is not asyncio.get_running_loop():
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self.wait(), loop))
        self._start()
        while self._task is not None and not self._task.done():
            if self._task is asyncio.current_task():
                raise InvalidError(what=f"promise of {self._owner}", why="its own operation would wait for itself")
            await asyncio.wait([self._task])
            self._start()
        errors, self._errors = self._errors, []
        if len(errors) > 1:
            raise ExceptionGroup(f"{len(errors)} operations of {self._owner} failed", errors)
        if errors:
            raise errors[0]
        return self._result

    def drop(self) -> None:
        """Nobody waits for it any more: what is under way ends by itself, what never started is given up."""
        for operation in self._waiting:
            if inspect.iscoroutine(operation):
                operation.close()
        self._waiting.clear()

    def __del__(self) -> None:
        for error in self._errors:
            logger.error("an operation of %s failed, and nobody waited for it", self._owner, exc_info=error)


async def _done(operation: Operation) -> object:
    result = operation if inspect.isawaitable(operation) else operation()
    return await result if inspect.isawaitable(result) else result


class Promise:
    """What is still to be done: `await` it.

    It gives the result of the last operation that was assigned, True if there was none, when all of them are over and all
    changes that were accepted before are written.
    """

    def __init__(
        self, chain: Chain | None, unwritten: Callable[[], bool], written: Callable[[], Awaitable[object]]
    ) -> None:
        self.chain = chain
        self._unwritten = unwritten
        self._written = written

    @property
    def pending(self) -> bool:
        """Whether an operation is not over, or a change not written."""
        return (self.chain is not None and self.chain.pending) or self._unwritten()

    def __await__(self) -> Generator[object, None, object]:
        return self._wait().__await__()

    async def _wait(self) -> object:
        result = True if self.chain is None else await self.chain.wait()
        if self._unwritten():
            await self._written()
        return result


class Promising(Protocol):
    """What has a promise: an association, or an open storage."""

    @property
    def promise(self) -> Promise: ...


@dataclass(frozen=True, slots=True)
class PromiseStatus:
    """Whether there is anything to wait for, whether it is not over yet, and the promise itself."""

    has_promise: bool
    is_pending: bool
    promise: Promise | None


def promise_status(owner: Promising) -> PromiseStatus:
    """How things stand with an association or a storage, without waiting and without changing anything."""
    promise = owner.promise
    has = promise.chain is not None or promise.pending
    return PromiseStatus(has, promise.pending, promise if has else None)
