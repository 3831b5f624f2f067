"""`deeplinks doctor`: what is in the way, by its name, with what to do next.

A face: it prints what is found elsewhere.
"""

from __future__ import annotations

import asyncio
import sys

import click

from deeplinks import lines
from deeplinks.cli.group import cli
from deeplinks.cli.printing import put
from deeplinks.cli.spaces import SERVED


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
    put(map(lines.finding_as_json, found.findings) if as_json else map(str, found.findings), as_json)
    if not found.healthy:
        sys.exit(1)
