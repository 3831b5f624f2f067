"""A space in a file: what is there the next time, with a server and without one. Over real HTTP where there is one."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

import deeplinks
from deeplinks import Deep, GraphQLStorage, MemoryStorage, blocking, diff, synchronize
from deeplinks.batch import Batch, Cursor, Page, Written
from deeplinks.errors import InvalidError, LocalFileError, UnavailableError
from deeplinks.sync.replica import replica_of
from tests.waiting import until

NOWHERE = "http://127.0.0.1:1/v1/graphql"


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "graph.deep"


def again(path: Path) -> Deep:
    """The graph as the file has it."""
    with deeplinks.open(path) as deep:
        return deep


def test_what_is_made_in_an_open_graph_is_there_the_next_time(path: Path) -> None:
    with deeplinks.open(path) as deep:
        User, Follows = deep(), deep()
        alice, bob = User(value=deep.String("Alice")), User()
        Follows(from_=alice, to=bob)
        deep["people"] = User
        bob.value = deep.Number(3)
        bob.data = 4

    copy = again(path)
    assert diff(deep, copy) == ()
    assert copy["people"] is copy[User.id]


def test_what_is_changed_and_destroyed_the_next_time_is_so_the_time_after(path: Path) -> None:
    with deeplinks.open(path) as deep:
        one, other = deep.String("a"), deep.String("b")
        link = deep(from_=one, to=other)
    with deeplinks.open(path) as deep:
        deep[one.id].data = "changed"
        del deep[link.id].to
        deep[other.id].destroy()

    copy = again(path)
    assert copy[one.id].data == "changed"
    assert copy[link.id].to_id is None
    assert other.id not in copy


def test_every_kind_of_data_comes_back_as_it_was(path: Path) -> None:
    with deeplinks.open(path) as deep:
        deep.Object({"a": [1, 2.5, None], "b": {"c": True}})
        deep.Map({1: "one", "two": 2})
        deep.Boolean(False)
        deep.Set([deep.String(""), deep.Number(0)])
        deep.Array(["x", "y"])
        deep.Number(10**40)
        text = deep.String("gone")
        del text.data

    assert diff(deep, again(path)) == ()


def test_what_a_mark_keeps_out_is_not_in_the_file(path: Path) -> None:
    with deeplinks.open(path) as deep:
        Scratch = deep()
        Scratch.store("database", "typed_false")
        scratch, kept = Scratch(), deep()

    copy = again(path)
    assert kept.id in copy
    assert scratch.id not in copy


async def test_a_typed_mark_that_was_never_sent_is_there_the_next_time(path: Path, storage: GraphQLStorage) -> None:
    deep = Deep()
    async with synchronize(deep, NOWHERE, path=path):
        Thing = deep().store("database", "typed_true")
        Thing()

    next_time = Deep(space=deep.id)
    async with synchronize(next_time, storage, path=path):
        assert next_time[Thing.id].is_stored("database", "typed_true")
        next_time[Thing.id]()

    copy = await deeplinks.load(storage, space=deep.id)
    assert len(copy[Thing.id].typed) == 2
    assert copy[Thing.id].is_stored("database", "typed_true")


def test_an_exception_in_together_leaves_nothing_in_the_file(path: Path) -> None:
    with deeplinks.open(path) as deep:
        text = deep.String("before")
        with pytest.raises(RuntimeError), deep.together():
            text.data = "inside"
            deep()
            raise RuntimeError

    copy = again(path)
    assert copy[text.id].data == "before"
    assert len(copy) == len(deep)


def test_what_bulk_makes_is_there_the_next_time(path: Path) -> None:
    with deeplinks.open(path) as deep, deep.bulk() as build:
        nodes = build.nodes(deep, 100)
        build.links(deep, pairwise(nodes))
        build.strings(["a", "b"])

    assert diff(deep, again(path)) == ()


def test_a_closed_graph_can_be_read_and_takes_no_change(path: Path) -> None:
    with deeplinks.open(path) as deep:
        text = deep.String("a")

    assert text.data == "a"
    with pytest.raises(LocalFileError, match="closed"):
        text.data = "b"
    assert text.data == "a"


def test_open_without_a_block_is_closed_by_hand(path: Path) -> None:
    graph = deeplinks.open(path)
    graph.deep.String("a")
    graph.flush()
    graph.close()
    graph.close()

    assert len(again(path)) == 2


async def test_an_open_graph_sends_all_of_it_once_there_is_a_server(path: Path, endpoint: str) -> None:
    async with deeplinks.open(path) as deep:
        User = deep()
        alice = User(value=deep.String("Alice"))
    async with deeplinks.open(path) as deep, synchronize(deep, endpoint) as database:
        await database.flush()
        deep[alice.id].value.data = "Alicia"  # type: ignore[union-attr]

    copy = await deeplinks.load(endpoint, space=deep.id)
    assert diff(copy, deep) == ()
    assert copy[alice.id].data == "Alicia"


async def test_the_same_file_serves_synchronize_with_a_path(path: Path, endpoint: str) -> None:
    with deeplinks.open(path) as deep:
        text = deep.String("made without a server")
    next_time = Deep(space=deep.id)
    async with synchronize(next_time, endpoint, path=path):
        made = next_time()

    copy = await deeplinks.load(endpoint, space=deep.id)
    assert copy[text.id].data == "made without a server"
    assert made.id in copy


def test_a_script_without_await_does_the_same(path: Path) -> None:
    storage = MemoryStorage()
    with blocking.open(path) as deep:
        text = deep.String("a")
    with blocking.open(path) as deep, blocking.synchronize(deep, storage) as database:
        deep[text.id].data = "b"
        database.flush(local=True)
        database.flush()

    assert blocking.load(storage, space=deep.id)[text.id].data == "b"


async def test_a_server_that_is_not_there_on_entering_is_an_error_without_a_file(path: Path) -> None:
    with pytest.raises(UnavailableError):
        async with synchronize(Deep(), NOWHERE):
            pass


async def test_with_a_file_it_starts_without_the_server_and_goes_on_by_itself(
    path: Path, storage: GraphQLStorage
) -> None:
    late = Late(storage)
    deep = Deep()
    async with synchronize(deep, late, path=path) as database:
        text = deep.String("offline").store(database)
        assert text.sync == {"database": "pending"}
        late.there = True
        await database.flush()

    copy = await deeplinks.load(storage, space=deep.id)
    assert copy[text.id].data == "offline"


class Late(GraphQLStorage):
    """Can't be reached until it is there."""

    def __init__(self, storage: GraphQLStorage) -> None:
        super().__init__(transport=storage._transport)
        self.bells = storage.bells  # type: ignore[method-assign]
        self.there = False

    async def _execute(self, operation):  # type: ignore[no-untyped-def]
        if not self.there:
            raise UnavailableError(storage="late", why="it is not there yet")
        return await super()._execute(operation)


async def test_leaving_without_the_server_keeps_what_waits_for_the_next_time(
    path: Path, storage: GraphQLStorage, caplog: pytest.LogCaptureFixture
) -> None:
    deep = Deep()
    async with synchronize(deep, NOWHERE, path=path):
        text = deep.String("offline").store("database")
    assert "1 changes wait" in caplog.text

    next_time = Deep(space=deep.id)
    async with synchronize(next_time, storage, path=path) as database:
        assert next_time[text.id].data == "offline"
        await database.flush()
    assert (await deeplinks.load(storage, space=deep.id))[text.id].data == "offline"


async def test_what_was_read_is_there_the_next_time_without_the_server(path: Path, storage: GraphQLStorage) -> None:
    writer = Deep()
    Thing = writer().store("database", "typed_true")
    text = writer.String("a").store("database")
    thing = Thing(from_=text, value=text)
    async with synchronize(writer, storage):
        pass
    reader = Deep(space=writer.id)
    async with synchronize(reader, storage, path=path) as following, synchronize(writer, storage) as database:
        text.data = "b"
        thing.destroy()
        late = Thing(to=text)
        await database.flush()
        await following.catch_up()

    offline = Deep(space=writer.id)
    async with synchronize(offline, NOWHERE, path=path):
        assert offline[text.id].data == "b"
        assert offline[late.id].to is offline[text.id]
        assert thing.id not in offline
        assert offline[Thing.id].is_stored("database", "typed_true")
        assert diff(offline, reader) == ()
        assert [offline[one.id].i for one in (Thing, text, late)] == [reader[one.id].i for one in (Thing, text, late)]


async def test_reading_goes_on_where_the_file_stands(path: Path, storage: GraphQLStorage) -> None:
    deep = Deep()
    async with synchronize(deep, storage, path=path) as database:
        for _ in range(50):
            deep().store(database)
        await database.flush()
        await database.catch_up()
    cursor = replica_of(deep, "database").cursor

    next_time = Deep(space=deep.id)
    async with synchronize(next_time, storage, path=path) as database:
        replica = replica_of(next_time, "database")
        assert replica.cursor == cursor
        assert replica.counts.read == 0  # type: ignore[attr-defined]


class Silent(GraphQLStorage):
    """Commits, and its answers to writes are lost."""

    def __init__(self, storage: GraphQLStorage) -> None:
        super().__init__(transport=storage._transport)
        self.bells = storage.bells  # type: ignore[method-assign]
        self.batches: list[Batch] = []

    async def write(self, batch: Batch) -> Written:
        self.batches.append(batch)
        await super().write(batch)
        raise UnavailableError(storage="the cable", why="cut after the commit")

    async def read(self, cursor: Cursor, limit: int = 1000) -> Page:
        if self.batches:
            raise UnavailableError(storage="the cable", why="cut after the commit")
        return await super().read(cursor, limit)


async def test_a_batch_whose_answer_was_lost_is_sent_again_by_the_next_process_as_it_was(
    path: Path, storage: GraphQLStorage
) -> None:
    silent = Silent(storage)
    deep = Deep()
    async with synchronize(deep, silent, path=path) as database:
        text = deep.String("a").store(database)
        await until(lambda: silent.batches)

    sent: list[Batch] = []
    next_time = Deep(space=deep.id)
    async with synchronize(next_time, Watched(storage, sent.append), path=path) as database:
        await database.flush()
        first = silent.batches[0]
        assert [(one.client, one.seq, one.bytes) for one in sent] == [(first.client, first.seq, first.bytes)]
        next_time[text.id].data = "b"
        await database.flush()
        assert [one.seq for one in sent] == [1, 2]


class Watched(GraphQLStorage):
    """Shows what it writes."""

    def __init__(self, storage: GraphQLStorage, shown: Callable[[Batch], object]) -> None:
        super().__init__(transport=storage._transport)
        self.bells = storage.bells  # type: ignore[method-assign]
        self._shown = shown

    async def write(self, batch: Batch) -> Written:
        self._shown(batch)
        return await super().write(batch)


async def test_a_group_that_waits_is_never_cut_the_next_time_either(
    path: Path, storage: GraphQLStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deeplinks.sync.synchronizer.MOST", 3)
    with deeplinks.open(path) as deep:
        with deep.together():
            group = [deep() for _ in range(8)]
        deep()
    sent: list[Batch] = []
    async with deeplinks.open(path) as deep, synchronize(deep, Watched(storage, sent.append)) as database:
        await database.flush()

    first = {row["id"] for row in sent[0].content.links}
    assert {one.id for one in group} <= first
    assert len(sent) == 2


async def test_what_others_changed_under_a_change_that_waits_is_what_it_is_changed_from(
    path: Path, storage: GraphQLStorage
) -> None:
    deep = Deep()
    text = deep.String("a").store("database")
    async with synchronize(deep, storage):
        pass
    mine = Deep(space=deep.id)
    async with synchronize(mine, storage, path=path):
        pass
    off = Deep(space=deep.id)
    async with synchronize(off, NOWHERE, path=path):
        off[text.id].data = "mine"
    async with synchronize(deep, storage):
        text.data = "theirs"
    conflicts = []
    last = Deep(space=deep.id)
    last.signals.conflict.connect(lambda _, conflict: conflicts.append(conflict), weak=False)
    async with synchronize(last, storage, path=path) as database:
        await database.flush()

    assert [(one.mine, one.theirs) for one in conflicts] == [("mine", "theirs")]
    assert (await deeplinks.load(storage, space=deep.id))[text.id].data == "mine"


async def test_a_file_of_another_space_is_refused_by_name(path: Path, storage: GraphQLStorage) -> None:
    with deeplinks.open(path) as deep:
        deep()

    with pytest.raises(InvalidError, match=deep.id):
        async with synchronize(Deep(), storage, path=path):
            pass


async def test_a_file_is_not_read_into_a_space_that_has_something(path: Path, storage: GraphQLStorage) -> None:
    with deeplinks.open(path) as deep:
        deep()
    full = Deep(space=deep.id)
    full()

    with pytest.raises(InvalidError, match="nothing is yet"):
        async with synchronize(full, storage, path=path):
            pass


async def test_a_space_that_left_its_block_takes_no_change_of_what_is_stored_until_it_comes_back(
    path: Path, storage: GraphQLStorage
) -> None:
    deep = Deep()
    async with synchronize(deep, NOWHERE, path=path):
        text = deep.String("a").store("database")
    with pytest.raises(LocalFileError, match="enter it again"):
        text.data = "between"
    deep.String("of no storage")
    assert text.data == "a"
    async with synchronize(deep, NOWHERE, path=path):
        text.data = "after"

    next_time = Deep(space=deep.id)
    async with synchronize(next_time, storage, path=path):
        assert next_time[text.id].data == "after"


async def test_who_goes_on_without_the_file_says_so_first(path: Path, storage: GraphQLStorage) -> None:
    deep = Deep()
    async with synchronize(deep, storage, path=path):
        text = deep.String("a").store("database")
    with pytest.raises(InvalidError, match="forget_storage"):
        async with synchronize(deep, storage):
            pass
    deep.forget_storage("database")
    text.data = "b"
    async with synchronize(deep, storage) as database:
        text.store(database)

    assert (await deeplinks.load(storage, space=deep.id))[text.id].data == "b"


def test_a_storage_whose_file_is_open_is_not_forgotten(path: Path) -> None:
    with deeplinks.open(path) as deep:
        with pytest.raises(InvalidError, match="close that first"):
            deep.forget_storage("database")
        text = deep.String("a")

    assert again(path)[text.id].data == "a"


async def test_what_a_marker_of_ones_own_stored_is_stored_the_next_time(path: Path, storage: GraphQLStorage) -> None:
    deep = Deep()
    async with synchronize(deep, storage, path=path) as database:
        marker = deep.StorageMarker()
        text = deep.String("a").store(database, marker)
    next_time = Deep(space=deep.id)
    async with synchronize(next_time, storage, path=path) as database:
        assert next_time[text.id].is_stored(database)
        next_time[text.id].data = "b"

    assert (await deeplinks.load(storage, space=deep.id))[text.id].data == "b"


async def test_the_report_names_the_file(path: Path, storage: GraphQLStorage) -> None:
    async with synchronize(Deep(), storage, path=path) as database:
        report = database.report()

    assert report.file == str(path.resolve())
    assert str(path.resolve()) in repr(report)


async def test_a_space_that_was_loaded_is_kept_whole_from_then_on(path: Path, storage: GraphQLStorage) -> None:
    writer = Deep()
    text = writer.String("a").store("database")
    async with synchronize(writer, storage):
        pass
    deep = await deeplinks.load(storage, space=writer.id)
    async with synchronize(deep, storage, path=path):
        pass

    offline = Deep(space=deep.id)
    async with synchronize(offline, NOWHERE, path=path):
        assert offline[text.id].data == "a"


async def test_flush_local_without_a_file_is_refused(storage: GraphQLStorage) -> None:
    async with synchronize(Deep(), storage) as database:
        with pytest.raises(InvalidError, match="path"):
            await database.flush(local=True)


async def test_references_of_the_root_of_an_open_graph_are_kept_and_sent(path: Path, storage: GraphQLStorage) -> None:
    async with deeplinks.open(path) as deep:
        deep.value = deep.String("about me")
    async with deeplinks.open(path) as deep:
        assert deep.value is not None
        async with synchronize(deep, storage) as database:
            await database.flush()

    copy = await deeplinks.load(storage, space=deep.id)
    assert copy.data == "about me"


async def test_a_type_that_keeps_its_instances_out_keeps_out_nothing_else(path: Path, storage: GraphQLStorage) -> None:
    async with deeplinks.open(path) as deep, synchronize(deep, storage) as database:
        Scratch, User = deep(), deep()
        chain = [deep()]
        for _ in range(9):
            chain.append(chain[-1]())
        Scratch.store(database, "typed_false")
        user = User()
        chain[1].type = User
        await database.flush()

    copy = await deeplinks.load(storage, space=deep.id)
    assert {one.id for one in (User, user, *chain)} <= copy.ids
    assert Scratch.id not in copy


async def test_opening_a_graph_that_was_read_waits_for_nothing(path: Path, storage: GraphQLStorage) -> None:
    writer = Deep()
    Thing = writer().store("database", "typed_true")
    for _ in range(20):
        Thing(value=writer.String("a"))
    async with synchronize(writer, storage):
        pass
    async with synchronize(Deep(space=writer.id), storage, path=path):
        pass

    async with deeplinks.open(path) as deep, synchronize(deep, storage) as database:
        assert database.pending == 0
        assert diff(deep, writer) == ()


async def test_what_is_destroyed_here_and_not_sent_yet_does_not_come_back_by_reading(
    path: Path, storage: GraphQLStorage
) -> None:
    writer = Deep()
    text = writer.String("a").store("database")
    async with synchronize(writer, storage):
        pass
    deep = Deep(space=writer.id)
    async with synchronize(deep, storage, path=path):
        pass
    off = Deep(space=writer.id)
    async with synchronize(off, NOWHERE, path=path):
        off[text.id].destroy()
    last = Deep(space=writer.id)
    async with synchronize(last, storage, path=path) as database:
        replica_of(last, "database").forget_cursor()
        await database.catch_up()
        assert text.id not in last
        await database.flush()

    assert text.id not in await deeplinks.load(storage, space=writer.id)
