"""The tables of a space as they are, and a copy of them made by reading pages the way every follower does."""

from __future__ import annotations

from typing import Any

from deeplinks.batch import Cursor, Page
from deeplinks.tables import LOGGED
from tests.storage.session import Session

COLUMNS = ("_type", "_from", "_to", "_value", "_data")
Rows = dict[tuple[str, str], dict[str, Any]]


def told(row: Any) -> dict[str, Any]:
    """What a follower keeps of a row: its references and its data, as text."""
    return {column: None if row[column] is None else str(row[column]) for column in COLUMNS if column in row}


def rows_of(database: Session, space: str) -> Rows:
    return {
        (table.name, str(row["id"])): told(row)
        for table in LOGGED
        for row in database.run(f"select * from deep.{table.name} where _deep = %s", space)
    }


class Copy:
    """The rows of a space as far as they were read; the numbers of the log that were met since the snapshot."""

    def __init__(self, space: str) -> None:
        self.cursor = Cursor.start(space)
        self.rows: Rows = {}
        self.met: list[int] = []

    def take(self, page: Page) -> None:
        for item in page.rows:
            self.rows[item.table, str(item.row["id"])] = told(item.row)
        for entry in page.entries:
            self.met.append(entry.n)
            if entry.after is None:
                self.rows.pop((entry.table, entry.id), None)
            else:
                self.rows[entry.table, entry.id] = told(entry.after)
        self.cursor = page.cursor

    def equals(self, database: Session) -> bool:
        return not self.cursor.snapshot and self.rows == rows_of(database, self.cursor.space)
