"""Verifying: every way in which tables and log may differ is forced, and found; what is right is whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deeplinks import resources, tables
from deeplinks.errors import NotFoundError, SchemaMissingError
from deeplinks.storage.pruning import Keep, prune
from deeplinks.storage.verify import Fault, Verification, verify
from tests.storage.session import Session, new

DATA = {"strings": "'text'", "numbers": "1.10", "functions": "'{}'", "objects": "'[1, [2.50]]'"}


@contextmanager
def unheard(database: Session) -> Iterator[None]:
    """What an administrator does with triggers off is in no log."""
    database.run("set session_replication_role = replica")
    yield
    database.run("set session_replication_role = default")


def faults(found: Verification) -> list[tuple[Fault, str | None, str | None]]:
    return [(one.fault, one.table, one.id) for one in found.differences]


async def checked(database_url: str, space: str) -> Verification:
    (found,) = await verify(database_url, space=space)
    return found


async def test_a_space_of_every_kind_of_data_and_change_is_whole(
    database: Session, database_url: str, space: str
) -> None:
    for table, data in DATA.items():
        id = database.link(space)
        database.run(f"insert into deep.{table} (id, _data) values (%s, {data})", id)
        database.run(f"update deep.{table} set _data = _data where id = %s", id)
        database.run("update deep.links set _to = id where id = %s", id)
    database.run("delete from deep.links where id = %s", database.link(space))
    found = await checked(database_url, space)

    assert (found.whole, found.floor, found.rows, found.unchecked) == (True, 0, 9, 0)
    assert found.entries == found.newest == 19


async def test_a_fresh_database_is_whole_in_all_its_spaces(database: Session, database_url: str) -> None:
    database.link(new())
    found = await verify(database_url)

    assert {one.space for one in found} >= {tables.RESERVED_SPACE}
    assert all(one.whole for one in found)


@pytest.mark.parametrize("table", ["links", *DATA])
async def test_a_row_that_went_unheard_is_missing(database: Session, database_url: str, space: str, table: str) -> None:
    id = database.link(space)
    if table in DATA:
        database.run(f"insert into deep.{table} (id, _data) values (%s, {DATA[table]})", id)
    with unheard(database):
        database.run(f"delete from deep.{table} where id = %s", id)

    assert faults(await checked(database_url, space)) == [(Fault.missing, table, id)]


@pytest.mark.parametrize("table", ["links", *DATA])
async def test_a_row_that_came_unheard_is_unlogged(
    database: Session, database_url: str, space: str, table: str
) -> None:
    id = database.link(space) if table in DATA else new()
    data = f", {DATA[table]}" if table in DATA else ""
    with unheard(database):
        database.run(f"insert into deep.{table} (id, _deep{data and ', _data'}) values (%s, %s{data})", id, space)

    assert faults(await checked(database_url, space)) == [(Fault.unlogged, table, id)]


@pytest.mark.parametrize("table", DATA)
async def test_data_that_changed_unheard_is_different(
    database: Session, database_url: str, space: str, table: str
) -> None:
    id = database.link(space)
    database.run(f"insert into deep.{table} (id, _data) values (%s, {DATA[table]})", id)
    with unheard(database):
        other = {"strings": "'other'", "numbers": "1.1", "functions": "'{\"a\": 1}'", "objects": "'[1, [3]]'"}[table]
        database.run(f"update deep.{table} set _data = {other} where id = %s", id)

    assert faults(await checked(database_url, space)) == [(Fault.different, table, id)]


async def test_a_change_that_was_unheard_and_is_over_is_a_broken_chain(
    database: Session, database_url: str, space: str
) -> None:
    id = database.link(space)
    with unheard(database):
        database.run("update deep.links set _from = id where id = %s", id)
    database.run("update deep.links set _to = id where id = %s", id)
    found = await checked(database_url, space)

    assert faults(found) == [(Fault.broken, "links", id)]
    assert "a change was not logged" in str(found.differences[0])


async def test_an_entry_that_is_gone_is_a_gap(database: Session, database_url: str, space: str) -> None:
    database.link(space)
    id = database.link(space)
    database.link(space)
    with unheard(database):
        database.run("delete from deep.changes where _deep = %s and n = 3", space)

    assert set(faults(await checked(database_url, space))) == {
        (Fault.gap, None, None),
        (Fault.unlogged, "links", id),
    }


async def test_a_dead_link_that_came_back_unheard_is_alive(database: Session, database_url: str, space: str) -> None:
    id = database.link(space)
    database.run("delete from deep.links where id = %s", id)
    with unheard(database):
        database.run("insert into deep.links (id, _deep) values (%s, %s)", id, space)

    assert set(faults(await checked(database_url, space))) == {
        (Fault.alive, "links", id),
        (Fault.unlogged, "links", id),
    }


async def test_a_death_that_is_forgotten_is_unburied(database: Session, database_url: str, space: str) -> None:
    id = database.link(space)
    database.run("delete from deep.links where id = %s", id)
    database.run("delete from deep.tombstones where id = %s", id)

    assert faults(await checked(database_url, space)) == [(Fault.unburied, "links", id)]


async def test_after_pruning_it_says_what_can_not_be_checked_and_checks_the_rest(
    database: Session, database_url: str, space: str
) -> None:
    old, young = database.link(space), database.link(space)
    await prune(database_url, Keep(entries=1))
    found = await checked(database_url, space)
    assert (found.whole, found.floor, found.entries, found.rows, found.unchecked) == (True, 2, 1, 3, 2)
    assert "2 of them without an entry (the log was pruned up to 2)" in str(found)

    with unheard(database):
        database.run("update deep.links set _to = id where id in (%s, %s)", old, young)
    assert faults(await checked(database_url, space)) == [(Fault.different, "links", young)]


async def test_a_hundred_differences_are_listed_and_the_others_counted(
    database: Session, database_url: str, space: str
) -> None:
    database.link(space)
    with unheard(database):
        database.run("insert into deep.links (_deep) select %s from generate_series(1, 250)", space)
    found = await checked(database_url, space)

    assert (len(found.differences), found.more) == (100, 150)
    assert str(found).endswith("250 differences")


async def test_another_space_is_left_alone(database: Session, database_url: str, space: str) -> None:
    other = new()
    database.link(other)
    with unheard(database):
        database.link(space)
        database.run("insert into deep.spaces (id) values (%s)", space)
    found = {one.space: one.whole for one in await verify(database_url)}

    assert (found[space], found[other]) == (False, True)


async def test_a_space_that_is_not_there_is_said(database_url: str) -> None:
    with pytest.raises(NotFoundError, match="no space"):
        await verify(database_url, space=new())


async def test_a_database_without_tables_is_said(empty_database_url: str) -> None:
    with pytest.raises(SchemaMissingError):
        await verify(empty_database_url)


def test_it_looks_at_every_table_that_is_logged() -> None:
    text = resources.text("sql/queries/verify.sql")
    assert all(text.count(f"from deep.{table.name} ") == 3 for table in tables.LOGGED if table is not tables.LINKS)
