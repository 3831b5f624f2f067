"""The way to PostgreSQL: bound statements go in, JSON texts come out as bytes that nobody has parsed.

The server. It runs what it is given, in order, in one transaction where that is asked; it writes no statement.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeAlias

import psycopg
from psycopg import AsyncPipeline, AsyncRawCursor, IsolationLevel
from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from deeplinks import resources
from deeplinks.dialect.payload import JsonText
from deeplinks.dialect.sql import Bound, Recalled, Step
from deeplinks.server.gathering import Gathering
from deeplinks.server.within import UNBOUND, Within
from deeplinks.storage.postgres import Connection, Pool

NULL: Final = b"null"
Cursor: TypeAlias = "AsyncRawCursor[object]"


class JsonTextDumper(Dumper):
    """JSON text as it is: nothing is decoded and encoded again."""

    oid = psycopg.adapters.types["json"].oid

    def dump(self, obj: JsonText) -> Buffer:
        return obj


psycopg.adapters.register_dumper(JsonText, JsonTextDumper)


class StatementError(Exception):
    """A statement failed; `index` tells of which root field, `cause` why, `place` where its rows are if not there."""

    def __init__(self, index: int, cause: psycopg.Error, place: str | None = None) -> None:
        super().__init__(index)
        self.index = index
        self.cause = cause
        self.place = place


class Database:
    """A pool, and what is run on it. `seen` is told every statement's text before it runs, and `statements` counts them."""

    def __init__(self, pool: Pool, seen: Callable[[str], None] | None = None) -> None:
        self.pool = pool
        self.statements = 0
        # Whether the database has the role that confines who is not the admin.
        self.walled = False
        self._seen = seen
        self._gathering = Gathering(self._alone, self.table)

    async def read(self, fields: Sequence[Bound], within: Within = UNBOUND) -> list[bytes]:
        """The answers of a query's root fields, all of one moment.

        Raises `StatementError` and what psycopg raises.
        """
        if len(fields) == 1:
            return await self._gathering.ask(fields[0], within)
        async with self._connection() as connection, _snapshot(connection):
            return await self._together(connection, fields, within)

    async def write(self, fields: Sequence[Bound], within: Within = UNBOUND) -> list[bytes]:
        """The answers of a mutation's root fields, which take effect together or not at all. Raises as `read` does."""
        async with self._connection() as connection:
            return await self._together(connection, fields, within)

    async def rows(self, text: str, parameters: Sequence[object] = ()) -> list[tuple[object, ...]]:
        """The rows of a statement of the server's own. It is planned every time, for tables grow. Raises what psycopg raises."""
        async with self._connection() as connection:
            self.statements += 1
            cursor = AsyncRawCursor(connection, row_factory=tuple_row)
            await cursor.execute(text.encode(), parameters, prepare=False)
            return await cursor.fetchall()

    async def table(self, step: Step, within: Within = UNBOUND) -> list[list[bytes]]:
        """The rows of one statement, as the bytes that came; null is empty. Raises what psycopg raises."""
        async with self._connection() as connection:
            if within == UNBOUND:
                return await self._table(connection, step)
            async with connection.transaction():
                await self._confine(connection, within)
                return await self._table(connection, step)

    async def _table(self, connection: Connection, step: Step) -> list[list[bytes]]:
        cursor = AsyncRawCursor(connection)
        await self._send(cursor, step, ())
        result = cursor.pgresult
        assert result is not None
        width = range(result.nfields)
        return [[result.get_value(row, column) or b"" for column in width] for row in range(result.ntuples)]

    async def _alone(self, field: Bound, within: Within) -> list[bytes]:
        async with self._connection() as connection:
            return await self._together(connection, [field], within)

    async def _together(self, connection: Connection, fields: Sequence[Bound], within: Within) -> list[bytes]:
        steps = [len(chain) for field in fields for chain in field.chains]
        if steps == [1] and len(fields) == 1 and within == UNBOUND:
            # One statement is a transaction, and a moment, by itself.
            return [await self._field(connection, fields[0], 0)]
        if AsyncPipeline.is_supported() and max(steps, default=1) == 1:
            return await self._at_once(connection, fields, within)
        async with connection.transaction():
            await self._confine(connection, within)
            return [await self._field(connection, field, index) for index, field in enumerate(fields)]

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[Connection]:
        async with self.pool.connection() as connection:
            try:
                if connection.info.parameter_status("TimeZone") != "UTC":
                    await connection.execute("SET TIME ZONE 'UTC'")
                yield connection
            except asyncio.CancelledError:
                # An answer of what was called off may be on its way still: nobody else is to read it as his own.
                await connection.close()
                raise

    async def _confine(self, connection: Connection, within: Within) -> None:
        """Hold the transaction to what it runs within; where no time is said, the pool's own limit holds."""
        if within.seconds is not None:
            text = resources.text("sql/queries/hurry.sql").encode()
            await AsyncRawCursor(connection).execute(text, [f"{within.seconds * 1000:.0f}"])
        if within.wall is not None:
            await self._send(AsyncRawCursor(connection), within.wall, ())

    async def _field(self, connection: Connection, field: Bound, index: int) -> bytes:
        """One answer after another: a step may need the one before it."""
        return _joined(field, iter([await self._chain(connection, chain, index) for chain in field.chains]))

    async def _chain(self, connection: Connection, chain: Sequence[Step], index: int) -> bytes:
        answers: list[bytes] = []
        for step in chain:
            cursor = AsyncRawCursor(connection)
            try:
                await self._send(cursor, step, answers)
            except psycopg.Error as error:
                raise StatementError(index, error, step.place) from error
            answers.append(_answer(cursor))
            if step.check is not None:
                step.check(answers[-1])
        return answers[-1]

    async def _at_once(self, connection: Connection, fields: Sequence[Bound], within: Within) -> list[bytes]:
        """Everything is sent before the first answer is read: one way there and back, however many statements."""
        sent: list[tuple[int, Cursor]] = []
        try:
            async with connection.pipeline(), connection.transaction():
                await self._confine(connection, within)
                for index, field in enumerate(fields):
                    for (step,) in field.chains:
                        sent.append((index, AsyncRawCursor(connection)))
                        await self._send(sent[-1][1], step, ())
        except psycopg.Error as error:
            # The first one without a result is the one that failed; where all have one, it was the commit.
            failed = next((index for index, cursor in sent if cursor.pgresult is None), None)
            if failed is None:
                raise
            raise StatementError(failed, error) from error
        answers = (_answer(cursor) for _, cursor in sent)
        return [_joined(field, answers) for field in fields]

    async def _send(self, cursor: Cursor, step: Step, answers: Sequence[bytes]) -> None:
        self.statements += 1
        if self._seen is not None:
            self._seen(step.text)
        parameters = [_recalled(value, answers) if isinstance(value, Recalled) else value for value in step.parameters]
        await cursor.execute(step.text.encode(), parameters)


def _recalled(value: Recalled, answers: Sequence[bytes]) -> str | bytes:
    made = value.made(answers)
    return JsonText(made) if isinstance(made, bytes) else made


def _answer(cursor: Cursor) -> bytes:
    """The bytes as they came: a loader would make text of them, only to be encoded again."""
    result = cursor.pgresult
    return (result.get_value(0, 0) if result and result.ntuples else None) or NULL


def _joined(field: Bound, answers: Iterator[bytes]) -> bytes:
    """The field's answer, of the next of `answers` for each of its chains."""
    own = [next(answers) for _ in field.chains]
    return b"[" + b",".join(own) + b"]" if field.listed else own[0]


@asynccontextmanager
async def _snapshot(connection: Connection) -> AsyncGenerator[None]:
    """Transactions in this block see one moment, and do not write."""
    await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
    await connection.set_read_only(True)
    try:
        yield
    finally:
        if connection.info.transaction_status is TransactionStatus.IDLE:
            await connection.set_isolation_level(None)
            await connection.set_read_only(None)
        else:
            # Called off in the middle of a statement, or lost: nobody else is to have it as it is.
            await connection.close()
