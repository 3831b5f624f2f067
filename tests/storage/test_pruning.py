"""Pruning: what of a log goes, what stays, and that nobody who reads or writes meanwhile is told anything wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from deeplinks import GraphQLStorage
from deeplinks.batch import Cursor
from deeplinks.errors import InvalidError, NotFoundError, ResyncError, RewoundError, SchemaMissingError
from deeplinks.storage.pruning import Keep, prune
from deeplinks.testing.batches import Author
from tests.storage.session import Session, new
from tests.storage.tables import Copy, rows_of


def numbers(database: Session, space: str) -> list[int]:
    return [entry["n"] for entry in database.log(space)]


async def test_the_last_entries_stay(database: Session, database_url: str, space: str) -> None:
    for _ in range(9):
        database.link(space)
    (pruned,) = await prune(database_url, Keep(entries=3))

    assert (pruned.space, pruned.entries, pruned.floor, pruned.left) == (space, 7, 7, 3)
    assert numbers(database, space) == [8, 9, 10]


async def test_entries_younger_than_an_age_stay(database: Session, database_url: str, space: str) -> None:
    for _ in range(3):
        database.link(space)
    made_older(database, space, up_to=2)
    await prune(database_url, Keep(age=timedelta(days=1)))

    assert numbers(database, space) == [3, 4]


async def test_of_both_what_either_keeps_stays(database: Session, database_url: str, space: str) -> None:
    for _ in range(9):
        database.link(space)
    made_older(database, space, up_to=5)
    await prune(database_url, Keep(entries=2, age=timedelta(days=1)))

    assert numbers(database, space) == [6, 7, 8, 9, 10]


@pytest.mark.parametrize("keep", [Keep(entries=0), Keep(age=timedelta(0))])
async def test_the_newest_entry_always_stays(database: Session, database_url: str, space: str, keep: Keep) -> None:
    database.link(space)
    await prune(database_url, keep)

    assert numbers(database, space) == [2]


async def test_a_second_time_there_is_nothing_to_do(database: Session, database_url: str, space: str) -> None:
    for _ in range(9):
        database.link(space)
    await prune(database_url, Keep(entries=3))
    (again,) = await prune(database_url, Keep(entries=5))

    assert (again.entries, again.floor, again.left) == (0, 7, 3)


async def test_of_two_spaces_only_the_named_one_is_pruned(database: Session, database_url: str) -> None:
    one, other = new(), new()
    for space in (one, other):
        database.link(space)
    await prune(database_url, Keep(entries=1), space=one)

    assert (numbers(database, one), numbers(database, other)) == ([2], [1, 2])


async def test_old_batches_go_and_the_last_of_each_client_stays(
    database: Session, database_url: str, space: str
) -> None:
    clients = [new(), new()]
    for client in clients:
        for seq in (1, 2, 3):
            database.batch(space, client, seq)
    database.link(space)
    (pruned,) = await prune(database_url, Keep(entries=0))

    kept = database.run("select client::text, seq from deep.batches where _deep = %s", space)
    assert {(row["client"], row["seq"]) for row in kept} == {(client, 3) for client in clients}
    assert pruned.batches == 4


async def test_a_log_of_more_than_a_slice_goes_whole(database: Session, database_url: str, space: str) -> None:
    database.run("insert into deep.links (_deep) select %s from generate_series(1, 25000)", space)
    (pruned,) = await prune(database_url, Keep(entries=1))

    assert (pruned.entries, pruned.left) == (25_000, 1)


async def test_a_writer_in_the_middle_of_a_transaction_is_waited_for_and_kept(
    database: Session, database_url: str, sessions: Callable[[], Session], space: str
) -> None:
    database.link(space)
    writer = sessions()
    writer.link(space)
    pruning = asyncio.create_task(prune(database_url, Keep(entries=0)))
    while not database.value("select count(*) from pg_locks where not granted"):
        await asyncio.sleep(0.002)
    writer.connection.commit()
    await pruning

    assert numbers(database, space)[-1] == 3


async def test_a_space_without_a_log_is_said(database_url: str) -> None:
    with pytest.raises(NotFoundError, match="space with a log"):
        await prune(database_url, Keep(entries=1), space=new())


async def test_a_database_without_tables_is_said(empty_database_url: str) -> None:
    with pytest.raises(SchemaMissingError):
        await prune(empty_database_url, Keep(entries=1))


def test_keep_is_read_from_what_people_type() -> None:
    assert Keep.parsed("10000") == Keep(entries=10_000)
    assert Keep.parsed("30d", "5") == Keep(5, timedelta(days=30))


@pytest.mark.parametrize("text", ["", "-1", "3 days", "1y", "d", "٣"])
def test_what_is_no_keep_is_said(text: str) -> None:
    with pytest.raises(InvalidError, match="keep"):
        Keep.parsed(text)


def test_keeping_nothing_said_is_refused() -> None:
    with pytest.raises(InvalidError):
        Keep()


async def test_readers_and_writers_go_on_while_the_log_is_pruned(
    database: Session, database_url: str, storage: GraphQLStorage
) -> None:
    """A reader of small pages either goes on without a gap, or is sent back to the start for being below the floor."""
    author = Author()
    written = asyncio.Event()

    async def write() -> None:
        for _ in range(60):
            await storage.write(author.batch(author.link(), author.link()))
        written.set()

    async def keep_pruning() -> int:
        gone = 0
        while not written.is_set():
            gone += sum(one.entries for one in await prune(database_url, Keep(entries=7)))
        return gone

    async def follow() -> Copy:
        copy = Copy(author.space)
        while not written.is_set() or not copy.equals(database):
            try:
                copy.take(await storage.read(copy.cursor, 5))
            except RewoundError:
                raise
            except ResyncError:
                copy = Copy(author.space)
            await asyncio.sleep(0)
        return copy

    _, gone, *copies = await asyncio.gather(write(), keep_pruning(), follow(), follow())

    assert gone > 0
    assert all(copy.rows == rows_of(database, author.space) for copy in copies)


async def test_a_cursor_at_the_floor_goes_on_and_one_below_it_is_refused(
    database: Session, database_url: str, storage: GraphQLStorage, space: str
) -> None:
    for _ in range(5):
        database.link(space)
    await prune(database_url, Keep(entries=3))

    page = await storage.read(Cursor(space, 3), 100)
    assert [entry.n for entry in page.entries] == [4, 5, 6]
    with pytest.raises(ResyncError, match="pruned up to 3"):
        await storage.read(Cursor(space, 2), 100)


async def test_a_batch_whose_answer_was_lost_and_whose_entries_were_pruned_is_told_by_what_is_there(
    database: Session, database_url: str, storage: GraphQLStorage
) -> None:
    author = Author()
    made, dead = author.link(), author.link()
    await storage.write(author.batch(made, dead))
    batch = author.batch(updates={str(one["id"]): {"_to": made["id"]} for one in (made, dead)})
    await storage.write(batch)
    database.run("delete from deep.links where id = %s", dead["id"])
    await prune(database_url, Keep(entries=1))
    again = await storage.write(batch)

    assert (again.already, again.changed) == (True, frozenset({dead["id"]}))


def made_older(database: Session, space: str, up_to: int) -> None:
    """Entries are never changed, but by a test that needs old ones."""
    database.run("alter table deep.changes disable trigger changes_rewrite")
    database.run("update deep.changes set at = at - interval '2 days' where _deep = %s and n <= %s", space, up_to)
    database.run("alter table deep.changes enable trigger changes_rewrite")
