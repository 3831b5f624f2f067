"""`deeplinks load` and `watch`: a space printed, and each change of it as it comes.

A face: lines are made elsewhere.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Generator
from contextlib import aclosing, contextmanager
from datetime import UTC, datetime
from functools import partial

import click

import deeplinks
from deeplinks import lines
from deeplinks.cli.group import cli
from deeplinks.cli.printing import put
from deeplinks.cli.spaces import of_a_space
from deeplinks.cli.stopping import run


@cli.command()
@of_a_space
def load(space: str, url: str, secret: str | None, as_json: bool) -> None:
    """Print a space, an association a line, as they were created.

    A line has the short id, the type, from → to, and the data; `--json` has all of it, whole.

    \b
      deeplinks load 5f0c7c1e-8f0b-8a51-9f3e-000000000001
      deeplinks load 5f0c7c1e-8f0b-8a51-9f3e-000000000001 --json | head -3
    """
    run(_load(space, url, secret, as_json))


async def _load(space: str, url: str, secret: str | None, as_json: bool) -> None:
    with _progress() as progress:
        deep = await deeplinks.load(url, space=space, secret=secret, progress=progress)
    show = lines.as_json if as_json else lines.in_words
    put(map(show, lines.in_order(deep)), as_json)


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


@cli.command()
@of_a_space
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
    run(_watch(space, url, secret, as_json, from_start))


async def _watch(space: str, url: str, secret: str | None, as_json: bool, from_start: bool) -> None:
    from deeplinks.sync.storages import opened
    from deeplinks.watching import Watch

    async with opened(url, secret) as storage:
        with _progress() as progress:
            deep = await deeplinks.load(storage, space=space, progress=progress)
        show = partial(lines.told_as_json if as_json else lines.told_in_words, deep)
        if from_start:
            put(map(show, map(lines.creation, lines.in_order(deep))), as_json)
        click.echo(f"{len(deep)} associations known", err=True)
        watch = Watch(deep, storage, lambda changes: map(show, lines.happenings(changes, datetime.now(UTC))))
        async with aclosing(watch.news()) as news:
            async for one in news:
                if isinstance(one, str):
                    put([one], as_json)
                else:
                    click.echo(f"following {url}" if one.up else f"waiting for the server: {one.why}", err=True)
