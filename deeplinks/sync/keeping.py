"""Keeping: what an outbox and a replica say to whoever keeps them in a file; and nobody, where there is none.

The sync room. It names the moments; what is written then is the journal's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deeplinks.batch import Cursor, LogEntry, SnapshotRow
from deeplinks.space.changes import Entry, Mark

if TYPE_CHECKING:
    from deeplinks.sync.outbox import Outbox, Sealed
    from deeplinks.sync.refusals import Refusal


class Unkept:
    """No file: what waits and what was read live as long as this process."""

    path: Path | None = None

    def seal(self, sealed: Sealed | None, entries: Iterable[Entry], marks: Iterable[Mark]) -> None:
        """These changes are about to leave in a batch, or need not be sent."""

    def settle(self, outbox: Outbox) -> None:
        """Batches were acknowledged, read back, or are numbered anew."""

    def refuse(self, outbox: Outbox, refusal: Refusal) -> None:
        """A batch was refused for good: what it carried is set aside, and it is settled."""

    def note_refusal(self, refusal: Refusal) -> None:
        """More is known of what was set aside, or it was told."""

    def forget_refusal(self, refusal: Refusal) -> None:
        """Somebody decided about what was set aside. Raises `LocalFileError` where that can't be kept."""

    def set_back(self, outbox: Outbox) -> None:
        """The storage was set back: what is to be sent may have been read before."""

    async def synced(self) -> None:
        """Return when all that was accepted is on the disk, as well as it gets there."""

    def take_rows(self, rows: Sequence[SnapshotRow]) -> None:
        """Rows of a snapshot are about to be applied."""

    def take_page(self, cursor: Cursor) -> None:
        """All rows of a page of a snapshot were applied."""

    def take_entries(self, entries: Sequence[LogEntry]) -> None:
        """A transaction of the log is about to be applied."""

    def move(self, cursor: Cursor) -> None:
        """All up to there was read."""

    def begin_again(self, cursor: Cursor) -> None:
        """All is read anew."""


UNKEPT = Unkept()
