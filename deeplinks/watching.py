"""Watching: a space that only reads, and reads on whenever its storage rings; what came is given out in order.

A face: the loader and the follower do the work. How it is shown, and where, is not known here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial

from anyio.lowlevel import checkpoint

from deeplinks.errors import UnavailableError
from deeplinks.space import Change, Deep
from deeplinks.storage.protocol import Storage
from deeplinks.sync import load
from deeplinks.sync.follower import Follower
from deeplinks.tasks import call_off


@dataclass(frozen=True, slots=True)
class Line:
    """Whether what others write is heard at this moment; if not, why."""

    up: bool
    why: str = ""


Show = Callable[[tuple[Change, ...]], Iterable[str]]


class Watch:
    """A loaded space that follows: `news` gives what `show` makes of each change set, and each rise and fall of the line.

    `show` is called while the space is as the change set left it.
    """

    def __init__(self, deep: Deep, storage: Storage, show: Show) -> None:
        self._deep = deep
        self._storage = storage
        self._show = show
        self._news: asyncio.Queue[str | Line | None] = asyncio.Queue()
        self._line: Line | None = None

    async def news(self) -> AsyncGenerator[str | Line]:
        """What comes, until it is closed. Raises what no retry helps against."""
        self._deep.signals.changed.connect(self._hear)
        read = partial(load, self._storage, into=self._deep)
        follower = Follower("the storage", self._bells, read, checkpoint)
        following = asyncio.create_task(follower.run(), name="deeplinks watch")
        following.add_done_callback(lambda _: self._news.put_nowait(None))
        try:
            while (news := await self._news.get()) is not None:
                yield news
            await following
        finally:
            self._deep.signals.changed.disconnect(self._hear)
            await call_off(following)

    def _hear(self, _: Deep, changes: tuple[Change, ...]) -> None:
        for line in self._show(changes):
            self._news.put_nowait(line)

    async def _bells(self) -> AsyncGenerator[int]:
        try:
            async with aclosing(self._storage.bells(self._deep.id)) as bells:
                async for n in bells:
                    self._tell(Line(up=True))
                    yield n
            self._tell(Line(up=False, why="its bells ended"))
        except UnavailableError as error:
            self._tell(Line(up=False, why=str(error)))
            raise

    def _tell(self, line: Line) -> None:
        """Rise and fall are told once each, whatever reason comes after the first."""
        if self._line is None or self._line.up is not line.up:
            self._news.put_nowait(line)
        self._line = line
