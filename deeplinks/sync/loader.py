"""Loading: a space from a storage, whole or what came since its cursor.

The sync room. One read with patience: a snapshot, then the log since the snapshot began (design section 4).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager

from deeplinks.errors import InvalidError, NotFoundError, WrongTypeError
from deeplinks.ids import canonical
from deeplinks.space import Association, Deep
from deeplinks.space.bulk import collector_at_rest
from deeplinks.storage.protocol import Selective, Storage
from deeplinks.sync.caller import Caller, SameThread
from deeplinks.sync.progress import Progress
from deeplinks.sync.replica import Replica, replica_of
from deeplinks.sync.storages import opened
from deeplinks.tables import BUILT_INS


async def load(
    storage: str | Storage,
    *,
    space: str | None = None,
    into: Deep | None = None,
    types: Iterable[Association | str] | None = None,
    name: str = "database",
    secret: str | None = None,
    caller: Caller | None = None,
    progress: Callable[[Progress], object] | None = None,
) -> Deep:
    """A space with its original ids, types, data and order; `into`: only what came since that space's cursor.

    `storage` is the URL of a GraphQL endpoint, or a storage. What is loaded is marked `one_true` there, and loading
    writes nothing. Where `into`'s cursor can't be continued all is read anew, and `signals.resynchronized` says so.
    `types` (associations, ids, or names of built-in types) brings only what is of these types, with its data; references to
    what did not come are ids that heal, and a later load without `types` brings the rest.
    `caller` applies what comes in; this thread does unless told. `progress` is called after each page. Raises `InvalidError` for both or none of `space` and
    `into`, `NotFoundError` for an unknown space, and the storage's errors.
    """
    _check(space, into)
    if into is not None and into.space.grouping:
        raise InvalidError(what="load", why="a together() is open; what comes in would be undone with it")
    async with opened(storage, secret) as source:
        deep = Deep(space=space) if into is None else into
        with collector_at_rest(), _told(deep, progress):
            count = await _read(replica_of(deep, name), source, types, caller or SameThread(deep))
        if into is None and not count:
            raise NotFoundError(what="space", name=deep.id)
        return deep


async def _read(replica: Replica, source: Storage, types: Iterable[Association | str] | None, caller: Caller) -> int:
    # Where the log is read on, all of it is here already.
    if types is None or not replica.cursor.snapshot:
        return await replica.catch_up(source, caller=caller)
    if not isinstance(source, Selective):
        raise InvalidError(what="load", why=f"{source!r} can't be asked for some types; leave `types` out")
    return await replica.read_types(source, [_type_id(type) for type in types], caller)


def _type_id(type: Association | str) -> str:
    return type.id if isinstance(type, Association) else BUILT_INS.get(type) or canonical(type)


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
