"""`deeplinks demo`, `hasura-metadata` and `version`.

A face: what they show is made elsewhere.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource
from psycopg.conninfo import conninfo_to_dict

import deeplinks
from deeplinks.cli.databases import database
from deeplinks.cli.group import cli
from deeplinks.cli.spaces import SERVED
from deeplinks.storage import migrations

if TYPE_CHECKING:
    from deeplinks.demo import Typed


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
