"""Two copies of one space, changed at random by both: in the end both equal what the storage has.

`TEST_SEQUENCES` says how many sequences (40); each prints its seed when it fails.
"""

import os
import random
from collections.abc import AsyncIterator, Callable
from datetime import date

import pytest

from deeplinks import Association, Deep, GraphQLStorage, Synchronizer, load, synchronize
from deeplinks.batch import Batch, Written
from deeplinks.errors import DeepError, UnavailableError
from deeplinks.server.engine import Engine, open_engine
from deeplinks.server.settings import Settings
from deeplinks.server.transport import InProcessTransport

SEQUENCES = int(os.environ.get("TEST_SEQUENCES", "40"))
STEPS = 40


class Unreliable(GraphQLStorage):
    """Loses requests before they arrive, and answers after the commit."""

    def __init__(self, engine: Engine, chance: random.Random, faults: float) -> None:
        super().__init__(transport=InProcessTransport(engine))
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


class Writer:
    """Somebody who changes a space at random."""

    def __init__(self, deep: Deep, name: str, chance: random.Random) -> None:
        self.deep = deep
        self.name = name
        self.chance = chance

    def one(self) -> Association:
        """Any association but the root; made if there is none."""
        others = [one for one in self.deep if one is not self.deep]
        return self.chance.choice(others) if others else self.deep().store("database")

    def step(self) -> None:
        """One change, or one group of them, which may be undone."""
        verbs: list[Callable[[], object]] = [self.make, self.text, self.point, self.point, self.write, self.clear]
        verbs += [self.retype, self.destroy, self.mark, self.group, self.hold, self.collect, self.key, self.call]
        try:
            self.chance.choice(verbs)()
        except DeepError:
            # Refused, as data of what holds none; then nothing has changed.
            return

    def make(self) -> None:
        self.chance.choice([self.deep, self.one()])(from_=self.one(), to=self.one()).store("database")

    def text(self) -> None:
        self.deep.String(f"{self.name} {self.chance.random()}").store("database")

    def point(self) -> None:
        setattr(self.one(), self.chance.choice(["from_", "to", "value"]), self.chance.choice([None, self.one()]))

    def write(self) -> None:
        text = f"{self.name} {self.chance.random()}"
        self.one().data = self.chance.choice([text, {"a": text}, True, date(2024, 1, self.chance.randint(1, 28))])

    def hold(self) -> None:
        self.deep.wrap(self.chance.choice([[1, "a"], {2, "b"}, {"a": self.name}, {1: self.name}])).store("database")

    def collect(self) -> None:
        holders = [one for one in self.deep if one.type in (self.deep.Array, self.deep.Set)]
        if not holders:
            return
        holder, member, place = self.chance.choice(holders), self.one(), self.chance.randint(0, 3)
        if holder.type is self.deep.Set:
            self.chance.choice([holder.add, holder.discard])(member)
        elif len(holder) > place:
            verbs = (holder.insert, holder.__setitem__, lambda *_: holder.pop(place), lambda *_: holder.discard(member))
            self.chance.choice(verbs)(place, member)
        else:
            holder.append(member)

    def key(self) -> None:
        # With a value of its own its items would be names, for texts that nobody stores.
        kinds = (self.deep.Object, self.deep.Map)
        holders = [one for one in self.deep if one.type in kinds and one.value_id is None]
        if holders:
            self.chance.choice(holders)[self.chance.choice("ab")] = f"{self.name} {self.chance.random()}"

    def call(self) -> None:
        container, name = self.one(), self.chance.choice(["n", "m"])
        if self.chance.random() < 0.7:
            container.children[name] = self.one()
        elif name in container.children:
            del container.children[name]

    def clear(self) -> None:
        del self.one().data

    def retype(self) -> None:
        kinds = [self.deep.String, self.deep.Number, self.deep.Object, self.deep.Set, self.deep.Array]
        self.one().type = self.chance.choice([self.deep, self.chance.choice(kinds), self.one()])

    def destroy(self) -> None:
        self.one().destroy()

    def mark(self) -> None:
        self.one().store("database", "typed_true")

    def group(self) -> None:
        fails = self.chance.random() < 0.2
        try:
            with self.deep.together():
                for _ in range(self.chance.randint(1, 4)):
                    self.chance.choice([self.make, self.text, self.point, self.destroy, self.collect, self.call])()
                if fails:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            return


def content(deep: Deep) -> dict[str, tuple[object, ...]]:
    """Every association of a space by id: its row, its members, its names."""
    found = (one for one in deep if one is not deep)
    return {
        one.id: (one.type_id, one.from_id, one.to_id, one.value_id, one.own_data(), members(one), *names(one))
        for one in found
    }


def members(one: Association) -> list[str] | None:
    """The ids of members, of an Array in its order."""
    collections = one.space_of().collections
    if not collections.collects(one):
        return None
    found = [member.id for member in collections.members(one)]
    return found if collections.form(one) == "Array" else sorted(found)


def names(one: Association) -> tuple[str | None, dict[str, str]]:
    """Its name, and the ids of those whom it contains."""
    return one.name, {name: child.id for name, child in one.children.items()}


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[Engine]:
    async with open_engine(Settings(database_url=database_url)) as engine:
        yield engine


@pytest.mark.parametrize("faults", [0.0, 0.3], ids=["reliable", "unreliable"])
@pytest.mark.timeout(900)
async def test_two_replicas_and_the_storage_end_equal(
    engine: Engine, faults: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("patience.FIRST_PAUSE", "patience.LONGEST_PAUSE", "synchronizer.WINDOW"):
        monkeypatch.setattr(f"deeplinks.sync.{name}", 0.001)
    for seed in range(SEQUENCES):
        contents = await _run(engine, random.Random(seed), faults)
        assert contents[0] == contents[1] == contents[2], f"seed {seed}"


async def _run(engine: Engine, chance: random.Random, faults: float) -> list[dict[str, tuple[object, ...]]]:
    storages = [Unreliable(engine, chance, faults) for _ in range(2)]
    first = Deep()
    first.String("first").store("database")
    async with synchronize(first, storages[0]) as one:
        await one.flush()
        second = await load(storages[1], space=first.id)
        async with synchronize(second, storages[1]) as other:
            sides = [(Writer(first, "a", chance), one), (Writer(second, "b", chance), other)]
            for _ in range(STEPS):
                await _turn(*chance.choice(sides), chance)
            for database in (one, other) * 3:
                await database.flush()
                await database.catch_up()
    return [content(first), content(second), content(await load(storages[1], space=first.id))]


async def _turn(writer: Writer, database: Synchronizer, chance: random.Random) -> None:
    kind = chance.random()
    if kind < 0.75:
        writer.step()
    elif kind < 0.85:
        await database.flush()
    else:
        await database.catch_up()
