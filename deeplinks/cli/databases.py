"""The database of a command: the one that is named, or the embedded one while the command runs.

A face: it opens nothing but that.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import click

from deeplinks.storage.embedded import Embedded, embedded

NO_DATABASE: Final = "DATABASE_URL is not set: an embedded PostgreSQL is used, its data is in {place}"


@contextmanager
def database(url: str | None) -> Generator[str]:
    """The URL of the database: the one that is named, or that of the embedded PostgreSQL while it runs."""
    with kept(url) as (found, _):
        yield found


@contextmanager
def kept(url: str | None) -> Generator[tuple[str, Embedded | None]]:
    """The same, and the embedded PostgreSQL where it is that."""
    if url:
        yield url, None
        return
    with embedded() as server:
        click.secho(NO_DATABASE.format(place=server.folder), fg="yellow", err=True)
        yield server.url, server
