"""What keeps the columns of the five tables true."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from deeplinks import tables
from tests.storage.session import Session, new, refused, until_it_waits

LOGGED = [table.name for table in tables.LOGGED]
DATA = {"strings": "'text'", "numbers": "1", "functions": "'{}'", "objects": "'{}'"}


@pytest.mark.parametrize("table", DATA)
def test_a_data_row_takes_the_space_of_its_link(database: Session, space: str, table: str) -> None:
    id = database.link(space)

    database.run(f"insert into deep.{table} (id, _data) values (%s, {DATA[table]})", id)

    assert str(database.value(f"select _deep from deep.{table}")) == space


def test_data_for_no_link_is_refused(database: Session) -> None:
    missing = new()
    with refused("23503", "no link", missing) as caught:
        database.string(missing)
    assert caught.value.diag.constraint_name == "strings_link_fkey"


def test_data_in_another_space_than_its_link_is_refused(database: Session, space: str) -> None:
    id = database.link(space)
    with refused("23503"):
        database.run("insert into deep.strings (id, _deep, _data) values (%s, %s, '')", id, new())


def test_a_reference_may_dangle(database: Session, space: str) -> None:
    database.run("insert into deep.links (_deep, _type, _from) values (%s, %s, %s)", space, new(), new())


def test_text_is_sorted_by_its_bytes(database: Session, space: str) -> None:
    for text in ("b", "B", "a", "é"):
        database.string(database.link(space), text)

    assert [row["_data"] for row in database.run("select _data from deep.strings order by 1")] == ["B", "a", "b", "é"]


def test_the_order_of_creation_counts_up(database: Session, space: str) -> None:
    database.link(space)
    first, second = (database.link(space) for _ in "ab")

    assert [str(row["id"]) for row in database.run("select id from deep.links order by _i desc limit 2")] == [
        second,
        first,
    ]


def test_a_given_place_in_the_order_is_kept(database: Session, space: str) -> None:
    assert place(database, space, 1_000_000) == 1_000_000


@pytest.mark.parametrize("ahead", [1, 500, 1_000_000])
def test_a_given_place_lifts_the_sequence(database: Session, space: str, ahead: int) -> None:
    given = place(database, space) + ahead
    place(database, space, given)

    assert place(database, space) == given + 1


def test_a_given_place_never_lowers_the_sequence(database: Session, space: str) -> None:
    database.link(space)
    last = place(database, space)
    place(database, space, -5)

    assert place(database, space) == last + 1


def place(database: Session, space: str, given: int | None = None) -> int:
    if given is None:
        return database.value("insert into deep.links (_deep) values (%s) returning _i", space)
    return database.value("insert into deep.links (_deep, _i) values (%s, %s) returning _i", space, given)


@pytest.mark.parametrize("column", ["id", "_deep", "_i", "created_at"])
def test_a_link_keeps_what_it_was_made_with(database: Session, space: str, column: str) -> None:
    id = database.link(space)
    other = {"_i": "-1", "created_at": "'2000-01-01'"}.get(column, "gen_random_uuid()")
    with refused("22L05", "fixed", id):
        database.run(f"update deep.links set {column} = {other} where id = %s", id)


@pytest.mark.parametrize("table", DATA)
@pytest.mark.parametrize("column", ["id", "_deep", "created_at"])
def test_a_data_row_keeps_what_it_was_made_with(database: Session, space: str, table: str, column: str) -> None:
    database.run(f"insert into deep.{table} (id, _data) values (%s, {DATA[table]})", database.link(space))
    other = "'2000-01-01'" if column == "created_at" else "gen_random_uuid()"
    with refused("22L05", "fixed", table):
        database.run(f"update deep.{table} set {column} = {other}")


def test_writing_the_same_fixed_value_again_is_no_change(database: Session, space: str) -> None:
    id = database.link(space)

    assert database.run("update deep.links set _i = _i, _deep = _deep, _to = id where id = %s returning id", id)


@pytest.mark.parametrize("table", ["links", *DATA])
def test_an_update_moves_updated_at(database: Session, space: str, table: str) -> None:
    id = database.link(space)
    if table in DATA:
        database.run(f"insert into deep.{table} (id, _data) values (%s, {DATA[table]})", id)

    assert database.value(f"update deep.{table} set id = id where id = %s returning updated_at > created_at", id)


def test_updated_at_is_later_than_what_was_committed_while_the_writer_waited(
    database: Session, sessions: Callable[[], Session], space: str
) -> None:
    first, second = (database.link(space) for _ in "ab")
    late = sessions()
    late.run("select 1 from deep.links")  # its transaction begins here
    database.run("update deep.links set _to = id where id = %s", first)
    late.run("update deep.links set _to = id where id = %s", second)
    late.connection.commit()

    times = [row["updated_at"] for row in database.run("select updated_at from deep.links where _to = id order by _i")]
    assert times == sorted(times)


def test_updated_at_never_goes_back(database: Session, space: str) -> None:
    id = database.link(space)
    database.run("alter table deep.links disable trigger links_touch")
    database.run("update deep.links set updated_at = now() + interval '1 day' where id = %s", id)
    database.run("alter table deep.links enable trigger links_touch")

    assert database.value("update deep.links set _to = id where id = %s returning updated_at > now()", id)


@pytest.mark.parametrize("table", tables.TABLES)
def test_no_table_is_truncated(database: Session, table: str) -> None:
    with refused("22L06", "truncate"):
        database.run(f"truncate deep.{table} cascade")


@pytest.mark.parametrize("table", DATA)
def test_deleting_a_link_takes_its_data(database: Session, space: str, table: str) -> None:
    id = database.link(space)
    database.run(f"insert into deep.{table} (id, _data) values (%s, {DATA[table]})", id)

    database.run("delete from deep.links where id = %s", id)

    assert database.run(f"select from deep.{table}") == []


@pytest.mark.parametrize("kept", DATA)
@pytest.mark.parametrize("gone", DATA)
def test_an_id_has_one_datum_and_it_is_the_last(database: Session, space: str, kept: str, gone: str) -> None:
    id = database.link(space)
    for table in (gone, kept):
        database.run(
            f"insert into deep.{table} (id, _data) values (%s, {DATA[table]}) on conflict (id) do update set _data = excluded._data",
            id,
        )

    assert [table for table in DATA if database.run(f"select from deep.{table}")] == [kept]


def test_data_of_another_link_stays_when_a_datum_changes_its_kind(database: Session, space: str) -> None:
    one, other = (database.link(space) for _ in "ab")
    for id in (one, other):
        database.string(id)

    database.run("insert into deep.numbers (id, _data) values (%s, 1)", one)

    assert str(database.value("select id from deep.strings")) == other


def test_one_statement_does_not_give_data_of_two_kinds(database: Session, space: str) -> None:
    id = database.link(space)
    with refused("22L08", "twice", id):
        database.run(
            "with one as (insert into deep.strings (id, _data) values (%s, '')) "
            "insert into deep.numbers (id, _data) values (%s, 1)",
            id,
            id,
        )


def test_two_writers_at_once_leave_one_datum(database: Session, sessions: Callable[[], Session], space: str) -> None:
    id = database.link(space)
    first, second = sessions(), sessions()
    first.string(id)
    waiting = second.later("insert into deep.numbers (id, _data) values (%s, 1)", id)
    until_it_waits(second)
    first.connection.commit()
    waiting.result()
    second.connection.commit()

    assert [table for table in DATA if database.run(f"select from deep.{table}")] == ["numbers"]
