"""What a storage is: a few verbs over batches and pages; everything hard is written once above it.

The storage room. Rows and batches only; an association is not known here.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Protocol, runtime_checkable

from deeplinks.batch import Answer, Batch, Cursor, Json, Page, SnapshotRow, Written


@runtime_checkable
class Selective(Protocol):
    """A storage that can be asked for a part of a space."""

    def of_types(self, space: str, types: Sequence[str], limit: int) -> AsyncGenerator[list[SnapshotRow]]:
        """Pages of those rows that are of some types, each link with its data; the types themselves and the root come too."""
        ...


@runtime_checkable
class Answering(Protocol):
    """A storage that answers questions about its links."""

    async def answer(self, variables: Mapping[str, Json]) -> Answer:
        """The answer to `graphql/ask.graphql` with these variables. Raises as `read` does."""
        ...


@runtime_checkable
class Storage(Protocol):
    """Where batches rest. A custom backend is a class with these verbs, or a subclass that overrides `write`."""

    async def write(self, batch: Batch) -> Written:
        """Apply a sealed batch as one transaction, once: a batch that was applied before gives `already`.

        Raises `UnavailableError` where a retry may help, any other `StorageError` where it can't.
        """
        ...

    async def read(self, cursor: Cursor, limit: int) -> Page:
        """What follows the cursor: snapshot rows, or log entries in whole transactions.

        Raises `ResyncError` where the cursor can't be continued, and as `write` does.
        """
        ...

    def bells(self, space: str) -> AsyncGenerator[int]:
        """The newest n of the space: at once, then whenever it may have risen; values may be skipped or repeated.

        It ends when it is closed, or raises: `UnavailableError` when the connection is lost and somebody may ask again,
        any other `StorageError` where that can't help.
        """
        ...

    async def close(self) -> None:
        """Let go of connections; a second time is harmless."""
        ...
