"""Batches to write and pages to read, in the few words that tests of storages speak.

The testing face. It makes batches and follows cursors; it holds nothing against a storage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from deeplinks.batch import Batch, Content, Cursor, Json, LogEntry, Page, Row, SnapshotRow
from deeplinks.ids import new_id
from deeplinks.storage.protocol import Storage

Data = Mapping[str, Mapping[str, Json]]


class Author:
    """A client that writes into a space: its batches have the numbers 1, 2, 3 and so on.

    `Author()` writes into a new space, `Author(other.space)` is another client of the same.
    """

    def __init__(self, space: str | None = None) -> None:
        self.space = space or new_id()
        self.client = new_id()
        self.seq = 0

    def link(self, id: str | None = None, **references: str | None) -> Row:
        """The row of a link: `author.link(type=..., from_=..., to=..., value=...)`."""
        columns = {f"_{name.rstrip('_')}": value for name, value in references.items()}
        return {"id": id or new_id(), "_deep": self.space, **columns}

    def batch(
        self,
        *links: Row,
        updates: Mapping[str, Row] | None = None,
        data: Data | None = None,
        data_deletes: Mapping[str, Sequence[str]] | None = None,
        deletes: Sequence[str] = (),
    ) -> Batch:
        """The next batch. `updates` has the changed columns by id, `data` the data by id by table."""
        self.seq += 1
        content = Content(
            links=list(links),
            updates=list((updates or {}).items()),
            data={table: list(rows.items()) for table, rows in (data or {}).items()},
            data_deletes={table: list(ids) for table, ids in (data_deletes or {}).items()},
            deletes=list(deletes),
        )
        return self.sealed(self.seq, content)

    def sealed(self, seq: int, content: Content) -> Batch:
        """Content under a number of one's choice."""
        return Batch.seal(self.space, self.client, seq, content)


async def read_pages(storage: Storage, cursor: Cursor, limit: int) -> list[Page]:
    """The pages from a cursor to where the log ends now."""
    pages = [await storage.read(cursor, limit)]
    while pages[-1].more:
        pages.append(await storage.read(pages[-1].cursor, limit))
    return pages


async def read_snapshot(storage: Storage, space: str, limit: int = 1000) -> list[SnapshotRow]:
    """A space's rows, without its root."""
    pages = await read_pages(storage, Cursor.start(space), limit)
    return [row for page in pages for row in page.rows if row.row["id"] != space]


async def read_log(storage: Storage, cursor: Cursor, limit: int = 1000) -> list[LogEntry]:
    """The log from a cursor on."""
    return [entry for page in await read_pages(storage, cursor, limit) for entry in page.entries]


async def history(storage: Storage, space: str) -> list[LogEntry]:
    """A space's log from its beginning."""
    return await read_log(storage, Cursor(space))
