"""The command line: `deeplinks serve`, `migrate`, `prune`, `verify`, `doctor`, `load`, `watch`, `demo`, `hasura-metadata`,
`version`.

A face: it reads options, calls one verb and prints. It decides nothing, and no query or row is made here.
"""

from __future__ import annotations

import asyncio
import io
import logging
import os
import shlex
import shutil
import signal
import sys
from collections.abc import Callable, Coroutine, Generator, Iterable
from contextlib import aclosing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final, TypeAlias

import click
from click.core import ParameterSource
from psycopg.conninfo import conninfo_to_dict

import deeplinks
from deeplinks import lines
from deeplinks.debugging import switch_on
from deeplinks.errors import DeepError
from deeplinks.server.screen import screen
from deeplinks.server.settings import Settings
from deeplinks.storage import migrations, pruning
from deeplinks.storage import verify as verifying
from deeplinks.storage.embedded import Embedded, embedded, keep_alive
from deeplinks.storage.postgres import describe, until_it_begins
from deeplinks.tasks import call_off

if TYPE_CHECKING:
    from deeplinks.demo import Typed

SERVED: Final = "http://127.0.0.1:8080/v1/graphql"
STOPPING: Final = ("SIGINT", "SIGTERM", "SIGHUP")
NO_DATABASE = "DATABASE_URL is not set: an embedded PostgreSQL is used, its data is in {place}"


class _Commands(click.Group):
    """Errors of ours end a command with their text and status 1, never with a traceback; being told to stop is none."""

    def invoke(self, ctx: click.Context) -> object:
        if os.environ.get("NO_COLOR"):
            ctx.color = False
        # As for Ctrl-C: what was started is stopped on the way out, an embedded PostgreSQL above all.
        with _signals(_stop, "SIGTERM", "SIGHUP"):
            try:
                return super().invoke(ctx)
            except (DeepError, ImportError) as error:
                click.secho(f"error: {error}", fg="red", err=True)
                sys.exit(1)
            except KeyboardInterrupt:
                _stop(signal.SIGINT, None)


Hear: TypeAlias = Callable[[int, FrameType | None], None]


@contextmanager
def _signals(hear: Hear, *names: str) -> Generator[None]:
    """Have these signals heard, those of them that there are here, for the length of a block."""
    there = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, hear) for number in there}
    try:
        yield
    finally:
        for number, heard in before.items():
            signal.signal(number, heard)


def _stop(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)


def _run(work: Coroutine[object, object, None]) -> None:
    """Run it until it ends; a signal calls it off, so that what it has open is left in order, and gives the exit status."""
    told: list[int] = []

    async def called_off() -> None:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()

        def stop(number: int, _: FrameType | None) -> None:
            told.append(number)
            if task is not None:
                loop.call_soon_threadsafe(task.cancel)

        with _signals(stop, *STOPPING):
            await work

    try:
        asyncio.run(called_off())
    except asyncio.CancelledError:
        _stop(told[0], None)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(deeplinks.__version__, message="%(version)s")
def cli() -> None:
    """A graph in which everything is a link, kept in PostgreSQL and asked with GraphQL."""
    logging.basicConfig(
        level=os.environ.get("LOG_LEVEL", "WARNING").upper(), format="%(levelname)s %(name)s: %(message)s"
    )
    switch_on()


@contextmanager
def database(url: str | None) -> Generator[str]:
    """The URL of the database: the one that is named, or that of the embedded PostgreSQL while it runs."""
    with _kept(url) as (found, _):
        yield found


@contextmanager
def _kept(url: str | None) -> Generator[tuple[str, Embedded | None]]:
    """The same, and the embedded PostgreSQL where it is that."""
    if url:
        yield url, None
        return
    with embedded() as server:
        click.secho(NO_DATABASE.format(place=server.folder), fg="yellow", err=True)
        yield server.url, server


@cli.command()
@click.option("--host", default=None, help="Address to listen on; 127.0.0.1 unless told.")
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="Port; 8080 unless told, 0 for a free one.")
@click.option("--database-url", envvar="DATABASE_URL", help="PostgreSQL to use; an embedded one if there is none.")
@click.option(
    "--dev/--no-dev", "development", default=None, help="Also GET, questions about the schema, and the explorer at /."
)
@click.option(
    "--migrate/--no-migrate",
    "also_migrate",
    default=None,
    help="Apply migrations first; on by itself for the embedded database.",
)
def serve(
    host: str | None,
    port: int | None,
    database_url: str | None,
    development: bool | None,
    also_migrate: bool | None,
) -> None:
    """Serve the tables over GraphQL.

    \b
      deeplinks serve --dev
      deeplinks serve --port 9000 --database-url postgresql://me@localhost/graph
    """
    from deeplinks.server.logs import switch_on as switch_log_on

    settings = Settings.from_env()
    settings = replace(
        settings,
        host=host or settings.host,
        port=settings.port if port is None else port,
        development=settings.development if development is None else development,
    )
    settings.check_reach()
    switch_log_on(settings.log_form, settings.log_requests)
    with _kept(database_url) as (url, own):
        settings = replace(settings, database_url=url)
        with suppress(KeyboardInterrupt, SystemExit):
            asyncio.run(_serve(settings, own, migrate=own is not None if also_migrate is None else also_migrate))


async def _serve(settings: Settings, own: Embedded | None, *, migrate: bool) -> None:
    """Serve until a signal; an embedded PostgreSQL that is killed meanwhile is started again."""
    from deeplinks.server.serve import serve as run

    url = settings.database
    await until_it_begins(
        url, lambda: click.secho(f"{describe(url)} lets nobody in yet: waiting", fg="yellow", err=True)
    )
    if migrate:
        await migrations.migrate(url)
    await _warn_of_missing_tables(url)
    keeping = asyncio.create_task(keep_alive(own), name="deeplinks keeper") if own else None
    try:
        await run(settings, ready=lambda address: click.echo(screen(settings, address, embedded=own is not None)))
    finally:
        if keeping is not None:
            await call_off(keeping)


async def _warn_of_missing_tables(url: str) -> None:
    missing = [state.name for state in await migrations.status(url) if state.applied_at is None]
    if missing:
        click.secho(f"the database lacks {', '.join(missing)}: run `deeplinks migrate` on it", fg="yellow", err=True)


@cli.command()
@click.option("--database-url", envvar="DATABASE_URL", help="PostgreSQL to migrate; the embedded one if there is none.")
@click.option("--status", "only_status", is_flag=True, help="Say what is applied, and change nothing.")
@click.option("--down", type=click.IntRange(1), metavar="N", help="Take the last N migrations back, with their data.")
@click.option("--yes", is_flag=True, help="Do not ask before data is lost.")
def migrate(database_url: str | None, only_status: bool, down: int | None, yes: bool) -> None:
    """Bring a database's tables up to date.

    \b
      deeplinks migrate --database-url postgresql://me@localhost/graph
      deeplinks migrate --status
    """
    with database(database_url) as url:
        if only_status:
            for state in asyncio.run(migrations.status(url)):
                click.echo(f"{state.id:04} {state.name:<12} {state.applied_at or 'not applied'}")
        elif down:
            if not yes:
                click.confirm(f"Take {down} back? What is in their tables is lost", abort=True)
            _tell("taken back", asyncio.run(migrations.rollback(url, down)))
        else:
            _tell("applied", asyncio.run(migrations.migrate(url)))


def _tell(what: str, done: list[migrations.Applied]) -> None:
    for one in done:
        click.echo(f"{what} {one.id:04} {one.name} ({one.ms} ms)")
    if not done:
        click.echo("nothing to do")


_of_a_database = click.option(
    "--database-url", envvar="DATABASE_URL", help="PostgreSQL to look at; the embedded one if there is none."
)


@cli.command()
@click.argument("space", required=False)
@click.option(
    "--keep", multiple=True, required=True, metavar="N|AGE", help="What stays: 10000 entries, or 30d of time."
)
@_of_a_database
def prune(space: str | None, keep: tuple[str, ...], database_url: str | None) -> None:
    """Let the old part of a space's log go; of every space, if none is named.

    The last N entries stay, or those younger than AGE (s, m, h, d, w); with both, what either keeps; the newest one
    always. Whoever was further behind reads the space anew, by itself. The tables are not touched.

    \b
      deeplinks prune --keep 30d
      deeplinks prune 5f0c7c1e-8f0b-8a51-9f3e-000000000001 --keep 30d --keep 100000
    """
    stays = pruning.Keep.parsed(*keep)
    with database(database_url) as url:
        for one in asyncio.run(pruning.prune(url, stays, space=space)):
            gone = f"{one.entries} entries and {one.batches} batches gone"
            click.echo(f"{one.space}: {gone}, {one.left} entries left above {one.floor}")


@cli.command()
@click.argument("space", required=False)
@_of_a_database
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object a space, with both images of each row that differs."
)
def verify(space: str | None, database_url: str | None, as_json: bool) -> None:
    """Compare the tables of a space with a replay of its log; of every space, if none is named.

    Says what differs, and what can't be checked because its entries were pruned. Exit status 1 if anything differs;
    nothing is changed.

    \b
      deeplinks verify
      deeplinks verify 5f0c7c1e-8f0b-8a51-9f3e-000000000001 --json
    """
    with database(database_url) as url:
        found = asyncio.run(verifying.verify(url, space=space))
    for one in found:
        _print([lines.found_as_json(one)] if as_json else lines.found_in_words(one), as_json)
    if not all(one.whole for one in found):
        sys.exit(1)


def _of_a_space(command: Callable[..., None]) -> Callable[..., None]:
    """What a command that reads a space from a server takes."""
    options = (
        click.argument("space"),
        click.option(
            "--url",
            envvar="DEEPLINKS_URL",
            default=SERVED,
            show_default=True,
            show_envvar=True,
            help="GraphQL endpoint.",
        ),
        click.option(
            "--secret", envvar="HASURA_GRAPHQL_ADMIN_SECRET", show_envvar=True, help="The server's admin secret."
        ),
        click.option("--json", "as_json", is_flag=True, help="One JSON object a line; a Decimal's digits are a text."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@cli.command()
@click.argument("space", required=False)
@click.option(
    "--url", envvar="DEEPLINKS_URL", default=SERVED, show_default=True, show_envvar=True, help="GraphQL endpoint."
)
@click.option("--secret", envvar="HASURA_GRAPHQL_ADMIN_SECRET", show_envvar=True, help="The server's admin secret.")
@click.option("--database-url", envvar="DATABASE_URL", show_envvar=True, help="PostgreSQL to look at too.")
@click.option("--path", type=click.Path(dir_okay=False), help="The local file of a program, to look at too.")
@click.option(
    "--verify", "verified", is_flag=True, help="Compare the tables with the log too, which reads all of them."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a finding.")
def doctor(
    space: str | None,
    url: str,
    secret: str | None,
    database_url: str | None,
    path: str | None,
    verified: bool,
    as_json: bool,
) -> None:
    """Say what is in the way of storing and following, each cause by its name, with what to do next.

    Exit status 1 if anything is; nothing is changed.

    \b
      deeplinks doctor
      deeplinks doctor 5f0c7c1e-8f0b-8a51-9f3e-000000000001 --verify
    """
    from deeplinks.doctor import diagnose

    looked = diagnose(url, secret=secret, database_url=database_url, space=space, path=path, verified=verified)
    found = asyncio.run(looked)
    _print(map(lines.finding_as_json, found.findings) if as_json else map(str, found.findings), as_json)
    if not found.healthy:
        sys.exit(1)


@cli.command()
@_of_a_space
def load(space: str, url: str, secret: str | None, as_json: bool) -> None:
    """Print a space, an association a line, as they were created.

    A line has the short id, the type, from → to, and the data; `--json` has all of it, whole.

    \b
      deeplinks load 5f0c7c1e-8f0b-8a51-9f3e-000000000001
      deeplinks load 5f0c7c1e-8f0b-8a51-9f3e-000000000001 --json | head -3
    """
    _run(_load(space, url, secret, as_json))


async def _load(space: str, url: str, secret: str | None, as_json: bool) -> None:
    with _progress() as progress:
        deep = await deeplinks.load(url, space=space, secret=secret, progress=progress)
    show = lines.as_json if as_json else lines.in_words
    _print(map(show, lines.in_order(deep)), as_json)


@contextmanager
def _progress() -> Generator[Callable[[deeplinks.Progress], object] | None]:
    """A line on the terminal that says how far it is, and is gone afterwards; nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    try:
        yield lambda progress: click.echo(f"\r\x1b[K{progress}", nl=False, err=True)
    finally:
        click.echo("\r\x1b[K", nl=False, err=True)


def _print(shown: Iterable[str], as_json: bool) -> None:
    """Lines to standard output, at once: JSON is UTF-8 everywhere, words are spelt out where letters are missing."""
    output = sys.stdout
    if isinstance(output, io.TextIOWrapper):
        output.reconfigure(encoding="utf-8" if as_json else None, errors="backslashreplace")
    output.writelines(f"{line}\n" for line in shown)
    output.flush()


@cli.command()
@_of_a_space
@click.option("--from-start", is_flag=True, help="Tell first what is there already, as created.")
def watch(space: str, url: str, secret: str | None, as_json: bool, from_start: bool) -> None:
    """Follow a space and print each change as it comes, until Ctrl-C.

    A line has the time, what happened, and to whom: created and destroyed, or a field with its old → its new. What is
    said about the connection goes to stderr; when the server goes away, it goes on when the server is back.

    \b
      deeplinks watch 5f0c7c1e-8f0b-8a51-9f3e-000000000001
      deeplinks watch 5f0c7c1e-8f0b-8a51-9f3e-000000000001 --json --from-start
    """
    # Its warnings are told here, in words for whoever sits before it.
    logging.getLogger("deeplinks.sync.follower").setLevel(logging.ERROR)
    _run(_watch(space, url, secret, as_json, from_start))


async def _watch(space: str, url: str, secret: str | None, as_json: bool, from_start: bool) -> None:
    from deeplinks.sync.storages import opened
    from deeplinks.watching import Watch

    async with opened(url, secret) as storage:
        with _progress() as progress:
            deep = await deeplinks.load(storage, space=space, progress=progress)
        show = partial(lines.told_as_json if as_json else lines.told_in_words, deep)
        if from_start:
            _print(map(show, map(lines.creation, lines.in_order(deep))), as_json)
        click.echo(f"{len(deep)} associations known", err=True)
        watch = Watch(deep, storage, lambda changes: map(show, lines.happenings(changes, datetime.now(UTC))))
        async with aclosing(watch.news()) as news:
            async for one in news:
                if isinstance(one, str):
                    _print([one], as_json)
                else:
                    click.echo(f"following {url}" if one.up else f"waiting for the server: {one.why}", err=True)


@cli.command()
@click.option("--database-url", envvar="DATABASE_URL", help="PostgreSQL to use; an embedded one if there is none.")
@click.pass_context
def demo(context: click.Context, database_url: str | None) -> None:
    """Your own Python as a graph: stored, read back, followed live.

    \b
      deeplinks demo
    """
    from deeplinks.demo import show

    given = context.get_parameter_source("database_url") is ParameterSource.COMMANDLINE
    with database(database_url) as url:
        asyncio.run(migrations.migrate(url))
        if not asyncio.run(show(url, _typed(url if given else None))):
            sys.exit(1)


def _typed(database_url: str | None) -> Typed:
    """What can be typed for this program; the database is named where that was typed too, but never with a password."""
    from deeplinks.demo import Typed

    command, python = _called()
    serve = f"{command} serve"
    if database_url:
        secret = conninfo_to_dict(database_url).get("password")
        serve = f"{serve} --database-url {'…' if secret else shlex.quote(database_url)}"
    return Typed(command, serve, python, os.environ.get("DEEPLINKS_URL") or SERVED)


def _called() -> tuple[str, str]:
    """What was typed for this program, and its Python: the bare name where a shell finds it by that."""
    program, python = Path(sys.argv[0]), _in_shell(Path(sys.executable))
    if program.name == "__main__.py":
        return f"{python} -m deeplinks", python
    return _in_shell(program), python


def _in_shell(program: Path) -> str:
    found = shutil.which(program.name)
    if found and Path(found).absolute() == program.absolute():
        return program.name
    here = Path.cwd()
    return shlex.quote(str(program.relative_to(here) if program.is_relative_to(here) else program))


@cli.command("hasura-metadata")
@click.option("--source", default="default", show_default=True, help="What Hasura calls the database.")
@click.option(
    "--database-url-from",
    default="DATABASE_URL",
    show_default=True,
    metavar="NAME",
    help="The variable of Hasura's environment that holds the database's URL.",
)
def hasura_metadata(source: str, database_url_from: str) -> None:
    """Print metadata that makes a Hasura track the tables and their relations, as JSON.

    The database needs our migrations: see `deeplinks migrate`. Hasura takes the metadata in its console, or by a POST to
    /v1/metadata of {"type": "replace_metadata", "args": ...}.

    \b
      deeplinks hasura-metadata > metadata.json
    """
    import json

    from deeplinks.server.hasura import metadata

    click.echo(json.dumps(metadata(source, database_url_from), indent=2))


@cli.command()
def version() -> None:
    """Print the version.

    \b
      deeplinks version
    """
    click.echo(deeplinks.__version__)
