"""Diagnosing: which looks are taken, given what people know of their server, their database and their space.

A face. It decides what to look at; what a look sees is the look's business.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from deeplinks.doctor.database import look_at_database
from deeplinks.doctor.endpoint import look_at_endpoint
from deeplinks.doctor.file import look_at_file
from deeplinks.doctor.findings import Diagnosis, Finding
from deeplinks.doctor.space import look_at_space
from deeplinks.space import Deep


async def diagnose(
    url: str | None = None,
    *,
    secret: str | None = None,
    database_url: str | None = None,
    space: Deep | str | None = None,
    path: str | Path | None = None,
    name: str = "database",
    verified: bool = False,
) -> Diagnosis:
    """Look for whatever may be in the way, and say each cause by its name, with what to do next.

    Of the GraphQL endpoint `url`, of the PostgreSQL `database_url`, of the local file `path`, of a space: an id, or the `Deep` itself, whose marks,
    waiting changes and cursor under the storage's `name` are then looked at too. `verified`: compare the tables with the
    log, which reads all of them. What is found is in the result: nothing is raised for it.
    """
    return Diagnosis(tuple([one async for one in _looks(url, secret, database_url, space, path, name, verified)]))


async def _looks(
    url: str | None,
    secret: str | None,
    database_url: str | None,
    space: Deep | str | None,
    path: str | Path | None,
    name: str,
    verified: bool,
) -> AsyncIterator[Finding]:
    id = space.id if isinstance(space, Deep) else space
    if isinstance(space, Deep):
        for finding in look_at_space(space, name):
            yield finding
    if path is not None:
        for finding in look_at_file(path):
            yield finding
    if database_url is not None:
        async for finding in look_at_database(database_url, id, verified):
            yield finding
    if url is not None:
        async for finding in look_at_endpoint(url, secret, space, name):
            yield finding
