"""The command line: `deeplinks serve`, `migrate`, `demo`, `version`.

A face: it reads options, calls one verb and prints. It decides nothing, and no query or row is made here.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import replace

import click

import deeplinks
from deeplinks.errors import DeepError
from deeplinks.server.settings import Settings
from deeplinks.storage import migrations
from deeplinks.storage.embedded import embedded
from deeplinks.storage.postgres import describe

NO_DATABASE = "DATABASE_URL is not set: an embedded PostgreSQL is used, its data is in {place}"


class _Commands(click.Group):
    """Errors of ours end a command with their text and status 1, never with a traceback; being told to stop is none."""

    def invoke(self, ctx: click.Context) -> object:
        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                # As for Ctrl-C: what was started is stopped on the way out, an embedded PostgreSQL above all.
                signal.signal(getattr(signal, name), _stop)
        try:
            return super().invoke(ctx)
        except (DeepError, ImportError) as error:
            click.secho(f"error: {error}", fg="red", err=True)
            sys.exit(1)


def _stop(number: int, _: object) -> None:
    sys.exit(128 + number)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(deeplinks.__version__, message="%(version)s")
def cli() -> None:
    """A graph in which everything is a link, kept in PostgreSQL and asked with GraphQL."""
    logging.basicConfig(
        level=os.environ.get("LOG_LEVEL", "WARNING").upper(), format="%(levelname)s %(name)s: %(message)s"
    )


@contextmanager
def database(url: str | None) -> Generator[str]:
    """The URL of the database: the one that is named, or that of the embedded PostgreSQL while it runs."""
    if url:
        yield url
        return
    with embedded() as server:
        click.secho(NO_DATABASE.format(place=server.folder), fg="yellow", err=True)
        yield server.url


@cli.command()
@click.option("--host", default=None, help="Address to listen on; 127.0.0.1 unless told.")
@click.option("--port", type=click.IntRange(0, 65535), default=None, help="Port; 8080 unless told, 0 for a free one.")
@click.option("--database-url", envvar="DATABASE_URL", help="PostgreSQL to use; an embedded one if there is none.")
@click.option(
    "--migrate/--no-migrate",
    "also_migrate",
    default=None,
    help="Apply migrations first; on by itself for the embedded database.",
)
def serve(host: str | None, port: int | None, database_url: str | None, also_migrate: bool | None) -> None:
    """Serve the tables over GraphQL."""
    from deeplinks.server.serve import serve as run

    settings = Settings.from_env()
    settings = replace(settings, host=host or settings.host, port=settings.port if port is None else port)
    settings.check_reach()
    with database(database_url) as url:
        if also_migrate or (also_migrate is None and not database_url):
            asyncio.run(migrations.migrate(url))
        settings = replace(settings, database_url=url)

        def ready(address: str) -> None:
            secret = "x-hasura-admin-secret" if settings.admin_secret else "none: only this machine is served"
            click.echo(f"GraphQL   {address}/v1/graphql\nhealth    {address}/healthz")
            click.echo(f"database  {describe(url)}\nsecret    {secret}")

        _warn_of_missing_tables(url)
        with suppress(KeyboardInterrupt, SystemExit):
            asyncio.run(run(settings, ready=ready))


def _warn_of_missing_tables(url: str) -> None:
    missing = [state.name for state in asyncio.run(migrations.status(url)) if state.applied_at is None]
    if missing:
        click.secho(f"the database lacks {', '.join(missing)}: run `deeplinks migrate` on it", fg="yellow", err=True)


@cli.command()
@click.option("--database-url", envvar="DATABASE_URL", help="PostgreSQL to migrate; the embedded one if there is none.")
@click.option("--status", "only_status", is_flag=True, help="Say what is applied, and change nothing.")
@click.option("--down", type=click.IntRange(1), metavar="N", help="Take the last N migrations back, with their data.")
@click.option("--yes", is_flag=True, help="Do not ask before data is lost.")
def migrate(database_url: str | None, only_status: bool, down: int | None, yes: bool) -> None:
    """Bring a database's tables up to date."""
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


@cli.command()
@click.option("--database-url", envvar="DATABASE_URL", help="PostgreSQL to use; an embedded one if there is none.")
def demo(database_url: str | None) -> None:
    """Your own Python environment as a graph, stored, and read back by another process."""
    from deeplinks.demo import show

    with database(database_url) as url:
        asyncio.run(migrations.migrate(url))
        if not asyncio.run(show(url)):
            sys.exit(1)


@cli.command()
def version() -> None:
    """Print the version."""
    click.echo(deeplinks.__version__)
