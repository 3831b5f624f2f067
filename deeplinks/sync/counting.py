"""Counting: what was sent to a storage and came from it, as numbers.

The sync room. Numbers that only rise, kept as long as the space lives; what they are shown as is the report's business.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from deeplinks.batch import Written
from deeplinks.sync.outbox import Sealed


@dataclass(slots=True)
class Counts:
    """What became of the changes of a space at one storage since its first use."""

    batches: int = 0
    rows: int = 0
    bytes: int = 0
    retries: int = 0
    created: int = 0
    updated: int = 0
    deleted: int = 0
    read: int = 0
    error: str = ""
    failed_at: datetime | None = None
    written_at: datetime | None = None
    read_at: datetime | None = None

    def sent(self, sealed: Sealed) -> None:
        """A batch is on its way, for the first time or again."""
        self.bytes += len(sealed.batch.bytes)

    def failed(self, error: Exception) -> None:
        """A sending, or a reading, failed."""
        self.error, self.failed_at = str(error), datetime.now(UTC)

    def written(self, sealed: Sealed, written: Written) -> None:
        """A batch is committed. Data that comes with its association is no update of its own."""
        content = sealed.batch.content
        fresh = {str(row["id"]) for row in content.links} - written.created
        changed = {id for id, _ in content.updates} - written.changed
        texts = {id for rows in content.data.values() for id, _ in rows}
        texts.update(id for ids in content.data_deletes.values() for id in ids)
        self.batches += 1
        self.rows += content.size
        self.created += len(fresh)
        self.updated += len((changed | texts) - fresh - written.changed)
        self.deleted += len(content.deletes)
        self.written_at = datetime.now(UTC)

    def told(self) -> dict[str, Any]:
        """All of them, by name."""
        return asdict(self)

    def got(self, rows: int) -> None:
        """So many rows and entries were read."""
        self.read += rows
        self.read_at = datetime.now(UTC)
