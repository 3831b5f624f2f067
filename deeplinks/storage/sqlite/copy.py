"""The local copy: rows of one space as a storage's log has them, and the cursor up to which they are.

The storage room. It takes pages as they were read; what is pending over them is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import orjson

from deeplinks import tables
from deeplinks.batch import Cursor, Json, LogEntry, SnapshotRow
from deeplinks.storage.sqlite.file import LocalFile, checksum

COLUMNS = ("_i", *(f"_{name}" for name in tables.REFERENCES), "created_at", "updated_at")


@dataclass(frozen=True, slots=True)
class Link:
    """A row of links."""

    id: str
    i: int
    targets: tuple[str | None, ...]
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class Data:
    """A row of a data table."""

    id: str
    table: str
    data: Json
    updated_at: str


class LocalCopy:
    """The rows in a file. Each verb is a part of what `LocalFile.write` does as one."""

    def __init__(self, file: LocalFile) -> None:
        self._file = file
        # Each reading of all that is there has an age: at its end, what is of an older one is there no more.
        self._age = int(file.facts.get("age", b"1"))
        self._place = file.facts.get("cursor")
        # Whether the disk has lost some of it: then it takes nothing more until all is read anew.
        self._lost = False

    def cursor(self, space: str) -> Cursor:
        """How far the rows are."""
        told = self._file.facts.get("cursor")
        if told is None:
            return Cursor.start(space)
        n, tag, table, position, *seen = orjson.loads(told)
        return Cursor(space, n, tag, table, tuple(position), tuple(*seen) or (0, 0))

    def renewing(self, space: str) -> bool:
        """Whether it has rows that whoever reads on may never meet: all was being read anew, or its first page was."""
        begun = self.cursor(space) == Cursor.start(space)
        return bool(self._file.run("oldest", (self._age + begun,)).fetchone())

    def begin(self, cursor: Cursor) -> None:
        """All is read anew: what is here stays until that is done."""
        self._lost = False
        self._age += 1
        self._file.set_fact("age", str(self._age).encode())
        self.move(cursor)

    def move(self, cursor: Cursor) -> None:
        if not self._lost:
            self._place = orjson.dumps((cursor.n, cursor.tag, cursor.table, cursor.position, cursor.seen))
            self._file.set_fact("cursor", self._place)

    def check(self, space: str) -> None:
        """After an error of the disk: where some of it was lost, the next one who opens it reads all anew."""
        if self._file.facts.get("cursor") != self._place:
            self.begin(Cursor.start(space))
            self._lost = True

    def take_rows(self, rows: Iterable[SnapshotRow]) -> None:
        """Some rows of a snapshot."""
        if self._lost:
            return
        links: list[tuple[str, int, int, bytes, int]] = []
        data: list[tuple[str, str, int, bytes, int]] = []
        for item in rows:
            if item.table == "links":
                links.append(self._link(item.row))
            else:
                data.append(self._data(item.table, item.row))
        self._file.run_all("set_link", links)
        self._file.run_all("set_data", data)

    def take_page(self, cursor: Cursor) -> None:
        """All rows up to there were taken; at the end of a snapshot what it did not have is gone."""
        if not (self._lost or cursor.snapshot):
            self._file.run("delete_old_links", (self._age,))
            self._file.run("delete_old_data", (self._age,))
        self.move(cursor)

    def take_entries(self, entries: Iterable[LogEntry], cursor: Cursor) -> None:
        """Transactions of the log."""
        for entry in () if self._lost else entries:
            self._take(entry)
        self.move(cursor)

    def _take(self, entry: LogEntry) -> None:
        links = entry.table == "links"
        if entry.after is not None:
            row = self._link(entry.after) if links else self._data(entry.table, entry.after)
            self._file.run("set_link" if links else "set_data", row)
        elif links:
            self._file.run("delete_link", (entry.id,))
            self._file.run("delete_data_of", (entry.id,))
        else:
            self._file.run("delete_data", (entry.id, entry.table))

    def _link(self, row: Mapping[str, Json]) -> tuple[str, int, int, bytes, int]:
        id, i = str(row["id"]), int(row["_i"])  # pyright: ignore
        record = orjson.dumps([row[column] for column in COLUMNS])  # pyright: ignore
        return id, i, self._age, record, checksum(record, id)

    def _data(self, table: str, row: Mapping[str, Json]) -> tuple[str, str, int, bytes, int]:
        id = str(row["id"])
        record = orjson.dumps((row["_data"], row["updated_at"]))
        return id, table, self._age, record, checksum(record, id, table)

    # reading

    def links(self) -> Iterator[Link]:
        """All rows of links in their order of creation. Raises `CorruptFileError`."""
        for (id, _), record in self._file.read("links"):
            i, *targets, created_at, updated_at = orjson.loads(record)
            yield Link(str(id), int(i), tuple(targets), created_at, updated_at)

    def data(self) -> Iterator[Data]:
        """All rows of the data tables."""
        for (id, table), record in self._file.read("data"):
            data, updated_at = orjson.loads(record)
            yield Data(str(id), str(table), data, updated_at)
