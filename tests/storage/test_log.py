"""The log: every change of every row, whoever made it, in one order a space."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import psycopg
import pytest

from deeplinks import tables
from tests.storage.session import Row, Session, new, refused, until_it_waits

DATA = {"strings": "'text'", "numbers": "1", "functions": "'{}'", "objects": "'{}'"}


def told(entries: list[Row]) -> list[tuple[str, str, str]]:
    return [(entry["table"], entry["operation"], entry["id"]) for entry in entries]


def numbers(entries: list[Row]) -> list[int]:
    return [entry["n"] for entry in entries]


# What is in an entry


def test_an_insert_is_told_with_the_row_after_it(database: Session, space: str) -> None:
    id = database.link(space)
    (entry,) = database.log(space, id=id)

    row = database.value("select to_jsonb(l) from deep.links l where id = %s", id)
    assert (entry["operation"], entry["before"], entry["after"]) == ("insert", None, row)


def test_an_update_is_told_with_both_rows(database: Session, space: str) -> None:
    id = database.link(space)
    database.run("update deep.links set _to = id where id = %s", id)
    entry = database.log(space, id=id)[-1]

    assert (entry["operation"], entry["before"]["_to"], entry["after"]["_to"]) == ("update", None, id)


def test_a_delete_is_told_with_the_row_before_it(database: Session, space: str) -> None:
    id = database.link(space)
    database.run("delete from deep.links where id = %s", id)
    entry = database.log(space, id=id)[-1]

    assert (entry["operation"], entry["before"]["id"], entry["after"]) == ("delete", id, None)


@pytest.mark.parametrize("table", DATA)
def test_data_is_told_under_the_name_of_its_table(database: Session, space: str, table: str) -> None:
    id = database.link(space)
    database.run(f"insert into deep.{table} (id, _data) values (%s, {DATA[table]})", id)
    database.run(f"update deep.{table} set _data = _data")
    database.run(f"delete from deep.{table}")

    assert told(database.log(space, id=id))[1:] == [(table, verb, id) for verb in ("insert", "update", "delete")]


@pytest.mark.parametrize("digits", ["1.10", "0", "-7", "123456789012345678901234567890.000000000000000000001"])
def test_numbers_are_told_as_text_with_all_their_digits(database: Session, space: str, digits: str) -> None:
    id = database.link(space)
    database.run("insert into deep.numbers (id, _data) values (%s, 5)", id)
    database.run("update deep.numbers set _data = %s::numeric where id = %s", digits, id)
    database.run("delete from deep.numbers")

    _, update, delete = database.log(space, table="numbers")
    assert (update["before"]["_data"], update["after"]["_data"], delete["before"]["_data"]) == ("5", digits, digits)


def test_an_update_that_changed_nothing_is_told(database: Session, space: str) -> None:
    id = database.link(space)
    database.run("update deep.links set _to = _to where id = %s", id)

    assert told(database.log(space, id=id)) == [("links", "insert", id), ("links", "update", id)]


def test_an_upsert_is_told_as_what_it_was(database: Session, space: str) -> None:
    id = database.link(space)
    for text in ("a", "b"):
        database.run(
            "insert into deep.strings (id, _data) values (%s, %s) "
            "on conflict on constraint strings_pkey do update set _data = excluded._data",
            id,
            text,
        )

    assert [entry["operation"] for entry in database.log(space, table="strings")] == ["insert", "update"]


def test_what_touches_no_row_is_not_told(database: Session, space: str) -> None:
    id = database.link(space)
    before = database.log(space)
    database.run("update deep.links set _to = id where id = %s", new())
    database.run("insert into deep.links (id, _deep) values (%s, %s) on conflict do nothing", id, space)

    assert database.log(space) == before


def test_times_are_told_in_utc_whatever_the_session_reads(database: Session, space: str) -> None:
    database.run("set timezone = 'Asia/Tokyo'")

    assert database.log(space, id=database.link(space))[0]["after"]["created_at"].endswith("+00:00")


def test_what_psql_copies_in_is_told(database: Session, space: str) -> None:
    ids = [new(), new()]
    with database.connection.cursor().copy("copy deep.links (id, _deep) from stdin") as copy:
        for id in ids:
            copy.write_row((id, space))

    assert told(database.log(space))[1:] == [("links", "insert", id) for id in ids]


def test_a_cascade_is_told_after_its_link(database: Session, space: str) -> None:
    id = database.link(space)
    database.string(id)
    database.run("delete from deep.links where id = %s", id)

    assert told(database.log(space, id=id))[2:] == [("links", "delete", id), ("strings", "delete", id)]


def test_a_datum_that_gives_way_is_told_before_the_one_that_takes_its_place(database: Session, space: str) -> None:
    id = database.link(space)
    database.string(id)
    database.run("insert into deep.numbers (id, _data) values (%s, 1)", id)

    assert told(database.log(space, id=id))[2:] == [("strings", "delete", id), ("numbers", "insert", id)]


def test_the_actor_of_the_transaction_is_told(database: Session, space: str) -> None:
    with database.connection.transaction():
        database.run("select set_config('deeplinks.actor', 'alice', true)")
        database.link(space)
    database.link(space)

    assert [entry["actor"] for entry in database.log(space)] == ["alice", "alice", None]


# Numbers


def test_the_rows_of_a_statement_are_numbered_in_their_order(database: Session, space: str) -> None:
    ids = [new() for _ in range(20)]
    database.run("insert into deep.links (_deep, id) select %s, unnest(%s::uuid[])", space, ids)

    entries = database.log(space)
    assert numbers(entries) == list(range(1, 22))
    assert [entry["id"] for entry in entries[1:]] == ids


def test_a_statement_over_two_spaces_numbers_each_by_itself(database: Session) -> None:
    one, other = new(), new()
    database.link(one)
    database.run("insert into deep.links (_deep) select unnest(%s::uuid[])", [one, other, one, other, other])

    assert numbers(database.log(one)) == [1, 2, 3, 4]
    assert numbers(database.log(other)) == [1, 2, 3, 4]


def test_a_statement_larger_than_a_slice_is_told_whole(database: Session, space: str) -> None:
    database.run("insert into deep.links (_deep) select %s from generate_series(1, 50001)", space)

    assert database.value(
        "select (count(*), count(distinct id), max(n))::text from deep.changes where _deep = %s", space
    ) == ("(50002,50002,50002)")


def test_an_update_larger_than_a_slice_pairs_each_row_with_its_own_past(database: Session, space: str) -> None:
    database.run("insert into deep.links (_deep) select %s from generate_series(1, 50001)", space)
    database.run("update deep.links set _to = id where _deep = %s", space)

    assert database.value(
        "select count(*) from deep.changes where operation = 'update' "
        "and before ->> 'id' = id::text and after ->> 'id' = id::text"
    ) == (50002)


def test_a_table_that_outgrew_what_is_known_of_it_is_looked_at(database: Session, space: str) -> None:
    """Or PostgreSQL's own plans for references would read all of it for every row."""
    database.run("vacuum analyze deep.links")
    database.run("insert into deep.links (_deep) select %s from generate_series(1, 6000)", space)

    assert database.value("select relpages from pg_class where oid = 'deep.links'::regclass") >= 64


def test_entries_of_one_transaction_share_its_number_and_no_other_has_it(database: Session, space: str) -> None:
    with database.connection.transaction():
        database.string(database.link(space))
    database.link(space)

    transactions = [entry["tx"] for entry in database.log(space)]
    assert len(set(transactions[:3])) == 1
    assert transactions[3] not in transactions[:3]


def test_tags_differ_and_are_positive(database: Session, space: str) -> None:
    for _ in range(20):
        database.link(space)

    tags = {entry["tag"] for entry in database.log(space)}
    assert len(tags) == 21
    assert min(tags) > 0


def test_a_transaction_that_is_rolled_back_leaves_no_gap(
    database: Session, sessions: Callable[[], Session], space: str
) -> None:
    database.link(space)
    other = sessions()
    other.link(space)
    other.connection.rollback()
    database.link(space)

    assert numbers(database.log(space)) == [1, 2, 3]


def test_a_savepoint_that_is_rolled_back_leaves_no_gap(database: Session, space: str) -> None:
    with database.connection.transaction():
        database.link(space)
        with database.connection.transaction(force_rollback=True):
            database.link(space)
        database.link(space)

    assert numbers(database.log(space)) == [1, 2, 3]


def test_a_writer_waits_for_the_one_before_it_in_its_space(
    database: Session, sessions: Callable[[], Session], space: str
) -> None:
    database.link(space)
    first, second = sessions(), sessions()
    slow, quick = first.link(space), new()
    waiting = second.later("insert into deep.links (id, _deep) values (%s, %s)", quick, space)
    until_it_waits(second)
    first.connection.commit()
    waiting.result()
    second.connection.commit()

    assert [entry["id"] for entry in database.log(space)][2:] == [slow, quick]


def test_a_writer_does_not_wait_for_one_in_another_space(database: Session, sessions: Callable[[], Session]) -> None:
    sessions().link(new())

    database.link(new())


def test_a_writer_with_an_old_snapshot_is_refused_and_numbers_nothing_twice(
    database: Session, sessions: Callable[[], Session], space: str
) -> None:
    database.link(space)
    old = sessions()
    old.run("set transaction isolation level repeatable read")
    old.run("select from deep.links")
    database.link(space)

    with pytest.raises(psycopg.Error) as caught:
        old.link(space)
    assert caught.value.sqlstate in ("23505", "40001")


@pytest.mark.parametrize("writers", [4])
def test_a_follower_of_many_writers_meets_every_number_once_and_in_order(
    database: Session, sessions: Callable[[], Session], space: str, writers: int
) -> None:
    """Half of the writers announce a batch first, half do not; a fifth of what they do is rolled back."""
    done = Event()
    seen: list[int] = []

    def follow(session: Session) -> None:
        finished = False
        while not finished:
            finished = done.is_set()
            rows = session.run("select n from deep.changes where _deep = %s and n > %s order by n", space, len(seen))
            session.connection.commit()
            seen.extend(row["n"] for row in rows)
            assert seen == list(range(1, len(seen) + 1))

    with ThreadPoolExecutor(writers + 1) as pool:
        follower = pool.submit(follow, sessions())
        written = [pool.submit(write, sessions(), space, number, lock=number % 2 == 0) for number in range(writers)]
        kept = sum(writer.result() for writer in written)
        done.set()
        follower.result()

    assert len(seen) == database.value("select count(*) from deep.changes where _deep = %s", space)
    assert database.value("select count(*) from deep.links where _deep = %s", space) == kept + 1


def write(session: Session, space: str, number: int, *, lock: bool) -> int:
    """Fifty transactions; how many links they made."""
    dice, client, seq, kept = random.Random(number), new(), 1, 0
    for _ in range(50):
        if lock:
            session.batch(space, client, seq)
        made = [session.link(space) for _ in range(dice.randint(1, 3))]
        session.string(made[0])
        if dice.random() < 0.2:
            session.connection.rollback()
            continue
        session.connection.commit()
        seq, kept = seq + 1, kept + len(made)
    return kept


# Spaces


def test_the_first_row_of_an_unknown_space_makes_the_space_and_its_root(database: Session, space: str) -> None:
    database.link(space)

    assert database.run("select id::text, _type from deep.links where id = %s", space) == [{"id": space, "_type": None}]
    assert database.run("select name, version, floor from deep.spaces where id = %s", space) == [
        {"name": None, "version": 0, "floor": 0}
    ]


def test_the_root_is_the_first_entry(database: Session, space: str) -> None:
    id = database.link(space)

    assert told(database.log(space)) == [("links", "insert", space), ("links", "insert", id)]


def test_a_first_row_that_is_the_root_is_planted_once(database: Session, space: str) -> None:
    database.link(space, space)

    assert told(database.log(space)) == [("links", "insert", space)]


def test_a_first_batch_makes_the_space_and_its_root(database: Session, space: str) -> None:
    database.batch(space, new(), 1)

    assert told(database.log(space)) == [("links", "insert", space)]


def test_a_space_that_is_made_by_hand_has_its_root(database: Session, space: str) -> None:
    database.run("insert into deep.spaces (id, name) values (%s, 'mine')", space)

    assert told(database.log(space)) == [("links", "insert", space)]


def test_two_first_writers_of_a_space_both_arrive(
    database: Session, sessions: Callable[[], Session], space: str
) -> None:
    first, second = sessions(), sessions()
    first.link(space)
    waiting = second.later("insert into deep.links (_deep) values (%s)", space)
    until_it_waits(second)
    first.connection.commit()
    waiting.result()
    second.connection.commit()

    assert numbers(database.log(space)) == [1, 2, 3]


def test_two_spaces_have_no_name_in_common(database: Session) -> None:
    database.run("insert into deep.spaces (id, name) values (%s, 'mine')", new())
    with refused("23505") as caught:
        database.run("insert into deep.spaces (id, name) values (%s, 'mine')", new())
    assert caught.value.diag.constraint_name == "spaces_name_key"


def test_a_space_keeps_its_id(database: Session, space: str) -> None:
    database.link(space)
    with refused("22L05", "fixed"):
        database.run("update deep.spaces set id = %s where id = %s", new(), space)


def test_a_space_has_an_updated_at_of_its_own(database: Session, space: str) -> None:
    database.link(space)

    assert database.value(
        "update deep.spaces set version = version + 1 where id = %s returning updated_at > created_at", space
    )


def test_the_built_ins_can_be_written_to_like_anything(database: Session) -> None:
    database.run("update deep.links set _to = id where id = %s", tables.BUILT_INS["String"])

    assert numbers(database.log(tables.RESERVED_SPACE)) == [1]


# Pruning


def pruned(database: Session, space: str, floor: int) -> None:
    database.run("update deep.spaces set floor = %s where id = %s", floor, space)
    database.run("delete from deep.changes where _deep = %s and n <= %s", space, floor)


def test_entries_are_never_changed(database: Session, space: str) -> None:
    database.link(space)
    with refused("22L06", "append only"):
        database.run("update deep.changes set tag = 1")


def test_entries_above_the_floor_are_kept(database: Session, space: str) -> None:
    database.link(space)
    with refused("22L06", "append only", "above its floor 0"):
        database.run("delete from deep.changes where _deep = %s and n = 1", space)


def test_entries_up_to_the_floor_may_go(database: Session, space: str) -> None:
    database.link(space)
    pruned(database, space, 1)

    assert numbers(database.log(space)) == [2]


def test_numbers_go_on_when_every_entry_was_pruned(database: Session, space: str) -> None:
    database.link(space)
    pruned(database, space, 2)
    database.link(space)

    assert numbers(database.log(space)) == [3]


@pytest.mark.parametrize("floor", [0, 3])
def test_the_floor_rises_up_to_the_newest_entry_only(database: Session, space: str, floor: int) -> None:
    database.link(space)
    pruned(database, space, 1)
    with refused("22L06", "floor"):
        database.run("update deep.spaces set floor = %s where id = %s", floor, space)
