"""Progress: how far a reading or a writing is, told to whoever listens.

The sync room. A value and how it is told; who reads or writes is not known here.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from deeplinks.space import Deep
from deeplinks.sync.caller import Caller


class Work(StrEnum):
    """What it is that goes on."""

    reading = "reading"
    writing = "writing"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is: rows and entries that were read, or associations that were written, of so many where that is known."""

    storage: str
    work: Work
    done: int
    total: int | None
    seconds: float
    over: bool = False

    @property
    def pace(self) -> float:
        """How many a second."""
        return self.done / self.seconds if self.seconds else 0.0

    def __str__(self) -> str:
        of = f" of {self.total:,}" if self.total is not None else ""
        unit = "rows" if self.work is Work.reading else "associations"
        return f"{self.work} {self.storage}: {self.done:,}{of} {unit}, {self.pace:,.0f} a second"


class Telling:
    """One reading or writing, from its beginning; nothing is made where nobody listens to `signals.progress`."""

    def __init__(self, deep: Deep, storage: str, work: Work, caller: Caller) -> None:
        self.done = 0
        self._deep = deep
        self._storage = storage
        self._work = work
        self._caller = caller
        self._since = time.perf_counter()

    def more(self, count: int, left: int | None = None, *, over: bool = False) -> None:
        """So much more is done; `left` to do, where that is known."""
        self.done += count
        if not self._deep.signals.progress.receivers:
            return
        total = self.done if over else None if left is None else self.done + left
        seconds = time.perf_counter() - self._since
        progress = Progress(self._storage, self._work, self.done, total, seconds, over)
        tell = self._deep.space.dispatcher.tell
        self._caller.post(partial(tell, self._deep.signals.progress, self._deep, progress=progress))
