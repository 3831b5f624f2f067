"""Loading: a space from a storage, whole or what came since its cursor.

The sync room. One read with patience: a snapshot, then the log since the snapshot began (design section 4).
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator
from contextlib import contextmanager

from deeplinks.errors import InvalidError, NotFoundError, WrongTypeError
from deeplinks.space import Deep
from deeplinks.storage.protocol import Storage
from deeplinks.sync.caller import Caller
from deeplinks.sync.progress import Progress
from deeplinks.sync.replica import replica_of
from deeplinks.sync.storages import opened


async def load(
    storage: str | Storage,
    *,
    space: str | None = None,
    into: Deep | None = None,
    name: str = "database",
    secret: str | None = None,
    caller: Caller | None = None,
    progress: Callable[[Progress], object] | None = None,
) -> Deep:
    """A space with its original ids, types, data and order; `into`: only what came since that space's cursor.

    `storage` is the URL of a GraphQL endpoint, or a storage. What is loaded is marked `one_true` there, and loading
    writes nothing. Where `into`'s cursor can't be continued all is read anew, and `signals.resynchronized` says so.
    `caller` applies what comes in; this thread does unless told. `progress` is called after each page. Raises `InvalidError` for both or none of `space` and
    `into`, `NotFoundError` for an unknown space, and the storage's errors.
    """
    _check(space, into)
    if into is not None and into.space.grouping:
        raise InvalidError(what="load", why="a together() is open; what comes in would be undone with it")
    async with opened(storage, secret) as source:
        deep = Deep(space=space) if into is None else into
        with _collector_off(), _told(deep, progress):
            count = await replica_of(deep, name).catch_up(source, caller=caller)
        if into is None and not count:
            raise NotFoundError(what="space", name=deep.id)
        return deep


def _check(space: str | None, into: Deep | None) -> None:
    if into is not None and not isinstance(into, Deep):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise WrongTypeError(what="into", expected="a Deep", value=into)
    if (space is None) is (into is None):
        raise InvalidError(
            what="load", why="it takes either space=..., to make a new Deep, or into=..., a Deep to go on with"
        )


@contextmanager
def _told(deep: Deep, progress: Callable[[Progress], object] | None) -> Generator[None]:
    """Have the progress of a block told, past those who listen to all of the space's."""
    if progress is None:
        yield
        return

    def hear(_: Deep, progress: Progress, tell: Callable[[Progress], object] = progress) -> None:
        tell(progress)

    deep.signals.progress.connect(hear)
    try:
        yield
    finally:
        deep.signals.progress.disconnect(hear)


@contextmanager
def _collector_off() -> Generator[None]:
    """Building many objects that all live: the collector would walk them again and again, and find nothing."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
