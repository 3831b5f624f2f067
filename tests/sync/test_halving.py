"""A refused batch is halved until what is refused is alone: everything else is written once, in order, by few requests."""

import asyncio
import math
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deeplinks import Association, Deep, MemoryStorage, load, synchronize
from deeplinks.batch import Batch, Content, Written
from deeplinks.errors import QueryError, RefusedError, StoppedError, UnavailableError
from deeplinks.sync import halving
from deeplinks.testing import history


class Picky(MemoryStorage):
    """Never takes these ids, and counts what it is asked to write; every n-th answer is lost, where `loses` says so."""

    def __init__(self, loses: int = 0) -> None:
        super().__init__()
        self.poison: set[str] = set()
        self.loses = loses
        self.writes: list[Batch] = []

    async def write(self, batch: Batch) -> Written:
        self.writes.append(batch)
        if self.poison.intersection(halving.ids(batch.content)):
            raise QueryError(storage="it", path="$", why="no such luck", reason="22003")
        written = await super().write(batch)
        if self.loses and len(self.writes) % self.loses == 0:
            raise UnavailableError(storage="the cable", why="cut after the commit")
        return written


async def refused_by(storage: Picky, deep: Deep) -> None:
    """Store what waits; whatever is refused is told once and in the end."""
    with pytest.raises(RefusedError):
        async with synchronize(deep, storage):
            pass


# the parts of a batch


def test_what_is_in_no_group_is_a_unit_by_itself() -> None:
    assert halving.units("abc", {}) == [["a"], ["b"], ["c"]]


def test_a_group_is_one_unit_in_the_place_of_its_first() -> None:
    assert halving.units("abcd", {"b": 1, "d": 1}) == [["a"], ["b", "d"], ["c"]]


def test_one_unit_has_no_halves() -> None:
    assert halving.halves("ab", {"a": 1, "b": 1}) is None
    assert halving.halves("", {}) is None


def test_halves_are_apart_and_whole() -> None:
    assert halving.halves("abcde", {"a": 1, "e": 1}) == (frozenset("ae") | {"b"}, frozenset("cd"))


def test_a_part_has_the_rows_of_its_ids_in_every_table() -> None:
    content = Content(
        links=[{"id": "a"}, {"id": "b"}],
        updates=[("c", {}), ("a", {})],
        data={"strings": [("a", "x"), ("b", "y")]},
        data_deletes={"numbers": ["b", "c"]},
        deletes=["d", "a"],
    )
    one, other = halving.part(content, {"a", "c"}), halving.part(content, {"b", "d"})

    assert one == Content(
        links=[{"id": "a"}],
        updates=[("c", {}), ("a", {})],
        data={"strings": [("a", "x")]},
        data_deletes={"numbers": ["c"]},
        deletes=["a"],
    )
    assert set(halving.ids(one)) | set(halving.ids(other)) == set(halving.ids(content)) == set("abcd")


# how many requests


@pytest.mark.parametrize("size", [*range(2, 20), 31, 32, 33, 100, 127, 128])
async def test_one_refused_change_costs_at_most_two_requests_for_each_halving_and_one_more(size: int) -> None:
    worst = 0
    for place in sorted({0, 1, size // 3, size // 2, size - 2, size - 1}):
        deep, storage = Deep(), Picky()
        made = [deep.Number(number).store("database") for number in range(size)]
        storage.poison = {made[place].id}
        await refused_by(storage, deep)
        worst = max(worst, len(storage.writes) - 1)

    assert worst <= 2 * math.log2(size) + 1


async def test_a_batch_of_ten_thousand_finds_the_one_in_at_most_twenty_seven() -> None:
    deep, storage = Deep(), Picky()
    made = [deep.Number(number).store("database") for number in range(10_000)]
    storage.poison = {made[0].id}
    await refused_by(storage, deep)

    assert len(storage.writes) - 1 <= 2 * math.log2(10_000) + 1
    assert len(await load(storage, space=deep.id)) == 10_000


# what is written


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[list[int], list[bool]]]:
    """Groups of places, of associations made before, and of each whether it is a together()."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=10))
    return [([draw(st.integers(0, 7)) for _ in range(size)], [draw(st.booleans())]) for size in sizes]


@settings(max_examples=60, deadline=None)
@given(histories(), st.sets(st.integers(0, 7), max_size=3), st.sampled_from([0, 2, 3]))
def test_what_is_not_refused_is_written_once_and_in_order_whatever_is(
    steps: list[tuple[list[int], list[bool]]], poisoned: set[int], loses: int
) -> None:
    asyncio.run(_written_once(steps, poisoned, loses))


async def _written_once(steps: list[tuple[list[int], list[bool]]], poisoned: set[int], loses: int) -> None:
    deep, storage = Deep(), Picky(loses)
    made = [deep.Number(0).store("database") for _ in range(8)]
    async with synchronize(deep, storage) as database:
        await database.flush()
        before = len(await history(storage, deep.id))
        storage.poison = {made[place].id for place in poisoned}
        groups = _change(deep, made, steps)
        try:
            await database.flush()
        except RefusedError:
            pass
        refused = _together_with(groups, storage.poison)
        await database.catch_up()
        entries = (await history(storage, deep.id))[before:]

        assert {one.id for one in database.refused for one in one.associations} == refused
        assert {entry.id for entry in entries} == {id for group in groups for id in group} - refused
        assert len(entries) == len({entry.id for entry in entries})
        assert database.pending == 0
        copy = await load(storage, space=deep.id)
        assert [copy[one.id].data for one in made] == [one.data for one in made]
        assert all((one.data == 0) == (one.id in refused or one.id not in _all(groups)) for one in made)


def _change(deep: Deep, made: list[Association], steps: list[tuple[list[int], list[bool]]]) -> list[set[str]]:
    """Change the data of these, and give the ids that were changed together."""
    number = 0
    groups: list[set[str]] = []
    for places, (together,) in steps:
        for part in [places] if together else [[place] for place in places]:
            with deep.together():
                for place in part:
                    number += 1
                    made[place].data = number
            groups.append({made[place].id for place in part})
    return groups


def _together_with(groups: list[set[str]], poison: set[str]) -> set[str]:
    """What goes whole with what is poisoned: groups that change one association are one."""
    found = poison & _all(groups)
    while True:
        grown = found.union(*(group for group in groups if group & found))
        if grown == found:
            return found
        found = grown


def _all(groups: list[set[str]]) -> set[str]:
    return set().union(*groups)


async def test_who_follows_never_sees_half_a_group_while_a_batch_is_halved() -> None:
    deep, storage = Deep(), Picky()
    pairs = [(deep.Number(0).store("database"), deep.Number(0).store("database")) for _ in range(6)]
    bad = deep.Number(0).store("database")
    async with synchronize(deep, storage) as database:
        await database.flush()
        storage.poison = {bad.id}
        for number, (one, other) in enumerate(pairs, 1):
            with deep.together():
                one.data = number
                other.data = number
        bad.data = 1
        with pytest.raises(RefusedError):
            await database.flush()
        entries = [entry for entry in await history(storage, deep.id) if entry.operation == "update"]

    transactions: dict[str, int] = {entry.id: entry.tx for entry in entries}
    assert all(transactions[one.id] == transactions[other.id] for one, other in pairs)


async def test_what_others_changed_is_their_unit_though_it_names_what_is_refused() -> None:
    deep, storage = Deep(), Picky()
    bad, other = deep().store("database"), deep().store("database")
    async with synchronize(deep, storage) as database:
        await database.flush()
        storage.poison = {bad.id}
        bad.to = other
        link = deep(from_=bad, to=bad).store("database")
        with pytest.raises(RefusedError):
            await database.flush()

    assert (await load(storage, space=deep.id))[link.id].to_id == bad.id


async def test_an_error_of_the_whole_request_is_never_halved() -> None:
    class Closed(Picky):
        async def write(self, batch: Batch) -> Written:
            self.writes.append(batch)
            raise QueryError(storage="it", path="$", why="no such table", reason="42P01")

    deep, storage = Deep(), Closed()
    for number in range(10):
        deep.Number(number).store("database")
    with pytest.raises(StoppedError, match="no such table"):
        async with synchronize(deep, storage):
            pass

    assert len(storage.writes) == 1
    assert deep.space.ledgers["database"].state(next(iter(deep.Number.typed))) == "sent"


async def test_a_storage_that_refuses_even_nothing_stops_the_sender() -> None:
    class Never(MemoryStorage):
        async def write(self, batch: Batch) -> Written:
            raise QueryError(storage="it", path="$", why="not today", reason="22000")

    deep = Deep()
    deep().store("database")
    with pytest.raises(StoppedError, match="not today"):
        async with synchronize(deep, Never()):
            pass


async def test_the_batches_of_a_halving_take_new_numbers_and_withdraw_those_before() -> None:
    deep, storage = Deep(), Picky()
    made = [deep.Number(number).store("database") for number in range(3)]
    storage.poison = {made[0].id}
    await refused_by(storage, deep)
    numbers: Mapping[int, list[int]] = {
        batch.seq: [seq for seq, _ in batch.content.withdraws] for batch in storage.writes
    }

    assert numbers == {1: [], 2: [1], 3: [1, 2], 4: []}
