"""How tests of the tables speak to a database: over SQL, as psql or any other client would."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

Row = dict[str, Any]


def new() -> str:
    return str(uuid4())


class Session:
    """A connection, and the few words in which the tests speak."""

    def __init__(self, url: str, *, autocommit: bool = True) -> None:
        self.connection = psycopg.connect(url, autocommit=autocommit, row_factory=dict_row)
        self._threads = ThreadPoolExecutor(1)

    def close(self) -> None:
        self._threads.shutdown()
        self.connection.close()

    def run(self, sql: str, *values: Any) -> list[Row]:
        """The rows that a statement gives."""
        cursor = self.connection.execute(sql.encode(), values or None)
        return [] if cursor.description is None else cursor.fetchall()

    def later(self, sql: str, *values: Any) -> Future[list[Row]]:
        """The same in another thread: begun, and waiting for a lock if it has to."""
        return self._threads.submit(self.run, sql, *values)

    def value(self, sql: str, *values: Any) -> Any:
        """The one value that a statement gives."""
        ((value,),) = (row.values() for row in self.run(sql, *values))
        return value

    def link(self, space: str, id: str | None = None) -> str:
        """Make a link; its id."""
        row = self.run("insert into deep.links (id, _deep) values (%s, %s) returning id::text", id or new(), space)
        return row[0]["id"]

    def string(self, id: str, data: str = "text") -> list[Row]:
        """Give a link a text; the rows that came back."""
        return self.run("insert into deep.strings (id, _data) values (%s, %s) returning id::text", id, data)

    def batch(self, space: str, client: str, seq: int, checksum: str = "sum", **columns: Any) -> None:
        """Announce a batch, as the first statement of its transaction does."""
        given = {"_deep": space, "client": client, "seq": seq, "checksum": checksum, **columns}
        names, places = ", ".join(given), ", ".join(["%s"] * len(given))
        self.run(f"insert into deep.batches ({names}) values ({places})", *given.values())

    def log(self, space: str, **where: Any) -> list[Row]:
        """The entries of a space in order."""
        rows = map(_readable, self.run("select * from deep.changes where _deep = %s order by n", space))
        return [row for row in rows if all(row[name] == value for name, value in where.items())]

    def waits(self) -> bool:
        """Whether the statement that runs `later` waits for a lock. Asked from another connection."""
        with psycopg.connect(self.connection.info.dsn, autocommit=True) as other:
            asked = other.execute("select cardinality(pg_blocking_pids(%s)) > 0", (self.connection.info.backend_pid,))
            return bool((asked.fetchone() or (False,))[0])


def _readable(row: Row) -> Row:
    return {name: str(value) if name in ("_deep", "id", "client") and value else value for name, value in row.items()}


def until_it_waits(session: Session) -> None:
    while not session.waits():
        pass


@contextmanager
def refused(state: str, *words: str) -> Iterator[pytest.ExceptionInfo[psycopg.Error]]:
    """The block is refused with that SQLSTATE, and the words are in its text."""
    with pytest.raises(psycopg.Error) as caught:
        yield caught
    assert caught.value.sqlstate == state, caught.value
    assert all(word in str(caught.value.diag.message_primary) for word in words), caught.value
