"""Batches and the dead: exactly once, in order, against what was expected, and never back from the dead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.storage.session import Session, new, refused, until_it_waits

DATA = {"strings": "'text'", "numbers": "1", "functions": "'{}'", "objects": "'{}'"}


@pytest.fixture
def client() -> str:
    return new()


# Exactly once


def test_a_batch_is_told_in_the_entries_of_its_transaction(database: Session, space: str, client: str) -> None:
    database.link(space)
    with database.connection.transaction():
        database.batch(space, client, 1)
        id = database.link(space)

    (entry,) = database.log(space, id=id)
    assert (entry["client"], entry["seq"]) == (client, 1)


def test_a_batch_is_not_told_in_the_next_transaction(database: Session, space: str, client: str) -> None:
    database.batch(space, client, 1)

    assert database.log(space, id=database.link(space))[0]["client"] is None


def test_a_batch_is_not_told_in_another_space(database: Session, space: str, client: str) -> None:
    elsewhere = new()
    with database.connection.transaction():
        database.batch(space, client, 1)
        database.run("insert into deep.links (_deep) values (%s), (%s)", space, elsewhere)

    assert {entry["client"] for entry in database.log(elsewhere)} == {None}
    assert database.log(space)[-1]["client"] == client


def test_a_batch_that_comes_again_is_already_applied(database: Session, space: str, client: str) -> None:
    database.batch(space, client, 1)
    with refused("23505", "already applied", client) as caught:
        database.batch(space, client, 1)
    assert caught.value.diag.constraint_name == "batches_pkey"


def test_a_batch_that_was_rolled_back_may_come_again(database: Session, space: str, client: str) -> None:
    with database.connection.transaction(force_rollback=True):
        database.batch(space, client, 1)

    database.batch(space, client, 1)


def test_a_copy_that_arrives_meanwhile_waits_and_is_already_applied(
    database: Session, sessions: Callable[[], Session], space: str, client: str
) -> None:
    first, second = sessions(), sessions()
    first.batch(space, client, 1)
    waiting = second.later(
        "insert into deep.batches (_deep, client, seq, checksum) values (%s, %s, 1, 'sum')", space, client
    )
    until_it_waits(second)
    first.connection.commit()

    with refused("23505", "already applied"):
        waiting.result()


def test_other_content_under_a_used_number_is_loud(database: Session, space: str, client: str) -> None:
    database.batch(space, client, 1, "one")
    with refused("22L02", "checksum", client):
        database.batch(space, client, 1, "other")


def test_clients_count_by_themselves(database: Session, space: str) -> None:
    for client in (new(), new()):
        database.batch(space, client, 1)


def test_a_client_counts_by_itself_in_each_space(database: Session, client: str) -> None:
    for space in (new(), new()):
        database.batch(space, client, 1)


@pytest.mark.parametrize(("sent", "next"), [(0, 2), (0, 0), (1, 3), (3, 5)])
def test_a_gap_is_refused(database: Session, space: str, client: str, sent: int, next: int) -> None:
    for seq in range(1, sent + 1):
        database.batch(space, client, seq)
    with refused("22L03", "gap", client, f"send {sent + 1} first"):
        database.batch(space, client, next)


def test_a_copy_older_than_what_is_remembered_is_refused(database: Session, space: str, client: str) -> None:
    for seq in (1, 2):
        database.batch(space, client, seq)
    database.run("delete from deep.batches where seq = 1")
    with refused("22L03", "gap"):
        database.batch(space, client, 1)


def test_the_last_batch_of_a_client_is_kept(database: Session, space: str, client: str) -> None:
    for seq in (1, 2):
        database.batch(space, client, seq)
    with refused("22L06", "last batch"):
        database.run("delete from deep.batches where seq = 2")


def test_a_batch_is_never_changed(database: Session, space: str, client: str) -> None:
    database.batch(space, client, 1)
    with refused("22L06", "append only"):
        database.run("update deep.batches set seq = 2")


def test_a_batch_without_a_checksum_is_refused(database: Session, space: str, client: str) -> None:
    with refused("23502", "checksum"):
        database.run("insert into deep.batches (_deep, client, seq) values (%s, %s, 1)", space, client)


def test_a_batch_locks_its_space_before_anything_else(
    database: Session, sessions: Callable[[], Session], space: str
) -> None:
    first, second = sessions(), sessions()
    first.batch(space, new(), 1)
    first.connection.commit()
    first.batch(space, new(), 1)
    waiting = second.later(
        "insert into deep.batches (_deep, client, seq, checksum) values (%s, %s, 1, 'sum')", space, new()
    )
    until_it_waits(second)
    first.connection.commit()

    assert waiting.result() == []


# Withdrawn


def test_a_marker_takes_the_number(database: Session, space: str, client: str) -> None:
    database.batch(space, client, 1, withdrawn=True)

    database.batch(space, client, 2)


def test_a_withdrawn_batch_is_refused(database: Session, space: str, client: str) -> None:
    database.batch(space, client, 1, withdrawn=True)
    with refused("22L01", "withdrawn", client):
        database.batch(space, client, 1)


def test_a_marker_that_comes_again_is_already_there(database: Session, space: str, client: str) -> None:
    database.batch(space, client, 1, withdrawn=True)
    with refused("23505", "already withdrawn"):
        database.batch(space, client, 1, withdrawn=True)


def test_a_marker_for_what_was_applied_after_all_hears_so(database: Session, space: str, client: str) -> None:
    database.batch(space, client, 1)
    with refused("23505", "already applied"):
        database.batch(space, client, 1, withdrawn=True)


# What was expected


def expecting(database: Session, space: str, *expects: Any) -> None:
    database.batch(space, new(), 1, expects=Jsonb([{"id": id, "n": n} for id, n in expects]))


def test_a_batch_whose_expectations_hold_is_applied(database: Session, space: str) -> None:
    one, other = database.link(space), database.link(space)

    expecting(database, space, (one, 2), (other, 3))


def test_a_batch_that_expected_another_change_is_refused(database: Session, space: str) -> None:
    id = database.link(space)
    database.run("update deep.links set _to = id where id = %s", id)
    with refused("22L04", "stale", id, "expected at change 2", "at change 3"):
        expecting(database, space, (id, 2))


def test_a_change_of_data_is_a_change_of_its_association(database: Session, space: str) -> None:
    id = database.link(space)
    database.string(id)
    with refused("22L04", id, "at change 3"):
        expecting(database, space, (id, 2))


@pytest.mark.parametrize("kind", ["null", "[]"])
def test_a_batch_may_expect_nothing(database: Session, space: str, kind: str) -> None:
    database.run(
        f"insert into deep.batches (_deep, client, seq, checksum, expects) values (%s, %s, 1, '', '{kind}')",
        space,
        new(),
    )


def test_what_its_own_client_changed_is_no_surprise(database: Session, space: str, client: str) -> None:
    id = database.link(space)
    with database.connection.transaction():
        database.batch(space, client, 1)
        database.run("update deep.links set _to = id where id = %s", id)

    database.batch(space, client, 2, expects=Jsonb([{"id": id, "n": 2}]))


def test_a_change_of_somebody_else_is_found_under_a_later_one_of_its_own(
    database: Session, space: str, client: str
) -> None:
    id = database.link(space)
    database.run("update deep.links set _to = id where id = %s", id)
    with database.connection.transaction():
        database.batch(space, client, 1)
        database.run("update deep.links set _to = null where id = %s", id)
    with refused("22L04", id, "at change 3"):
        database.batch(space, client, 2, expects=Jsonb([{"id": id, "n": 2}]))


def test_a_link_may_have_been_seen_later_than_it_was_changed(database: Session, space: str) -> None:
    id = database.link(space)
    database.link(space)

    expecting(database, space, (id, 3))


def test_what_the_log_remembers_no_more_was_not_seen(database: Session, space: str) -> None:
    id = database.link(space)
    database.run("update deep.spaces set floor = 2 where id = %s", space)
    database.run("delete from deep.changes where _deep = %s", space)
    expecting(database, space, (id, 2))
    with refused("22L04", id, "expected at change 1", "from 2 to 2"):
        expecting(database, space, (id, 1))


def test_what_is_not_there_yet_was_not_seen(database: Session, space: str) -> None:
    id = database.link(space)
    with refused("22L04", id, "expected at change 3", "from 0 to 2"):
        expecting(database, space, (id, 3))


@pytest.mark.parametrize(
    ("expects", "words"),
    [
        ({}, "no array"),
        (5, "no array"),
        ([5], "number 1"),
        ([{"id": "00000000-0000-0000-0000-000000000000", "n": 0}, {"n": 1}], "number 2"),
        ([{"id": "00000000-0000-0000-0000-000000000000"}], "number 1"),
        ([{"id": "00000000-0000-0000-0000-000000000000", "n": None}], "number 1"),
        ([{"id": "00000000-0000-0000-0000-000000000000", "n": "1"}], "number 1"),
        ([{"id": "00000000-0000-0000-0000-000000000000", "n": 1.5}], "number 1"),
        ([{"id": "00000000-0000-0000-0000-000000000000", "n": -1}], "number 1"),
        ([{"id": "alice", "n": 1}], "number 1"),
    ],
)
def test_an_expectation_that_is_none_is_refused_and_says_which(
    database: Session, space: str, expects: Any, words: str
) -> None:
    with refused("22L10", "expects", words, "{id, n}"):
        database.batch(space, new(), 1, expects=Jsonb(expects))


def test_a_batch_that_is_already_applied_is_told_so_before_it_is_stale(
    database: Session, space: str, client: str
) -> None:
    id = database.link(space)
    expects = Jsonb([{"id": id, "n": 2}])
    with database.connection.transaction():
        database.batch(space, client, 1, expects=expects)
        database.run("update deep.links set _to = id where id = %s", id)
    with refused("23505", "already applied"):
        database.batch(space, client, 1, expects=expects)


# The dead


def buried(database: Session, space: str) -> str:
    id = database.link(space)
    database.run("delete from deep.links where id = %s", id)
    return id


def test_a_dead_link_does_not_come_back(database: Session, space: str) -> None:
    id = buried(database, space)
    given = database.run("insert into deep.links (id, _deep) values (%s, %s) returning id", id, space)

    assert given == []
    assert database.run("select from deep.links where id = %s", id) == []


def test_a_dead_link_does_not_come_back_by_an_upsert(database: Session, space: str) -> None:
    id = buried(database, space)

    assert (
        database.run(
            "insert into deep.links (id, _deep) values (%s, %s) "
            "on conflict on constraint links_pkey do update set _to = excluded._to returning id",
            id,
            space,
        )
        == []
    )


@pytest.mark.parametrize("table", DATA)
def test_a_dead_link_takes_no_data(database: Session, space: str, table: str) -> None:
    id = buried(database, space)

    assert (
        database.run(
            f"insert into deep.{table} (id, _deep, _data) values (%s, %s, {DATA[table]}) returning id", id, space
        )
        == []
    )


def test_the_others_of_a_statement_arrive_beside_the_dead(database: Session, space: str) -> None:
    dead, alive = buried(database, space), new()
    rows = database.run(
        "insert into deep.links (_deep, id) values (%s, %s), (%s, %s) returning id::text", space, dead, space, alive
    )

    assert rows == [{"id": alive}]


@pytest.mark.parametrize("first", ["a batch", "nothing"])
def test_the_dead_are_skipped_whoever_writes(database: Session, space: str, first: str) -> None:
    id = buried(database, space)
    with database.connection.transaction():
        if first == "a batch":
            database.batch(space, new(), 1)
        given = database.run("insert into deep.links (id, _deep) values (%s, %s) returning id", id, space)

    assert given == []


def test_what_a_batch_deletes_is_dead_for_the_rest_of_it(database: Session, space: str) -> None:
    id = database.link(space)
    with database.connection.transaction():
        database.batch(space, new(), 1)
        database.run("delete from deep.links where id = %s", id)
        given = database.run("insert into deep.links (id, _deep) values (%s, %s) returning id", id, space)

    assert given == []


def test_a_link_that_dies_while_another_writer_waits_for_it_does_not_come_back(
    database: Session, sessions: Callable[[], Session], space: str
) -> None:
    id = database.link(space)
    first, second = sessions(), sessions()
    first.run("delete from deep.links where id = %s", id)
    waiting = second.later("insert into deep.links (id, _deep) values (%s, %s)", id, space)
    until_it_waits(second)
    first.connection.commit()

    with refused("22L07", "dead", id):
        waiting.result()


def test_a_death_is_of_its_space(database: Session, space: str) -> None:
    id = buried(database, space)

    assert database.link(new(), id) == id


def test_deleting_data_is_no_death(database: Session, space: str) -> None:
    id = database.link(space)
    database.string(id)
    database.run("delete from deep.strings")

    assert database.string(id) == [{"id": id}]


def test_the_dead_stay_dead_when_the_log_is_pruned(database: Session, space: str) -> None:
    id = buried(database, space)
    database.run("update deep.spaces set floor = 3 where id = %s", space)
    database.run("delete from deep.changes where _deep = %s", space)

    assert database.run("insert into deep.links (id, _deep) values (%s, %s) returning id", id, space) == []
