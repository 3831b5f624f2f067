"""Optimistic locking: what somebody else changed since it was seen is not overwritten. Over real HTTP and PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from deeplinks import Association, Deep, MemoryStorage, Synchronizer, load, synchronize
from deeplinks.batch import Batch, Cursor, Page, Written
from deeplinks.errors import (
    FlushTimeoutError,
    InvalidError,
    RefusedError,
    StaleError,
    UnavailableError,
    WrongTypeError,
)
from deeplinks.sync import Conflict
from tests.asking import ask
from tests.waiting import until

PUT = (
    "mutation ($id: uuid!, $data: String!) { insert_deep_strings_one(object: {id: $id, _data: $data},"
    " on_conflict: {constraint: strings_pkey, update_columns: [_data]}) { id } }"
)
LAST = "query ($id: uuid!) { deep_changes(where: {id: {_eq: $id}}, order_by: {n: desc}, limit: 1) { n } }"


@pytest.fixture
async def database(endpoint: str) -> AsyncIterator[Synchronizer]:
    async with synchronize(Deep(), endpoint) as database:
        yield database
        database.refused.discard()


@pytest.fixture
def deep(database: Synchronizer) -> Deep:
    return database._deep


@pytest.fixture
async def note(deep: Deep, database: Synchronizer) -> Association:
    """A text that is written, and read back."""
    note = deep.String("a").store(database)
    await database.flush()
    await database.catch_up()
    return note


async def put(endpoint: str, one: Association, data: str) -> None:
    """Somebody else changes it."""
    await ask(endpoint, PUT, id=one.id, data=data)


async def last(endpoint: str, one: Association) -> int:
    return int((await ask(endpoint, LAST, id=one.id))["deep_changes"][0]["n"])


# versions


async def test_a_version_is_the_number_of_the_last_change(
    deep: Deep, database: Synchronizer, note: Association, endpoint: str
) -> None:
    assert note.version == await last(endpoint, note)
    note.data = "b"
    await database.flush()
    await database.catch_up()
    assert note.version == await last(endpoint, note)
    await put(endpoint, note, "c")
    await database.catch_up()

    assert note.version == await last(endpoint, note)


async def test_what_no_storage_has_told_has_no_version(deep: Deep, database: Synchronizer) -> None:
    assert deep().version is None
    assert deep().store(database).version is None


async def test_what_was_loaded_has_the_version_at_which_that_was(
    deep: Deep, note: Association, database: Synchronizer, endpoint: str
) -> None:
    deep().store(database)
    await database.flush()
    copy = await load(endpoint, space=deep.id)
    version = copy[note.id].version
    assert version is not None
    assert version >= await last(endpoint, note)
    with copy.expect(copy[note.id], version):
        copy[note.id].data = "b"
    async with synchronize(copy, endpoint):
        pass

    assert (await load(endpoint, space=deep.id))[note.id].data == "b"


# expecting


async def test_a_change_of_what_nobody_else_changed_is_written(
    deep: Deep, database: Synchronizer, note: Association, endpoint: str
) -> None:
    with deep.expect(note, note.version):
        note.data = "b"
    await database.flush()

    assert (await load(endpoint, space=deep.id))[note.id].data == "b"


async def test_ones_own_changes_are_no_surprise(
    deep: Deep, database: Synchronizer, note: Association, endpoint: str
) -> None:
    version = note.version
    for data in "bcd":
        with deep.expect(note, version):
            note.data = data
        await database.flush()

    assert (await load(endpoint, space=deep.id))[note.id].data == "d"


async def test_what_is_known_to_be_changed_since_is_refused_at_once_and_nothing_changes(
    deep: Deep, database: Synchronizer, note: Association, endpoint: str
) -> None:
    version = note.version
    await put(endpoint, note, "theirs")
    await database.catch_up()
    with pytest.raises(StaleError, match="somebody else changed it since") as raised, deep.expect(note, version):
        note.data = "mine"

    assert note.data == "theirs"
    assert (raised.value.expected, raised.value.actual) == (version, await last(endpoint, note))
    assert database.pending == 0


async def overtaken(database: Synchronizer, note: Association, url: str, **more: str) -> None:
    """Change it here, and somebody else does before it is written."""
    deep = database._deep
    with psycopg.connect(url) as connection:
        connection.execute("select from deep.spaces where id = %s for no key update", (deep.id,))
        with deep.expect(note, note.version):
            note.data = "mine"
            for id, data in more.items():
                deep[id].data = data
        await until(lambda: database._outbox.sealed)
        connection.execute("update deep.strings set _data = 'theirs' where id = %s", (note.id,))


async def test_what_somebody_else_changed_meanwhile_is_not_overwritten(
    deep: Deep, database: Synchronizer, note: Association, endpoint: str, database_url: str
) -> None:
    version = note.version
    await overtaken(database, note, database_url)
    with pytest.raises(StaleError, match="data was to be 'mine' and is 'theirs'") as raised:
        await database.flush()

    error = raised.value
    assert (error.mine, error.theirs) == ("mine", "theirs")
    assert (error.expected, error.actual) == (version, await last(endpoint, note))
    assert (note.data, note.sync) == ("theirs", {"database": "stale"})
    assert (await load(endpoint, space=deep.id))[note.id].data == "theirs"


async def test_a_stale_change_is_a_refusal_and_no_conflict(
    deep: Deep, database: Synchronizer, note: Association, database_url: str
) -> None:
    told: list[Conflict] = []
    deep.signals.conflict.connect(lambda _, conflict: told.append(conflict))
    await overtaken(database, note, database_url)
    with pytest.raises(RefusedError):
        await database.flush()
    (refusal,) = database.refused
    (change,) = refusal.changes

    assert told == []
    assert isinstance(refusal.error, StaleError)
    assert (change.field, change.mine, change.base) == ("data", "mine", "theirs")


async def test_a_stale_change_that_is_tried_again_overwrites(
    deep: Deep, database: Synchronizer, note: Association, endpoint: str, database_url: str
) -> None:
    await overtaken(database, note, database_url)
    with pytest.raises(StaleError):
        await database.flush()
    database.refused.retry()
    await database.flush()

    assert note.sync == {"database": "stored"}
    assert (await load(endpoint, space=deep.id))[note.id].data == "mine"


async def test_all_that_was_changed_with_it_is_refused_with_it_and_nothing_else(
    deep: Deep, database: Synchronizer, note: Association, endpoint: str, database_url: str
) -> None:
    other, alone = deep.String("other").store(database), deep.String("alone").store(database)
    await database.flush()
    await database.catch_up()
    await overtaken(database, note, database_url, **{other.id: "with it"})
    alone.data = "written"
    with pytest.raises(StaleError):
        await database.flush()
    copy = await load(endpoint, space=deep.id)

    assert (other.data, alone.data) == ("other", "written")
    assert (copy[other.id].data, copy[alone.id].data) == ("other", "written")


async def test_what_was_deleted_meanwhile_is_stale(
    deep: Deep, database: Synchronizer, note: Association, database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("select from deep.spaces where id = %s for no key update", (deep.id,))
        with deep.expect(note):
            note.data = "mine"
        await until(lambda: database._outbox.sealed)
        connection.execute("delete from deep.links where id = %s", (note.id,))
    with pytest.raises(StaleError, match="it was deleted"):
        await database.flush()

    assert note.destroyed


async def test_the_log_may_be_pruned_meanwhile(
    deep: Deep, database: Synchronizer, note: Association, database_url: str, endpoint: str
) -> None:
    version = note.version
    deep().store(database)
    await database.flush()
    await database.catch_up()
    with psycopg.connect(database_url) as connection:
        newest = "(select max(n) from deep.changes where _deep = %(id)s)"
        connection.execute(f"update deep.spaces set floor = {newest} where id = %(id)s".encode(), {"id": deep.id})
        connection.execute("delete from deep.changes where _deep = %(id)s", {"id": deep.id})
    with deep.expect(note, version):
        note.data = "b"
    await database.flush()

    assert (await load(endpoint, space=deep.id))[note.id].data == "b"


async def test_a_block_that_raises_changes_nothing_and_expects_nothing(
    deep: Deep, database: Synchronizer, note: Association
) -> None:
    with pytest.raises(ZeroDivisionError), deep.expect(note):
        note.data = "mine"
        raise ZeroDivisionError

    assert note.data == "a"
    assert database.pending == 0


async def test_what_is_not_stored_can_not_be_expected(deep: Deep, database: Synchronizer, note: Association) -> None:
    with pytest.raises(InvalidError, match="no storage has told it"), deep.expect(deep()):
        pass
    with pytest.raises(InvalidError, match="no storage has told it"), deep.expect(note, 1, storage="elsewhere"):
        pass
    with pytest.raises(WrongTypeError, match="version"), deep.expect(note, "1"):  # type: ignore[arg-type]
        pass


# by type


async def test_instances_of_a_type_may_always_be_expected_as_they_were_seen(
    deep: Deep, database: Synchronizer, note: Association, endpoint: str, database_url: str
) -> None:
    deep.on_conflict(deep.String, StaleError)
    with psycopg.connect(database_url) as connection:
        connection.execute("select from deep.spaces where id = %s for no key update", (deep.id,))
        note.data = "mine"
        await until(lambda: database._outbox.sealed)
        connection.execute("update deep.strings set _data = 'theirs' where id = %s", (note.id,))
    with pytest.raises(StaleError):
        await database.flush()

    assert note.data == "theirs"


async def test_a_change_that_waits_is_stale_when_somebody_else_was_quicker(endpoint: str) -> None:
    deep = Deep()
    note = deep.String("a").store("database")
    async with synchronize(deep, endpoint):
        pass
    await load(endpoint, into=deep)
    deep.on_conflict(deep.String, StaleError)
    note.data = "mine"
    await put(endpoint, note, "theirs")
    with pytest.raises(StaleError, match="'mine' and is 'theirs'"):
        async with synchronize(deep, endpoint):
            pass

    assert note.data == "theirs"


# in a file


class Away(MemoryStorage):
    """Can't be reached while it is away."""

    away = False

    async def write(self, batch: Batch) -> Written:
        if self.away:
            raise UnavailableError(storage="it", why="away")
        return await super().write(batch)

    async def read(self, cursor: Cursor, limit: int = 1000) -> Page:
        if self.away:
            raise UnavailableError(storage="it", why="away")
        return await super().read(cursor, limit)


@pytest.mark.parametrize("waits", [True, False], ids=["waits", "sealed"])
@pytest.mark.parametrize("overtaken", [True, False])
async def test_what_is_expected_in_a_file_is_expected_by_the_next_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, overtaken: bool, waits: bool
) -> None:
    monkeypatch.setattr("deeplinks.sync.synchronizer.LEAVING", 0.2)
    deep, storage, path = Deep(), Away(), tmp_path / "graph.deep"
    note = deep.String("a").store("database")
    async with synchronize(deep, storage, path=path) as database:
        await database.flush()
        await database.catch_up()
        await until(lambda: note.version)
        storage.away = True
        if waits:
            # Behind a batch that does not get through.
            deep.String("before").store("database")
            await until(lambda: database._outbox.sealed)
        with deep.expect(note):
            note.data = "mine"
        with suppress(FlushTimeoutError):
            await database.flush(timeout=0.1)
    storage.away = False
    if overtaken:
        other = await load(storage, space=deep.id)
        async with synchronize(other, storage):
            other[note.id].data = "theirs"
    again = Deep(space=deep.id)
    async with synchronize(again, storage, path=path) as database:
        if overtaken:
            with pytest.raises(StaleError):
                await database.flush()
        await database.flush()

    assert again[note.id].data == ("theirs" if overtaken else "mine")
