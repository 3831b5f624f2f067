"""Interleavings of SQL sessions: whatever order their steps come in, no reader misses or repeats a change."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable

import pytest

from deeplinks import GraphQLStorage
from tests.storage.interleaving import Reader, Stage, orders, play_some, scenarios, stage
from tests.storage.session import Session

SECONDS = float(os.environ.get("INTERLEAVING_SECONDS", "20"))


def test_there_are_70_orders_of_2_x_4_steps_and_1680_of_3_x_3() -> None:
    assert (len(list(orders(2, 4))), len(list(orders(3, 3)))) == (70, 1680)
    assert (len(scenarios(2)), len(scenarios(3))) == (28, 84)


@pytest.mark.timeout(SECONDS + 120)
async def test_in_no_order_is_anything_missed_or_repeated(database_url: str) -> None:
    """A failure names its scenario and order: `python -m tests.storage.interleaving "batch poll" 01101001` plays it again."""
    seed = int(os.environ.get("SEED") or random.randrange(2**32))
    print(f"SEED={seed}")
    played = await play_some(database_url, SECONDS, seed)
    print(f"{played} interleavings")

    assert played > 20


@pytest.mark.parametrize("order", ["00110011", "01010101", "01101001", "11000011", "10011010"])
@pytest.mark.parametrize("scenario", ["batch poll", "update poll", "delete load", "prune load", "batch delete"])
async def test_orders_that_are_played_every_time(database_url: str, scenario: str, order: str) -> None:
    async with stage(database_url) as played:
        await played.play(scenario, order)


class Naive(Reader):
    """What people write first: everything that was created after the last number seen."""

    def __init__(self, storage: GraphQLStorage, space: str, pruned: bool, database: Session) -> None:
        super().__init__(storage, space, pruned)
        self._database = database
        self._last = 0
        self.seen: set[str] = set()

    async def read(self) -> bool:
        asked = "select id::text, _i from deep.links where _deep = %s and _i > %s order by _i"
        for row in self._database.run(asked, self.copy.cursor.space, self._last):
            self.seen.add(row["id"])
            self._last = row["_i"]
        return False


class NaiveStage(Stage):
    """Its readers are naive; it counts the readers that missed a link."""

    database: Session
    missed = 0

    async def _reader(self, role: str, roles: list[str], space: str) -> Reader:
        return Naive(self.storage, space, "prune" in roles, self.database)

    async def _check(self, readers: Iterable[Reader], space: str, what: str) -> None:
        there = {id for table, id in await self._rows(space) if table == "links"}
        for reader in readers:
            await reader.to_the_end()
            assert isinstance(reader, Naive)
            self.missed += not there <= reader.seen


async def test_a_cursor_over_the_order_of_creation_misses_links_in_the_same_orders(
    database_url: str, database: Session
) -> None:
    """The control: what is looked for here is found where it is."""
    async with stage(database_url, kind=NaiveStage) as played:
        played.database = database
        # The second draws a number and waits, the first draws a greater one and commits, and is read.
        await played.play("batch update poll", "010002111222")

    assert played.missed == 1
