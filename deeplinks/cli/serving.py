"""`deeplinks serve` and `permissions`: settings from the environment and the command line, a database, and a server until a signal.

A face: it starts what others made, and says where it is.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import click

from deeplinks.cli.databases import kept
from deeplinks.cli.group import cli
from deeplinks.server.screen import screen
from deeplinks.server.settings import Settings
from deeplinks.storage import migrations
from deeplinks.storage.embedded import Embedded, keep_alive
from deeplinks.storage.postgres import describe, until_it_begins
from deeplinks.tasks import call_off


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
    with kept(database_url) as (url, own):
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
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def permissions(file: Path) -> None:
    """Check a file of permissions, and say what each role may.

    \b
      deeplinks permissions permissions.toml
    """
    from deeplinks.server.permissions import load

    for role, rights in load(file).rights.items():
        for name, table in rights.tables.items():
            click.echo(f"{role}: {', '.join(sorted(table.verbs))} on {name}")
