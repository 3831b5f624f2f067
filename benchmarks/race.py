"""A race: contenders run in turn, round by round; the table has medians and the median of each round's ratio."""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter


@dataclass
class Contender:
    """One way of doing the work. `prepare` is not timed and its result is handed to `run`, which is."""

    name: str
    run: Callable[[object], Awaitable[object]]
    prepare: Callable[[], Awaitable[object]] | None = None
    seconds: list[float] = field(default_factory=list)

    async def go(self) -> None:
        """One timed run."""
        prepared = await self.prepare() if self.prepare else None
        gc.collect()
        started = perf_counter()
        await self.run(prepared)
        self.seconds.append(perf_counter() - started)


@dataclass
class Race:
    """Work of `size` things; the first contender is the limit that the others are measured against."""

    title: str
    unit: str
    size: int
    contenders: list[Contender]

    async def run(self, rounds: int) -> str:
        """Race, and give the Markdown table."""
        for _ in range(rounds):
            for contender in self.contenders:
                await contender.go()
        return self.table()

    def table(self) -> str:
        """The medians and ratios as Markdown."""
        limit = self.contenders[0]
        head = f"| {self.title} | {self.unit}/s, median | best | ratio to the first, median |\n|---|---:|---:|---:|"
        return "\n".join([head, *(self._line(one, limit) for one in self.contenders)])

    def _line(self, one: Contender, limit: Contender) -> str:
        ratio = median(ours_first / theirs for ours_first, theirs in zip(limit.seconds, one.seconds, strict=True))
        usual, best = self.size / median(one.seconds), self.size / min(one.seconds)
        return f"| {one.name} | {usual:,.0f} | {best:,.0f} | {ratio:.2f} |"
