"""Opening: a graph that lives in a file and needs no server.

The sync room. A file, a space, and the two of them together; what is written when is the journal's business.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Final

from deeplinks.errors import LocalFileError
from deeplinks.space import Deep
from deeplinks.space.marking import storage_name
from deeplinks.sync.attaching import Keeping, attach, detach
from deeplinks.sync.journal import FSYNC_INTERVAL
from deeplinks.sync.replica import replica_of

CLOSED: Final = "it is closed: open it again"


class LocalGraph:
    """A graph in a file, open until `close`: `with deeplinks.open("graph.deep") as deep:`. `deep` is its space.

    Whatever is made in it is kept, but for what a `*_false` marker excludes.
    """

    def __init__(self, keeping: Keeping, name: str) -> None:
        name = storage_name(name)
        file = keeping.open()
        try:
            self.deep = Deep(file.facts["space"].decode() if "space" in file.facts else None)
            self._replica = replica_of(self.deep, name)
            self._journal = attach(self.deep, self._replica, file, keeping, everything=True)
        except BaseException:
            file.close()
            raise

    def __repr__(self) -> str:
        state = "closed" if self._journal.file.closed else f"{len(self.deep)} associations"
        return f"<graph {self.path}: {state}>"

    @property
    def path(self) -> Path:
        """The file."""
        return self._journal.file.path

    def flush(self) -> None:
        """Wait until all that was changed before this call is on the disk. Raises `LocalFileError`."""
        self._journal.wait()

    def close(self) -> None:
        """Bring all of it to the disk, and let others have the file; a second time is harmless.

        The space can be read still; a change of it raises `LocalFileError`, and so does this where the disk fails.
        """
        if self._journal.file.closed:
            return
        try:
            self._journal.wait()
        finally:
            detach(self.deep, self._replica, self._journal, CLOSED)

    def __enter__(self) -> Deep:
        if self._journal.file.closed:
            raise LocalFileError(file=self.path, why=CLOSED)
        return self.deep

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Deep:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._journal.synced()
        finally:
            self.close()


def open(
    path: str | Path,
    *,
    name: str = "database",
    fsync_interval: float = FSYNC_INTERVAL,
    max_changes: int | None = None,
    max_bytes: int | None = None,
) -> LocalGraph:
    """Open a graph that lives in a file, made if it is not there: no server is needed, before or after.

    Every change is in the file when its setter returns, and on the disk within `fsync_interval` seconds; 0 has each change
    wait for the disk. `synchronize(deep, url)` inside the block, or later with the same path, sends all of it; `name` is
    that storage's. Raises `FileInUseError` naming who has it open, `CorruptFileError`, and `LocalFileError`.
    """
    return LocalGraph(Keeping(path, fsync_interval, max_changes, max_bytes), name)
