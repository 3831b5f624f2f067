"""The doctor: each cause of trouble is forced over real parts, and named, with what to do next."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow

import deeplinks
from deeplinks import Deep, Diagnosis, diagnose, load, synchronize
from deeplinks.doctor import Grade
from deeplinks.doctor.space import look_at_space
from deeplinks.storage.embedded import embedded, temporary
from deeplinks.storage.migrations import migrate, rollback
from deeplinks.storage.pruning import Keep, prune
from tests.processes import ROOT, run
from tests.proxy import Sockets, between
from tests.storage.session import Session
from tests.waiting import until, until_now


def only(found: Diagnosis, cause: str, grade: Grade, *words: str) -> str:
    """The one finding of that cause is of that grade, has those words, and says what to do; that."""
    (finding,) = [one for one in found.of(cause) if one.grade is grade] or [None]
    assert finding is not None, found
    assert all(word in finding.what for word in words), finding
    assert bool(finding.next) is (grade is not Grade.fine)
    return finding.next


def in_the_way(found: Diagnosis) -> list[str]:
    return [str(one.cause) for one in found.troubles]


@pytest.fixture
def database(database_url: str) -> Iterator[Session]:
    session = Session(database_url)
    yield session
    session.close()


def set_for_all(database_url: str, setting: str) -> None:
    """A setting of the database, for every connection that comes."""
    name = sql.Identifier(str(conninfo_to_dict(database_url)["dbname"]))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("alter database {} set ").format(name) + sql.SQL(setting))  # type: ignore[arg-type]


# All is well


async def test_where_all_is_well_everything_is_fine(endpoint: str, database_url: str) -> None:
    deep = Deep()
    deep.String("a").store("database")
    async with synchronize(deep, endpoint) as database:
        await database.flush()
        found = await diagnose(endpoint, database_url=database_url, space=deep, verified=True)

    assert found.healthy
    # A small disk of whoever runs this is none of its business.
    assert [one for one in found.findings if one.grade is not Grade.fine and one.cause != "disk"] == []
    assert {str(one.cause) for one in found.findings} >= {
        "server",
        "version",
        "clock",
        "live",
        "log",
        "marks",
        "waiting",
        "postgres",
        "migrations",
        "triggers",
        "verified",
    }


async def test_looking_writes_nothing(endpoint: str, database: Session, database_url: str) -> None:
    before = database.value("select count(*) from deep.changes")
    await diagnose(endpoint, database_url=database_url, space=Deep(), verified=True)

    assert database.value("select count(*) from deep.changes") == before
    assert database.value("select count(*) from deep.spaces") == 1


# The endpoint


async def test_nobody_at_the_address() -> None:
    found = await diagnose("http://127.0.0.1:1/v1/graphql")

    assert "deeplinks serve" in only(found, "server", Grade.trouble, "nobody answers")
    assert in_the_way(found) == ["server"]


@pytest.mark.parametrize("url", ["localhost:8080", "postgresql://localhost/graph", ""])
async def test_an_address_that_is_none(url: str) -> None:
    found = await diagnose(url)

    assert "http://localhost:8080/v1/graphql" in only(found, "address", Grade.trouble)


@pytest.mark.parametrize("path", ["/graphql", "/healthz", "/"])
async def test_a_wrong_path(endpoint: str, path: str) -> None:
    found = await diagnose(endpoint.replace("/v1/graphql", path))

    assert "/v1/graphql" in only(found, "endpoint", Grade.trouble)


@pytest.mark.parametrize("secret", [None, "wrong"])
async def test_a_wrong_secret(secret_endpoint: str, secret: str | None) -> None:
    found = await diagnose(secret_endpoint, secret=secret)

    assert "HASURA_GRAPHQL_ADMIN_SECRET" in only(found, "secret", Grade.trouble)
    assert (await diagnose(secret_endpoint, secret="right")).healthy


async def test_a_server_over_a_database_without_tables(bare_endpoint: str) -> None:
    found = await diagnose(bare_endpoint)

    assert "deeplinks migrate" in only(found, "tables", Grade.trouble, "no deeplinks tables")


async def test_a_server_whose_database_is_away(endpoint: str, database_url: str) -> None:
    name = sql.Identifier(str(conninfo_to_dict(database_url)["dbname"]))
    with psycopg.connect(database_url, dbname="postgres", autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(name))
    found = await diagnose(endpoint)

    assert "DATABASE_URL" in only(found, "database", Grade.trouble, "can't serve")


async def test_another_version(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deeplinks, "__version__", "9.9.9")
    found = await diagnose(endpoint)

    assert "same version" in only(found, "version", Grade.warning, "9.9.9")
    assert found.healthy


@pytest.mark.parametrize(("hours", "way"), [(1, "ahead of"), (-1, "behind")])
async def test_a_clock_that_is_off(endpoint: str, hours: int, way: str) -> None:
    def moved(head: bytes) -> bytes:
        date = format_datetime(datetime.now(UTC) + timedelta(hours=hours), usegmt=True)
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"date:")]
        return b"\r\n".join([lines[0], f"date: {date}".encode(), *lines[1:]])

    async with between(endpoint) as proxy:
        proxy.answered = moved
        found = await diagnose(proxy.endpoint)

    assert "NTP" in only(found, "clock", Grade.warning, way)


@pytest.mark.parametrize("sockets", [Sockets.refused, Sockets.cut, Sockets.silent])
async def test_a_proxy_that_lets_no_websockets_pass(
    endpoint: str, sockets: Sockets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deeplinks.doctor.endpoint.PATIENCE", 2.0)
    async with between(endpoint) as proxy:
        proxy.sockets = sockets
        found = await diagnose(proxy.endpoint)

    assert "proxy" in only(found, "live", Grade.trouble, "15 s")
    assert in_the_way(found) == ["live"]


async def test_a_proxy_that_lets_everything_pass(endpoint: str) -> None:
    async with between(endpoint) as proxy:
        assert (await diagnose(proxy.endpoint)).healthy


# A space


async def test_a_space_that_nobody_knows(endpoint: str) -> None:
    only(await diagnose(endpoint, space=str(uuid4())), "space", Grade.warning, "knows no space")


async def test_an_id_that_is_none(endpoint: str) -> None:
    only(await diagnose(endpoint, space="my graph"), "space", Grade.trouble, "no id")


async def test_nothing_is_marked() -> None:
    deep = Deep()
    deep.String("a")

    assert 'store("typed_true")' not in only(await diagnose(space=deep), "marks", Grade.trouble, "nothing of")


async def test_what_is_marked_is_marked_under_another_name(endpoint: str) -> None:
    deep = Deep()
    deep.String("a").store("archive")
    async with synchronize(deep, endpoint, name="archive"):
        only(await diagnose(space=deep), "marks", Grade.trouble, "archive")


async def test_nobody_writes_what_waits() -> None:
    deep = Deep()
    deep.String("a").store("database")

    assert "synchronize" in only(await diagnose(space=deep), "waiting", Grade.trouble, "nobody writes")


async def test_a_together_is_open(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        deep.String("a").store("database")
        with deep.together():
            found = Diagnosis(tuple(look_at_space(deep, "database")))
        await database.flush()

    assert "when it ends" in only(found, "waiting", Grade.warning, "together()")


async def test_what_waits_because_the_server_went_away_is_said_with_the_reason(endpoint: str) -> None:
    deep = Deep()
    async with between(endpoint) as proxy, synchronize(deep, proxy.endpoint) as database:
        target, proxy.target = proxy.target, "http://127.0.0.1:1"
        proxy.cut_all()
        deep.String("a").store("database")
        await until(lambda: database.report().retries)
        found = await diagnose(space=deep)
        proxy.target = target

    assert "nothing is lost" in only(found, "waiting", Grade.trouble, "can't be reached")


async def test_what_was_refused_is_said_with_the_reason(endpoint: str, database: Session) -> None:
    database.run("alter table deep.strings add constraint decent check (_data <> 'indecent')")
    deep = Deep()
    async with synchronize(deep, endpoint) as storage:
        deep.String("indecent").store("database")
        await until(lambda: storage.refused)
        found = await diagnose(space=deep)
        report = storage.report()
        storage.refused.discard()

    assert "retry()" in only(found, "refused", Grade.trouble, "for good", "23514")
    assert report.refused == 1
    assert "database.refused" in repr(report)


async def test_a_log_that_was_pruned_past_the_reader(endpoint: str, database_url: str, database: Session) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint):
        deep.String("a").store("database")
    for _ in range(5):
        database.link(deep.id)
    await prune(database_url, Keep(entries=1))
    found = await diagnose(endpoint, space=deep)

    assert "by itself" in only(found, "log", Grade.warning, "pruned")


async def test_a_log_that_was_set_back(endpoint: str, database: Session) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint):
        deep.String("a").store("database")
    await load(endpoint, into=deep)
    database.run("set session_replication_role = replica")
    database.run("delete from deep.changes where _deep = %s and n > 1", deep.id)
    found = await diagnose(endpoint, space=deep)

    assert "done again" in only(found, "log", Grade.warning, "set back")


# The database


async def test_no_postgres_at_the_address() -> None:
    found = await diagnose(database_url="postgresql://127.0.0.1:1/graph")

    assert "start PostgreSQL" in only(found, "postgres", Grade.trouble)


async def test_an_address_of_a_database_that_is_none() -> None:
    only(await diagnose(database_url="my database"), "address", Grade.trouble)


async def test_a_user_who_is_not_let_in(database_url: str) -> None:
    url = psycopg.conninfo.make_conninfo(database_url, user="nobody_of_that_name")

    only(await diagnose(database_url=url), "access", Grade.trouble)


async def test_a_user_who_may_not_write(database: Session, database_url: str) -> None:
    role = f"reader_{uuid4().hex}"
    database.run(f"create role {role} login")
    database.run(f"grant usage on schema deep to {role}")
    database.run(f"grant select on deep.migrations to {role}")
    database.run(f"grant select on deep.spaces, deep.links to {role}")
    try:
        found = await diagnose(database_url=psycopg.conninfo.make_conninfo(database_url, user=role))
    finally:
        database.run(f"drop owned by {role}")
        database.run(f"drop role {role}")

    assert "grant" in only(found, "access", Grade.trouble, role, "links")


async def test_a_database_without_tables(empty_database_url: str) -> None:
    assert "deeplinks migrate" in only(await diagnose(database_url=empty_database_url), "tables", Grade.trouble)


async def test_migrations_that_are_older_than_the_package(database_url: str) -> None:
    await rollback(database_url, 1)

    assert "deeplinks migrate" in only(await diagnose(database_url=database_url), "migrations", Grade.trouble, "lacks")


async def test_migrations_that_are_newer_than_the_package(database: Session, database_url: str) -> None:
    database.run("insert into deep.migrations (id, name, checksum, ms) values (999, 'future', 'x', 1)")

    assert "newer deeplinks" in only(await diagnose(database_url=database_url), "version", Grade.trouble, "future")


async def test_a_migration_that_was_edited(database: Session, database_url: str) -> None:
    database.run("update deep.migrations set checksum = 'other' where id = 1")

    only(await diagnose(database_url=database_url), "migrations", Grade.trouble, "0001")


async def test_triggers_that_are_disabled(database: Session, database_url: str) -> None:
    database.run("alter table deep.strings disable trigger all")
    next = only(await diagnose(database_url=database_url), "triggers", Grade.trouble, "strings.strings_log_insert")
    assert "alter table deep.strings enable trigger all" in next

    database.run("alter table deep.strings enable trigger all")
    assert (await diagnose(database_url=database_url)).healthy


async def test_triggers_that_are_gone(database: Session, database_url: str) -> None:
    database.run("drop trigger links_log_update on deep.links")

    only(await diagnose(database_url=database_url), "triggers", Grade.trouble, "missing", "links.links_log_update")


async def test_triggers_that_fire_for_nobody(database_url: str) -> None:
    set_for_all(database_url, "session_replication_role = replica")

    found = await diagnose(database_url=database_url)
    assert "reset" in only(found, "triggers", Grade.trouble, "replica")


async def test_tables_that_were_truncated(database: Session, database_url: str) -> None:
    space = Deep().id
    database.link(space)
    database.run("alter table deep.links disable trigger user")
    for table in ("strings", "numbers", "functions", "objects"):
        database.run(f"alter table deep.{table} disable trigger user")
    database.run("truncate deep.links cascade")
    database.run("alter table deep.links enable trigger user")
    found = await diagnose(database_url=database_url)

    assert "backup" in only(found, "truncated", Grade.trouble, space)


async def test_tables_that_differ_from_the_log(database: Session, database_url: str) -> None:
    space = Deep().id
    database.link(space)
    database.run("set session_replication_role = replica")
    database.link(space)
    found = await diagnose(database_url=database_url, space=space, verified=True)

    assert "deeplinks verify" in only(found, "verified", Grade.trouble, "1 differences")


async def test_a_database_that_can_only_be_read(database_url: str) -> None:
    set_for_all(database_url, "default_transaction_read_only = on")

    only(await diagnose(database_url=database_url), "settings", Grade.trouble, "default_transaction_read_only")


async def test_a_commit_that_does_not_wait_for_the_disk(database_url: str) -> None:
    set_for_all(database_url, "synchronous_commit = off")

    only(await diagnose(database_url=database_url), "settings", Grade.warning, "synchronous_commit")


async def test_a_transaction_that_is_left_open(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deeplinks.doctor.database.IDLE", 0.0)
    forgetful = Session(database_url, autocommit=False)
    forgetful.link(Deep().id)
    found = await diagnose(database_url=database_url)
    forgetful.connection.rollback()
    forgetful.close()

    assert "pg_terminate_backend" in only(found, "transactions", Grade.warning, "without doing anything")


def one_more(url: str) -> psycopg.Connection[TupleRow]:
    """A connection, once the place of one that was closed before is free: the server lets go of it a moment later."""
    found: list[psycopg.Connection[TupleRow]] = []

    def connect() -> bool:
        with suppress(psycopg.OperationalError):
            found.append(psycopg.connect(url))
        return bool(found)

    until_now(connect)
    return found[0]


def connected(connection: psycopg.Connection[TupleRow]) -> int:
    """How many connections of clients there are."""
    count = "select count(*) from pg_stat_activity where backend_type = 'client backend'"
    with connection.transaction():
        ((number,),) = connection.execute(count).fetchall()
    return number


async def test_a_server_without_fsync_and_with_few_connections() -> None:
    settings = {"fsync": "off", "max_connections": "10", "superuser_reserved_connections": "0"}
    with temporary(settings=settings) as server:
        await migrate(server.url)
        with ExitStack() as others:
            first = others.enter_context(closing(one_more(server.url)))
            for _ in range(8):
                others.enter_context(closing(one_more(server.url)))
            until_now(lambda: connected(first) == 9)
            nearly = await diagnose(database_url=server.url)
            others.enter_context(closing(one_more(server.url)))
            full = await diagnose(database_url=server.url)

    only(nearly, "settings", Grade.warning, "fsync")
    only(nearly, "connections", Grade.warning, "10 of 10")
    only(full, "connections", Grade.trouble, "no more")


async def test_a_standby() -> None:
    folder = Path(f"/tmp/deeplinks-standby-{uuid4().hex}")
    try:
        with embedded(folder) as server:
            await migrate(server.url)
        (server.folder / "standby.signal").touch()
        with embedded(folder) as server:
            found = await diagnose(database_url=server.url)
    finally:
        subprocess.run(["rm", "-rf", str(folder)], check=True)

    assert "primary" in only(found, "standby", Grade.trouble)


async def test_a_full_disk() -> None:
    folder = Path(f"/tmp/deeplinks-full-{uuid4().hex}")
    folder.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", folder]).returncode:
        folder.rmdir()
        pytest.skip("only root may have a disk of its own")
    try:
        folder.chmod(0o755)
        with embedded(folder) as server:
            await migrate(server.url)
            scarce = await diagnose(database_url=server.url)
            fill(folder / "ballast", leave=20 * 1024 * 1024)
            full = await diagnose(database_url=server.url)
            (folder / "ballast").unlink()
    finally:
        subprocess.run(["umount", folder], check=True)
        folder.rmdir()

    assert "deeplinks prune" in only(scarce, "disk", Grade.warning, "MB are left")
    only(full, "disk", Grade.trouble, "MB are left")


def fill(file: Path, leave: int) -> None:
    state = os.statvfs(file.parent)
    with file.open("wb") as ballast:
        os.posix_fallocate(ballast.fileno(), 0, state.f_bavail * state.f_frsize - leave)


# A file


async def test_a_file_that_another_process_has_open(tmp_path: Path) -> None:
    file = tmp_path / "graph.deep"
    code = f"import sys, deeplinks; graph = deeplinks.open({str(file)!r}); print('open', flush=True); sys.stdin.read()"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdin=pipe, stdout=pipe) as holder:
        assert holder.stdout
        holder.stdout.readline()
        found = await diagnose(path=file)
        holder.kill()

    assert "end that process" in only(found, "file", Grade.trouble, str(holder.pid))
    only(await diagnose(path=file), "file", Grade.fine, "nobody has it open")


async def test_a_file_that_is_open_here_is_fine(tmp_path: Path) -> None:
    with deeplinks.open(tmp_path / "graph.deep"):
        only(await diagnose(path=tmp_path / "graph.deep"), "file", Grade.fine, "in this process")


async def test_a_file_that_is_not_there_yet_is_not_made(tmp_path: Path) -> None:
    only(await diagnose(path=tmp_path / "graph.deep"), "file", Grade.fine, "will be made")

    assert list(tmp_path.iterdir()) == []


async def test_a_file_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    only(await diagnose(path=tmp_path / "nowhere" / "graph.deep"), "file", Grade.trouble, "no folder")


async def test_a_file_of_something_else(tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    with closing(sqlite3.connect(file)) as other:
        other.execute("create table mine (id integer)")

    only(await diagnose(path=file), "file", Grade.trouble, "something else")


async def test_a_file_that_is_damaged(tmp_path: Path) -> None:
    file = tmp_path / "graph.deep"
    with deeplinks.open(file) as deep:
        for number in range(2000):
            deep.String(str(number))
    with file.open("r+b") as damaged:
        damaged.seek(4096)
        damaged.write(b"\xff" * 20_000)

    only(await diagnose(path=file), "file", Grade.trouble)


async def test_no_room_for_a_file() -> None:
    folder = Path(f"/tmp/deeplinks-narrow-{uuid4().hex}")
    folder.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder]).returncode:
        folder.rmdir()
        pytest.skip("only root may have a disk of its own")
    try:
        scarce = await diagnose(path=folder / "graph.deep")
        fill(folder / "ballast", leave=1024 * 1024)
        full = await diagnose(path=folder / "graph.deep")
    finally:
        subprocess.run(["umount", folder], check=True)
        folder.rmdir()

    only(scarce, "disk", Grade.warning, "MB are left")
    assert "can still be sent" in only(full, "disk", Grade.trouble, "1 MB are left")


# The command


async def test_the_command_says_it_line_by_line_and_its_status_tells(endpoint: str, bare_endpoint: str) -> None:
    well, ill = await asyncio.gather(
        *(run("-m", "deeplinks", "doctor", "--url", url) for url in (endpoint, bare_endpoint))
    )

    assert (well.status, ill.status) == (0, 1), (well.errors, ill.errors)
    assert well.output.startswith("fine     server")
    assert "trouble  tables" in ill.output
    assert "run `deeplinks migrate`" in ill.output


def test_it_reads_well_in_jupyter() -> None:
    html = asyncio.run(diagnose("http://127.0.0.1:1/<v1>"))._repr_html_()

    assert "not healthy" in html
    assert "&lt;v1&gt;" in html
