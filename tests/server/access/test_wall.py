"""The second wall by itself: the database holds sessions to their spaces and verbs, whatever statement comes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from deeplinks import resources
from deeplinks.server.engine import open_engine
from deeplinks.server.settings import Settings
from deeplinks.tables import RESERVED_SPACE
from tests.server.access.scene import PERMISSIONS, Scene
from tests.server.asked import new

Connection = psycopg.Connection[Any]
ALL = ",".join(
    f"{table}:{verb}"
    for table in ("links", "strings", "numbers", "functions", "objects", "spaces", "batches")
    for verb in ("select", "insert", "update", "delete")
)
WALL = resources.text("sql/queries/wall.sql")


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@contextmanager
def confined(connection: Connection, *spaces: str, verbs: str = ALL) -> Iterator[Connection]:
    with connection.transaction():
        psycopg.RawCursor(connection).execute(WALL, (",".join(spaces), verbs))
        yield connection


def _count(connection: Connection, what: str) -> int:
    row = connection.execute(f"select count(*) from deep.{what}").fetchone()
    assert row
    return row[0]


def _insert(connection: Connection, space: str, id: str, table: str = "links", *more: str) -> None:
    columns, values = (", _data", ", %s") if more else ("", "")
    connection.execute(f"insert into deep.{table} (id, _deep{columns}) values (%s, %s{values})", (id, space, *more))


@pytest.fixture
def ids(connection: Connection) -> dict[str, str]:
    """A link with a string in each of two spaces."""
    own, other = new(), new()
    ids = {"own": own, "other": other, "mine": new(), "theirs": new()}
    for space, id in ((own, ids["mine"]), (other, ids["theirs"])):
        _insert(connection, space, id)
        _insert(connection, space, id, "strings", "x")
    return ids


@pytest.mark.parametrize(("table", "own"), [("links", 2), ("strings", 1), ("changes", 3), ("spaces", 1)])
def test_rows_of_other_spaces_are_not_seen(connection: Connection, ids: dict[str, str], table: str, own: int) -> None:
    space = "id" if table == "spaces" else "_deep"
    with confined(connection, ids["own"]):
        assert _count(connection, f"{table} where {space} = '{ids['own']}'") == own
        # The built-in types are everybody's.
        assert _count(connection, f"{table} where {space} <> '{RESERVED_SPACE}'") == own


def test_where_nothing_is_set_nothing_is_seen(connection: Connection, ids: dict[str, str]) -> None:
    with connection.transaction():
        connection.execute("set local role deeplinks_session")
        for table in (
            "links",
            "strings",
            "numbers",
            "functions",
            "objects",
            "spaces",
            "changes",
            "batches",
            "tombstones",
        ):
            assert _count(connection, table) == 0


def test_what_was_set_ends_with_its_transaction(connection: Connection, ids: dict[str, str]) -> None:
    with confined(connection, "*"):
        assert _count(connection, "strings") == 2
    assert _count(connection, "strings") == 2
    with connection.transaction():
        connection.execute("set local role deeplinks_session")
        assert _count(connection, "strings") == 0


def test_a_verb_that_is_not_granted_touches_nothing(connection: Connection, ids: dict[str, str]) -> None:
    with confined(connection, ids["own"], verbs="links:select,strings:select"):
        assert connection.execute("update deep.strings set _data = 'y'").rowcount == 0
        assert connection.execute("delete from deep.strings").rowcount == 0
        assert connection.execute("delete from deep.links").rowcount == 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            _insert(connection, ids["own"], new())


def test_rows_of_other_spaces_are_not_written(connection: Connection, ids: dict[str, str]) -> None:
    with confined(connection, ids["own"]):
        assert connection.execute("update deep.strings set _data = 'y'").rowcount == 1
        assert connection.execute("delete from deep.strings where id = %s", (ids["theirs"],)).rowcount == 0
    for space in (ids["other"], RESERVED_SPACE, new()):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), confined(connection, ids["own"]):
            _insert(connection, space, new())


def test_a_row_of_another_space_is_not_overwritten(connection: Connection, ids: dict[str, str]) -> None:
    text = "insert into deep.strings (id, _deep, _data) values (%s, %s, 'y') on conflict (id) do update set _data = 'y'"
    with pytest.raises(psycopg.Error), confined(connection, ids["own"]):
        connection.execute(text, (ids["theirs"], ids["own"]))
    assert _count(connection, "strings where _data = 'y'") == 0


def test_the_log_and_the_dead_are_written_by_triggers_alone(connection: Connection, ids: dict[str, str]) -> None:
    with confined(connection, ids["own"]):
        _insert(connection, ids["own"], new())
        connection.execute("delete from deep.links where id = %s", (ids["mine"],))
        assert _count(connection, "tombstones") == 0
    assert _count(connection, f"tombstones where id = '{ids['mine']}'") == 1
    assert _count(connection, f"changes where id = '{ids['mine']}' and operation = 'delete'") == 2
    for statement in (
        "insert into deep.tombstones (_deep, id) values (gen_random_uuid(), gen_random_uuid())",
        "delete from deep.changes",
        "update deep.changes set actor = 'x'",
        "truncate deep.links",
        "create table deep.own (id int)",
        "select * from deep.migrations",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), confined(connection, ids["own"]):
            connection.execute(statement)


def test_one_datum_stays_one_datum(connection: Connection, ids: dict[str, str]) -> None:
    with confined(connection, ids["own"], verbs="links:select,numbers:insert,numbers:select"):
        _insert(connection, ids["own"], ids["mine"], "numbers", "7")
    assert _count(connection, f"strings where id = '{ids['mine']}'") == 0


def test_a_new_space_is_made_by_who_may_write_there(connection: Connection) -> None:
    space = new()
    with confined(connection, space):
        _insert(connection, space, new())
    assert _count(connection, f"links where _deep = '{space}'") == 2


def test_whoever_connects_by_another_name_is_not_concerned(connection: Connection, ids: dict[str, str]) -> None:
    other = f"other_{new().replace('-', '')}"
    connection.execute(f"create role {other} nologin")
    try:
        connection.execute(
            f"grant usage on schema deep to {other}; grant select on all tables in schema deep to {other}"
        )
        with connection.transaction():
            connection.execute(f"set local role {other}")
            assert _count(connection, "strings") == 2
    finally:
        connection.execute(f"drop owned by {other}; drop role {other}")


async def test_the_server_raises_the_wall_for_everybody_but_the_admin(database_url: str) -> None:
    seen: list[str] = []
    async with open_engine(Settings(database_url=database_url, permissions=PERMISSIONS), seen.append) as engine:
        assert engine.database.walled
        with psycopg.connect(database_url, autocommit=True) as connection:
            scene = Scene(engine, connection)
        alice = scene.users["alice"]
        await scene.ask("admin", alice, "{ deep_links { id } }")
        assert not [text for text in seen if "deeplinks_session" in text]
        await scene.ask("member", alice, "{ deep_links { id } }")
        assert [text for text in seen if "deeplinks_session" in text]
