"""Two copies of one space over a storage in memory, changed at random by both: in the end all are equal.

`TEST_SEQUENCES` says how many sequences (40); a failure tells its seed.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from deeplinks import Deep, MemoryStorage, load, synchronize
from deeplinks.batch import Batch, Written
from deeplinks.errors import UnavailableError
from tests.sync.test_two_replicas import SEQUENCES, STEPS, Writer, content


class Unreliable(MemoryStorage):
    """Loses batches before they arrive, and answers after the commit."""

    def __init__(self, chance: random.Random, faults: float) -> None:
        super().__init__()
        self.chance = chance
        self.faults = faults

    async def write(self, batch: Batch) -> Written:
        self._lose("before")
        written = await super().write(batch)
        self._lose("after")
        return written

    def _lose(self, when: str) -> None:
        if self.chance.random() < self.faults:
            raise UnavailableError(storage="the cable", why=f"cut {when} the commit")


@pytest.mark.parametrize("faults", [0.0, 0.3], ids=["reliable", "unreliable"])
@pytest.mark.timeout(900)
async def test_two_replicas_and_the_memory_end_equal(faults: float, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("patience.FIRST_PAUSE", "patience.LONGEST_PAUSE", "synchronizer.WINDOW"):
        monkeypatch.setattr(f"deeplinks.sync.{name}", 0.001)
    for seed in range(SEQUENCES):
        chance = random.Random(seed)
        first, second, stored = await _run(Unreliable(chance, faults), chance)
        assert first == second == stored, f"seed {seed}"


async def _run(storage: MemoryStorage, chance: random.Random) -> list[dict[str, Any]]:
    first = Deep()
    first.String("first").store("database")
    async with synchronize(first, storage) as one:
        await one.flush()
        second = await load(storage, space=first.id)
        async with synchronize(second, storage) as other:
            sides = [(Writer(first, "a", chance), one), (Writer(second, "b", chance), other)]
            for _ in range(STEPS):
                writer, database = chance.choice(sides)
                verb = chance.choices([None, database.flush, database.catch_up], [15, 2, 3])[0]
                writer.step() if verb is None else await verb()
            for database in (one, other) * 3:
                await database.flush()
                await database.catch_up()
    return [content(first), content(second), content(await load(storage, space=first.id))]
