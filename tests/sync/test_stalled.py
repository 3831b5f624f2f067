"""Nothing waits for ever in silence: after a while it is told what is in the way, and why, and again."""

import logging

import pytest

from deeplinks import Deep, MemoryStorage, synchronize
from deeplinks.batch import Batch, Cursor, Page, Written
from deeplinks.errors import UnavailableError
from tests.waiting import until

Told = list[dict[str, object]]


class Away(MemoryStorage):
    """Neither takes nor gives anything while it is away."""

    away = False

    async def write(self, batch: Batch) -> Written:
        self._check()
        return await super().write(batch)

    async def read(self, cursor: Cursor, limit: int = 1000) -> Page:
        self._check()
        return await super().read(cursor, limit)

    def _check(self) -> None:
        if self.away:
            raise UnavailableError(storage="it", why="it is away")


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {"STALLED": 0.02, "FIRST_PAUSE": 0.001, "LONGEST_PAUSE": 0.001}.items():
        monkeypatch.setattr(f"deeplinks.sync.patience.{name}", seconds)


@pytest.fixture
def deep() -> Deep:
    return Deep()


@pytest.fixture
def told(deep: Deep) -> Told:
    told: Told = []
    deep.signals.stalled.connect(lambda _, **facts: told.append(facts))
    return told


async def test_a_batch_that_does_not_get_through_is_told_again_and_again(
    deep: Deep, told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    storage = Away()
    async with synchronize(deep, storage):
        storage.away = True
        deep().store("database")
        await until(lambda: len([one for one in told if "batch 1" in str(one["what"])]) > 1)
        storage.away = False

    first = next(one for one in told if "batch 1" in str(one["what"]))
    assert first["storage"] == "database"
    assert "1 rows" in str(first["what"])
    assert "it is away" in str(first["why"])
    assert isinstance(first["seconds"], float)
    assert next(one.levelname for one in caplog.records if "nothing gets through" in one.message) == "ERROR"


async def test_that_what_others_write_can_not_be_read_is_told(deep: Deep, told: Told) -> None:
    storage = Away()
    async with synchronize(deep, storage) as database:
        storage.away = True
        assert database._follower is not None
        database._follower.ring()
        await until(lambda: told)
        storage.away = False

    assert "not read" in str(told[0]["what"])


async def test_a_batch_that_is_not_answered_is_told_though_nothing_failed(deep: Deep, told: Told) -> None:
    class Silent(MemoryStorage):
        async def write(self, batch: Batch) -> Written:
            await until(lambda: told)
            return await super().write(batch)

    async with synchronize(deep, Silent()):
        deep().store("database")

    assert "no answer yet" in str(told[0]["why"])


async def test_what_goes_well_is_not_told(deep: Deep, told: Told, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        async with synchronize(deep, MemoryStorage()) as database:
            for _ in range(3):
                deep().store("database")
                await database.flush()

    assert told == []
    assert caplog.records == []
