"""Writers who have never heard of the log: psql, COPY, a report's UPDATE. Whatever they say in SQL, followers hear of it."""

from __future__ import annotations

import pytest

from deeplinks import GraphQLStorage
from deeplinks.batch import Cursor
from deeplinks.storage.verify import verify
from tests.storage.session import Session, new, refused
from tests.storage.tables import Copy, rows_of

DATA = {"strings": "'text'", "numbers": "1.10", "functions": "'{}'", "objects": "'[1]'"}
SPOKEN = {
    "insert select": "insert into deep.links (_deep, _type) select _deep, id from deep.links where _deep = '{space}'",
    "update": "update deep.links set _to = _type, _type = null where _deep = '{space}'",
    "update from": "update deep.strings s set _data = l.id::text from deep.links l where l.id = s.id",
    "update of nothing": "update deep.links set _to = id where false",
    "delete using": "delete from deep.links l using deep.strings s where s.id = l.id",
    "delete of data": "delete from deep.objects where _deep = '{space}'",
    "upsert": "insert into deep.strings (id, _data) select id, 'new' from deep.links where _deep = '{space}' "
    "on conflict (id) do update set _data = excluded._data",
    "data of another kind": "insert into deep.numbers (id, _data) select id, 7 from deep.strings",
    "writing subqueries": "with gone as (delete from deep.functions returning id, _deep), "
    "made as (insert into deep.links (_deep) select _deep from gone returning id) select id from made",
    "a block of code": "do $$ begin for i in 1..5 loop insert into deep.links (_deep) values ('{space}'); end loop; end $$",
    "a savepoint that is undone": "do $$ begin insert into deep.links (_deep) values ('{space}'); "
    "begin delete from deep.strings; raise 'no'; exception when others then null; end; end $$",
}


@pytest.fixture
def filled(database: Session, space: str) -> str:
    """A space with data of every kind."""
    for table, data in DATA.items():
        database.run(f"insert into deep.{table} (id, _data) values (%s, {data})", database.link(space))
    return space


async def heard(storage: GraphQLStorage, copy: Copy) -> Copy:
    """What a follower makes of it, reading on from where it is, a few entries at a time."""
    more = True
    while more:
        page = await storage.read(copy.cursor, 3)
        copy.take(page)
        more = page.more
    return copy


@pytest.mark.parametrize("said", SPOKEN)
async def test_what_is_said_in_sql_is_heard(
    database: Session, database_url: str, storage: GraphQLStorage, filled: str, said: str
) -> None:
    copy = await heard(storage, Copy(filled))
    database.run(SPOKEN[said].replace("{space}", filled))

    assert (await heard(storage, copy)).rows == rows_of(database, filled)
    assert [one.whole for one in await verify(database_url, space=filled)] == [True]


@pytest.mark.parametrize("table", ["links", *DATA])
async def test_what_is_copied_in_is_heard(
    database: Session, database_url: str, storage: GraphQLStorage, space: str, table: str
) -> None:
    ids = [new() for _ in range(5)]
    if table != "links":
        database.run("insert into deep.links (id, _deep) select unnest(%s::uuid[]), %s", ids, space)
    columns, more = ("(id, _deep)", ()) if table == "links" else ("(id, _deep, _data)", (DATA[table].strip("'"),))
    with database.connection.cursor().copy(f"copy deep.{table} {columns} from stdin".encode()) as copy:
        for id in ids:
            copy.write_row((id, space, *more))

    assert (await heard(storage, Copy(space))).rows == rows_of(database, space)
    replayed = await heard(storage, replaying(space))
    assert replayed.rows == rows_of(database, space)
    assert [one.whole for one in await verify(database_url, space=space)] == [True]


def replaying(space: str) -> Copy:
    """A copy that is made of the log alone."""
    copy = Copy(space)
    copy.cursor = Cursor(space)
    return copy


def test_merge_is_heard(database: Session, filled: str) -> None:
    if database.connection.info.server_version < 150000:
        pytest.skip("PostgreSQL 14 has no MERGE")
    before = len(database.log(filled))
    database.run(
        "merge into deep.strings s using (select id, _deep from deep.links where _deep = %s) l on l.id = s.id "
        "when matched then update set _data = 'merged' when not matched then insert values (l.id, l._deep, 'made')",
        filled,
    )

    assert {(one["table"], one["operation"]) for one in database.log(filled)[before:]} >= {
        ("strings", "update"),
        ("strings", "insert"),
    }


@pytest.mark.parametrize("table", ["links", *DATA, "spaces", "changes", "batches", "tombstones"])
def test_truncate_is_refused_alone_and_among_others(database: Session, filled: str, table: str) -> None:
    for statement in (f"truncate deep.{table} cascade", f"truncate deep.{table}, deep.links, deep.spaces cascade"):
        with refused("22L06", "truncate"):
            database.run(statement)

    assert database.value("select count(*) from deep.links where _deep = %s", filled) == 5


def test_dropping_rows_out_of_the_log_is_refused(database: Session, filled: str) -> None:
    for statement in ("delete from deep.changes", "update deep.changes set n = n + 1"):
        with refused("22L06", "append only"):
            database.run(statement)
