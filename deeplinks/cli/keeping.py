"""`deeplinks migrate`, `prune` and `verify`: the tables made, their log cut, and both held against each other.

A face: it asks before data is lost, calls one verb and prints.
"""

from __future__ import annotations

import asyncio
import sys

import click

from deeplinks import lines
from deeplinks.cli.databases import database
from deeplinks.cli.group import cli
from deeplinks.cli.printing import put
from deeplinks.storage import migrations, pruning
from deeplinks.storage import verify as verifying


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
        put([lines.found_as_json(one)] if as_json else lines.found_in_words(one), as_json)
    if not all(one.whole for one in found):
        sys.exit(1)
