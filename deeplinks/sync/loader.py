"""Loading: a space from a storage, whole or what came since its cursor.

The sync room. One read with patience: a snapshot, then the log since the snapshot began (design section 4).
"""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager

from deeplinks.errors import InvalidError, NotFoundError, ResyncError, WrongTypeError
from deeplinks.space import Deep
from deeplinks.storage.protocol import Storage
from deeplinks.sync.replica import replica_of
from deeplinks.sync.storages import opened

# A full load that the floor of the log overtakes starts again; more often than this it is told.
RESTARTS = 3


async def load(
    storage: str | Storage,
    *,
    space: str | None = None,
    into: Deep | None = None,
    name: str = "database",
    secret: str | None = None,
) -> Deep:
    """A space with its original ids, types, data and order; `into`: only what came since that space's cursor.

    `storage` is the URL of a GraphQL endpoint, or a storage. What is loaded is marked `one_true` there, and loading
    writes nothing. Raises `InvalidError` for both or none of `space` and
    `into`, `NotFoundError` for an unknown space, `ResyncError` where `into`'s cursor can't be continued,
    and the storage's errors.
    """
    _check(space, into)
    async with opened(storage, secret) as source:
        if into is not None:
            with _collector_off():
                await replica_of(into, name).catch_up(source)
            return into
        return await _load_new(source, str(space), name)


def _check(space: str | None, into: Deep | None) -> None:
    if into is not None and not isinstance(into, Deep):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise WrongTypeError(what="into", expected="a Deep", value=into)
    if (space is None) is (into is None):
        raise InvalidError(
            what="load", why="it takes either space=..., to make a new Deep, or into=..., a Deep to go on with"
        )


async def _load_new(source: Storage, space: str, name: str) -> Deep:
    for attempt in range(RESTARTS):
        deep = Deep(space=space)
        try:
            with _collector_off():
                count = await replica_of(deep, name).catch_up(source)
        except ResyncError:
            if attempt == RESTARTS - 1:
                raise
            continue
        if not count:
            raise NotFoundError(what="space", name=deep.id)
        return deep
    raise AssertionError("unreachable")


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
