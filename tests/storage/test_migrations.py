"""The migrations are applied once, in order, and say what is wrong."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

import psycopg
import pytest

from deeplinks import tables
from deeplinks.errors import MigrationError, SchemaMissingError, UnavailableError
from deeplinks.storage import migrations
from deeplinks.storage.migrations import Migration, migrate, require, rollback, shipped, status
from deeplinks.storage.postgres import connect
from tests.storage.session import Session, new

NAMES = ["tables", "log", "names", "markers", "expects", "access"]

# Everything that a migration may make, by name.
MADE = """
    select 'relation' as kind, relname::text as name from pg_class where relnamespace = 'deep'::regnamespace
    union all select 'function', proname::text from pg_proc where pronamespace = 'deep'::regnamespace
    union all select 'constraint', conname::text from pg_constraint where connamespace = 'deep'::regnamespace
    union all select 'trigger', tgname::text from pg_trigger where not tgisinternal
    order by 1, 2
"""


def made(url: str) -> list[tuple[str, str]]:
    with psycopg.connect(url) as connection:
        rows: list[tuple[str, str]] = connection.execute(MADE.encode()).fetchall()
    return [row for row in rows if not row[1].startswith("migrations")]


def ship(monkeypatch: pytest.MonkeyPatch, *steps: Migration) -> None:
    monkeypatch.setattr(migrations, "shipped", lambda: list(steps))


async def test_an_empty_database_gets_every_migration_in_order(empty_database_url: str) -> None:
    applied = await migrate(empty_database_url)

    assert [(step.id, step.name) for step in applied] == list(enumerate(NAMES, 1))


async def test_a_second_time_there_is_nothing_to_do(empty_database_url: str) -> None:
    await migrate(empty_database_url)

    assert await migrate(empty_database_url) == []


async def test_two_at_once_apply_each_once(empty_database_url: str) -> None:
    both = await asyncio.gather(migrate(empty_database_url), migrate(empty_database_url))

    assert sorted(len(applied) for applied in both) == [0, len(NAMES)]


async def test_taking_everything_back_leaves_nothing(empty_database_url: str) -> None:
    await migrate(empty_database_url)
    taken = await rollback(empty_database_url, len(NAMES))

    assert [step.name for step in taken] == NAMES[::-1]
    assert made(empty_database_url) == []


@pytest.mark.parametrize("steps", range(1, len(NAMES) + 1))
async def test_taking_one_back_leaves_what_was_before_it(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    first, every = shipped()[: steps - 1], shipped()[:steps]
    ship(monkeypatch, *first)
    await migrate(empty_database_url)
    before = made(empty_database_url)
    ship(monkeypatch, *every)
    await migrate(empty_database_url)
    await rollback(empty_database_url)

    assert made(empty_database_url) == before


async def test_what_was_taken_back_can_be_applied_again(empty_database_url: str) -> None:
    await migrate(empty_database_url)
    await rollback(empty_database_url, len(NAMES))

    assert len(await migrate(empty_database_url)) == len(NAMES)


async def test_links_from_before_the_log_have_their_space(empty_database_url: str) -> None:
    await migrate(empty_database_url)
    await rollback(empty_database_url, len(NAMES) - 1)
    session, space = Session(empty_database_url), new()
    session.link(space)
    await migrate(empty_database_url)

    assert session.run("select 1 from deep.spaces where id = %s", space)
    session.close()


async def test_built_ins_go_and_come_with_their_migration_and_leave_no_trace(empty_database_url: str) -> None:
    await migrate(empty_database_url)
    session = Session(empty_database_url)
    counted = []
    for step in (partial(rollback, steps=3), migrate):
        await step(empty_database_url)
        counted.append(session.value("select count(*) from deep.links"))

    assert counted == [17, len(tables.BUILT_INS)]
    assert session.run("select * from deep.changes") == session.run("select * from deep.tombstones") == []
    session.close()


async def test_a_file_that_was_edited_after_it_was_applied_is_noticed(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(empty_database_url)
    first, *others = shipped()
    ship(monkeypatch, replace(first, up=f"{first.up}-- edited"), *others)

    with pytest.raises(MigrationError, match=r"0001_tables .* was edited"):
        await migrate(empty_database_url)


async def test_a_newer_database_is_left_alone(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await migrate(empty_database_url)
    ship(monkeypatch, *shipped()[:-1])

    with pytest.raises(MigrationError, match=r"0006_access .* newer than this deeplinks"):
        await migrate(empty_database_url)


async def test_a_file_that_fails_leaves_nothing_and_says_why(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(empty_database_url)
    before = made(empty_database_url)
    ship(monkeypatch, *shipped(), Migration(9, "wrong", "create table deep.half (); select 1 / 0;", ""))

    with pytest.raises(MigrationError, match=r"0009_wrong .* division by zero \(22012\)") as caught:
        await migrate(empty_database_url)
    assert isinstance(caught.value.__cause__, psycopg.errors.DivisionByZero)
    assert made(empty_database_url) == before


async def test_a_file_waits_for_a_lock_as_long_as_it_is_told(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(empty_database_url)
    ship(monkeypatch, *shipped(), Migration(9, "more", "alter table deep.links add more int;", ""))
    with psycopg.connect(empty_database_url) as other:
        other.execute("lock table deep.links")
        with pytest.raises(UnavailableError, match="lock timeout"):
            await migrate(empty_database_url, lock_timeout=0.01)


async def test_who_can_not_have_its_turn_says_so(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "_TURN", 0.01)
    async with await connect(empty_database_url) as other:
        await other.execute(migrations._sql("lock"))
        with pytest.raises(UnavailableError, match="lock timeout"):
            await migrate(empty_database_url)


async def test_an_old_server_is_refused(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "OLDEST", 99)

    with pytest.raises(MigrationError, match="99 or newer is needed"):
        await migrate(empty_database_url)


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(UnavailableError) as caught:
        await migrate("postgresql://someone:secret@127.0.0.1:1/nothing")
    assert isinstance(caught.value.__cause__, psycopg.Error)
    assert "secret" not in str(caught.value)


async def test_the_state_of_an_empty_database_is_that_all_is_to_do(empty_database_url: str) -> None:
    states = await status(empty_database_url)

    assert [(state.name, state.applied_at) for state in states] == [(name, None) for name in NAMES]


async def test_asking_for_the_state_makes_nothing(empty_database_url: str) -> None:
    await status(empty_database_url)

    with psycopg.connect(empty_database_url) as connection:
        assert connection.execute("select to_regnamespace('deep')").fetchone() == (None,)


async def test_the_state_of_a_migrated_database_is_that_all_is_done(database_url: str) -> None:
    states = await status(database_url)

    assert all(state.applied_at and state.checksum_matches for state in states)


async def test_the_state_tells_what_was_edited_and_what_is_not_ours(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *_ = shipped()
    ship(monkeypatch, replace(first, up=f"{first.up}-- edited"))

    assert [state.checksum_matches for state in await status(database_url)] == [False] * len(NAMES)


async def test_a_migrated_database_is_enough(database_url: str) -> None:
    async with await connect(database_url) as connection:
        await require(connection)


@pytest.mark.parametrize(
    ("taken", "why"), [(1, "not applied: 0006_access"), (2, "not applied: 0005_expects, 0006_access")]
)
async def test_a_database_that_lacks_a_migration_is_not(database_url: str, taken: int, why: str) -> None:
    await rollback(database_url, taken)
    async with await connect(database_url) as connection:
        with pytest.raises(SchemaMissingError, match=why):
            await require(connection)


async def test_a_database_of_nothing_is_not(empty_database_url: str) -> None:
    async with await connect(empty_database_url) as connection:
        with pytest.raises(SchemaMissingError, match="run `deeplinks migrate`"):
            await require(connection)
