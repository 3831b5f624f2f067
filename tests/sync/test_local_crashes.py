"""A process that ends at any moment finds in its file what it had accepted: all of it, and nothing by halves."""

import asyncio
import itertools
import os
import random
import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import deeplinks
from deeplinks import Association, Deep, DeepError, GraphQLStorage, MemoryStorage, Synchronizer, synchronize
from deeplinks.batch import Batch, Cursor, Page, Written
from deeplinks.errors import QueryError, RefusedError, UnavailableError
from deeplinks.storage.sqlite import syncing
from deeplinks.storage.sqlite.file import LocalFile
from deeplinks.sync.replica import replica_of
from tests.waiting import until_now

Content = dict[str, tuple[object, ...]]


def content(deep: Deep) -> Content:
    """What is in a space, by id."""
    return {one.id: (one.type_id, one.from_id, one.to_id, one.value_id, one.own_data()) for one in deep}


class Steps:
    """What a program does with its graph, step by step."""

    def __init__(self, deep: Deep, database: Synchronizer) -> None:
        self.deep = deep
        self.database = database
        self.made: list[deeplinks.Association] = []

    def all(self) -> list[Callable[[], Awaitable[object] | None]]:
        group = [
            self.make,
            self.point,
            self.write,
            self.together,
            self.write_again,
            self.destroy,
            self.retype,
            self.bulk,
        ]
        return [*group, self.flush, self.point, self.write, self.name, self.mark, self.flush, self.write, self.destroy]

    def make(self) -> None:
        self.made += [self.deep.String("a"), self.deep(value=self.deep.Number(1)), self.deep()]

    def point(self) -> None:
        self.made[-1].to = self.made[0]

    def write(self) -> None:
        self.made[0].data = f"{self.made[0].data}b"

    def write_again(self) -> None:
        self.made[0].data = "once more"

    def together(self) -> None:
        with self.deep.together():
            self.made.append(self.deep(from_=self.made[0], to=self.made[1]))
            self.made[-1].value = self.deep.String("in a group")
            self.made[2].value = self.made[1]

    def destroy(self) -> None:
        self.made.pop().destroy()

    def retype(self) -> None:
        self.made[-1].type = self.made[1]

    def bulk(self) -> None:
        with self.deep.bulk() as build:
            build.links(self.deep, itertools.pairwise(build.nodes(self.deep, 5)))

    def name(self) -> None:
        self.deep["called so"] = self.made[0]

    def mark(self) -> None:
        self.made[1].store("database", "typed_true")

    async def flush(self) -> None:
        await self.database.flush()
        await self.database.catch_up()


@contextmanager
def before_each_statement(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> Iterator[None]:
    """Have something happen before each statement of a file, and after the last."""
    for name in ("run", "run_all"):
        inner = getattr(LocalFile, name)

        def acting(self: LocalFile, *arguments: Any, inner: Any = inner) -> Any:
            act()
            return inner(self, *arguments)

        monkeypatch.setattr(LocalFile, name, acting)
    yield
    act()
    monkeypatch.undo()


def copied(path: Path, folder: Path) -> Path:
    """The file as a process leaves it that is killed now."""
    folder.mkdir()
    for suffix in ("", "-wal", "-lock"):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            shutil.copyfile(beside, folder / beside.name)
    return folder / path.name


async def test_a_kill_between_any_two_statements_leaves_each_change_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "graph.deep"
    left: list[tuple[Path, int]] = []
    states: list[Content] = []
    async with deeplinks.open(path) as deep, synchronize(deep, MemoryStorage()) as database:
        steps = Steps(deep, database)
        states.append(content(deep))

        def act() -> None:
            left.append((copied(path, tmp_path / f"{len(left)}"), len(states) - 1))

        with before_each_statement(monkeypatch, act):
            for step in steps.all():
                waited = step()
                if waited is not None:
                    await waited
                states.append(content(deep))

    assert len(left) > 100
    for copy, done in left:
        with deeplinks.open(copy) as found:
            # One step may be several changes, each whole by itself.
            assert_between(content(found), states[done], states[min(done + 1, len(states) - 1)])


def assert_between(found: Content, before: Content, after: Content) -> None:
    """Each association is as it was before a step or after it."""
    assert found.keys() <= before.keys() | after.keys()
    assert found.keys() >= before.keys() & after.keys()
    for id, values in found.items():
        for was, now, is_ in zip(before.get(id, values), after.get(id, values), values, strict=True):
            assert is_ in (was, now)


class Picky(MemoryStorage):
    """A storage that wants no poison."""

    async def write(self, batch: Batch) -> Written:
        if b"poison" in batch.bytes:
            raise QueryError(storage="picky", why="no poison here", reason="23514")
        return await super().write(batch)


async def test_a_kill_while_something_is_refused_leaves_it_waiting_or_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, left = tmp_path / "graph.deep", list[Path]()
    async with deeplinks.open(path) as deep, synchronize(deep, Picky()) as database:
        changed, other = deep.String("a"), deep.String("b")
        await database.flush()
        changed.data = "poison"
        made, other.data = deep.String("more poison"), "c"
        killed = before_each_statement(monkeypatch, lambda: left.append(copied(path, tmp_path / f"{len(left)}")))
        with killed, pytest.raises(RefusedError):
            await database.flush()

    was = set[tuple[int, object, object]]()
    for copy in left:
        with deeplinks.open(copy) as found:
            refused = {change.mine for one in replica_of(found, "database").refused for change in one.changes}
            assert found[changed.id].data == ("a" if "poison" in refused else "poison")
            assert found[made.id].data == "more poison"
            assert found[other.id].data == "c"
            was.add((len(refused), found[changed.id].data, found[made.id].sync["database"]))
    assert {data for _, data, _ in was} == {"a", "poison"}
    assert {state for _, _, state in was} >= {"refused"}


def test_a_group_is_in_the_file_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "graph.deep"
    left: list[Path] = []
    with deeplinks.open(path) as deep:
        text = deep.String("before")
        before = content(deep)
        with before_each_statement(monkeypatch, lambda: left.append(copied(path, tmp_path / f"{len(left)}"))):
            with deep.together():
                text.data = "after"
                deep(from_=text, to=deep.String("other"))
            after = content(deep)

    found = []
    for copy in left:
        with deeplinks.open(copy) as again:
            found.append(content(again))
    assert all(one in (before, after) for one in found)
    assert found[0] == before
    assert found[-1] == after


def test_a_power_cut_loses_at_most_what_came_after_the_last_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = int(os.environ.get("SEED", random.randrange(2**32)))
    print(f"SEED={seed}")
    chance = random.Random(seed)
    path = tmp_path / "graph.deep"
    log = path.with_name("graph.deep-wal")
    states: list[Content] = []
    synced: list[tuple[int, bytes]] = []
    inner = syncing.sync

    def syncing_then_noting(one: Path) -> None:
        done = len(states) - 1
        inner(one)
        if one == log:
            synced.append((done, log.read_bytes()))

    monkeypatch.setattr(syncing, "sync", syncing_then_noting)
    images = []
    with deeplinks.open(path, fsync_interval=0.001) as deep:
        states.append(content(deep))
        texts: list[Association] = []
        for _ in range(3):
            # It may be synced after any of them.
            texts.append(deep.String("a"))
            states.append(content(deep))
        until_now(lambda: synced)
        for number in range(200):
            texts[number % 3].data = f"{number}"
            states.append(content(deep))
            if number % 5 == 0:
                done, disk = synced[-1]
                images.append((done, image(chance, disk, log.read_bytes())))
        shutil.copyfile(path, tmp_path / "file")

    for number, (done, wal) in enumerate(images):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        shutil.copyfile(tmp_path / "file", folder / "graph.deep")
        (folder / "graph.deep-wal").write_bytes(wal)
        with deeplinks.open(folder / "graph.deep") as found:
            assert content(found) in states[max(done, 0) :]


def image(chance: random.Random, disk: bytes, memory: bytes) -> bytes:
    """What a disk may hold after a power cut: of what was not synced, any blocks and no others."""
    block = 512
    tail = memory[len(disk) :]
    kept = [
        tail[at : at + block] if chance.random() < 0.7 else b"\0" * len(tail[at : at + block])
        for at in range(0, len(tail), block)
    ]
    return disk + b"".join(kept)


async def test_the_memory_of_an_open_graph_is_what_its_file_has_after_random_changes(tmp_path: Path) -> None:
    seed = int(os.environ.get("SEED", random.randrange(2**32)))
    print(f"SEED={seed}")
    chance = random.Random(seed)
    storage = MemoryStorage()
    path = tmp_path / "graph.deep"
    for round in range(6):
        async with deeplinks.open(path) as deep, synchronize(deep, storage) as database:
            for _ in range(40):
                change(deep, chance)
                if chance.random() < 0.1:
                    await database.flush()
                if chance.random() < 0.1:
                    await asyncio.sleep(0)
            now = content(deep)
            copy = copied(path, tmp_path / f"copy{round}")
        with deeplinks.open(copy) as found:
            assert content(found) == now
    assert content(await deeplinks.load(storage, space=deep.id)) == now


def change(deep: Deep, chance: random.Random) -> None:
    """Change anything."""
    one, other = chance.choice(list(deep)), chance.choice(list(deep))
    verb = chance.randrange(7)
    if verb <= 1 or one is deep:
        deep(from_=one, to=other, value=deep.String(str(chance.random())))
    elif verb == 2:
        setattr(one, chance.choice(["from_", "to", "value"]), chance.choice([other, None]))
    elif verb == 3 and one.type is deep.String:
        one.data = str(chance.random())
    elif verb == 4:
        one.destroy()
    elif verb == 5 and other is not one:
        with deep.together():
            one.to = other
            deep(from_=one, value=deep.Number(chance.randrange(9)))
    elif verb == 6 and one.type is deep:
        one.type = other if other is not one else deep


class Unreliable(GraphQLStorage):
    """Fails now and then, before it does what it is asked for and after."""

    def __init__(self, storage: GraphQLStorage, chance: random.Random) -> None:
        super().__init__(transport=storage._transport)
        self.bells = storage.bells  # type: ignore[method-assign]
        self.chance = chance
        self.fails = True
        self.cut = False

    def _maybe(self) -> None:
        if self.cut or (self.fails and self.chance.random() < 0.15):
            raise UnavailableError(storage="the cable", why="it is loose")

    async def write(self, batch: Batch) -> Written:
        self._maybe()
        written = await super().write(batch)
        self._maybe()
        return written

    async def read(self, cursor: Cursor, limit: int = 1000) -> Page:
        self._maybe()
        return await super().read(cursor, self.chance.choice([3, 50, 1000]))


def killed(path: Path, found: Path) -> None:
    """Have the file as a kill left it, at its own place."""
    for suffix in ("", "-lock", "-wal"):
        left, beside = found.with_name(found.name + suffix), path.with_name(path.name + suffix)
        if left.exists():
            beside.write_bytes(left.read_bytes())
        elif beside.exists():
            beside.unlink()


async def one_life(
    path: Path, space: str, storage: Unreliable, chance: random.Random, folder: Path
) -> tuple[Content, Content]:
    """Some changes by one replica, which may be killed at the end; what it had, and what its file has."""
    deep = Deep(space=space)
    async with synchronize(deep, storage, path=path) as database:
        database.leaving = 0.2
        for _ in range(chance.randint(1, 12)):
            change_stored(deep, chance)
            if chance.random() < 0.3:
                await asyncio.sleep(chance.choice([0, 0.01]))
        now = content(deep)
        found = copied(path, folder)
        # Who was killed sends nothing more.
        killing = storage.cut = chance.random() < 0.6
    storage.cut = False
    if killing:
        killed(path, found)
    with_file = Deep(space=space)
    async with synchronize(with_file, "http://127.0.0.1:1/v1/graphql", path=found):
        return now, content(with_file)


def change_stored(deep: Deep, chance: random.Random) -> None:
    """Change anything, and store it."""
    try:
        change(deep, chance)
    except DeepError:
        return
    for one in list(deep)[-3:]:
        if one is not deep:
            one.store("database")


async def test_two_replicas_that_are_killed_again_and_again_end_equal_to_each_other_and_to_the_storage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deeplinks.sync.patience.FIRST_PAUSE", 0.001)
    monkeypatch.setattr("deeplinks.sync.patience.LONGEST_PAUSE", 0.01)
    seed = int(os.environ.get("SEED", random.randrange(2**32)))
    print(f"SEED={seed}")
    chance = random.Random(seed)
    memory = MemoryStorage()
    storage = Unreliable(memory, chance)
    space = Deep().id
    paths = [tmp_path / "one.deep", tmp_path / "other.deep"]
    for number in range(int(os.environ.get("LIVES", "24"))):
        path = chance.choice(paths)
        now, kept = await one_life(path, space, storage, chance, tmp_path / f"{number}")
        assert kept == now

    storage.fails = False
    for path in (*paths, *paths):
        deep = Deep(space=space)
        async with synchronize(deep, storage, path=path) as database:
            await database.flush()
            await database.catch_up()
    ends = []
    for path in paths:
        deep = Deep(space=space)
        async with synchronize(deep, storage, path=path) as database:
            await database.catch_up()
            assert database.pending == 0
            ends.append(content(deep))
    assert ends[0] == ends[1] == content(await deeplinks.load(memory, space=space))
