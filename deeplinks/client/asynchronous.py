"""The client for programs with an event loop: a verb is one request, over gql.

The client. What is asked is made elsewhere; here it goes out, and its answer comes back as rows.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from types import TracebackType
from typing import Any, Final, Self, Unpack, overload

from gql.transport import AsyncTransport
from graphql import OperationType

from deeplinks.client import requests
from deeplinks.client.documents import Request
from deeplinks.client.requests import Changes, Figures, OrderBy, Row, Where
from deeplinks.client.returning import Returning
from deeplinks.errors import InvalidError
from deeplinks.storage.line import Line, Operation

# An answer over a socket may be as large as one over HTTP.
LARGEST: Final = 64 * 1024 * 1024


class Rows(list[Row]):
    """The rows that a mutation touched and answers; `affected_rows` is how many it touched."""

    def __init__(self, rows: Sequence[Row], affected_rows: int) -> None:
        super().__init__(rows)
        self.affected_rows = affected_rows


class AsyncClient:
    """A client of a GraphQL endpoint: `async with AsyncClient(url, secret=...) as client:`.

    Tables are called "deep.links" or "deep_links"; where, order_by, on_conflict and the others are as in Hasura; `returning`
    is a list of columns and of relations with theirs, as `["id", {"link": ["_type"]}]`, and of all columns where it is left
    out. `headers` are sent with each request, as an `authorization`. It connects at its first use; `close()` lets go.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        secret: str | None = None,
        headers: Mapping[str, str] | None = None,
        transport: AsyncTransport | None = None,
        timeout: float = 60.0,
    ) -> None:
        if (url is None) == (transport is None):
            raise InvalidError(what="a client", why="it takes a url, or a transport of gql's, and not both")
        self._line = Line(url, secret=secret, headers=headers, transport=transport, timeout=timeout, largest=LARGEST)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._line.where}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections; the next verb opens them again."""
        await self._line.close()

    # reading

    @overload
    async def select(self, table: str, *, pk_columns: Where, returning: Returning | None = None) -> Row | None: ...

    @overload
    async def select(
        self,
        table: str,
        *,
        where: Where | None = None,
        order_by: OrderBy | None = None,
        limit: int | None = None,
        offset: int | None = None,
        distinct_on: Sequence[str] | None = None,
        returning: Returning | None = None,
    ) -> list[Row]: ...

    async def select(
        self,
        table: str,
        *,
        where: Where | None = None,
        order_by: OrderBy | None = None,
        limit: int | None = None,
        offset: int | None = None,
        distinct_on: Sequence[str] | None = None,
        pk_columns: Where | None = None,
        returning: Returning | None = None,
    ) -> Any:
        """Rows, as a list of dicts; with `pk_columns` the one row that has this key, or None. Raises `StorageError`."""
        given = _listed(where, order_by, limit, offset, distinct_on)
        return await self._ask(requests.select(OperationType.QUERY, table, pk_columns, returning, given))

    async def aggregate(
        self,
        table: str,
        *,
        where: Where | None = None,
        order_by: OrderBy | None = None,
        limit: int | None = None,
        offset: int | None = None,
        distinct_on: Sequence[str] | None = None,
        **figures: Unpack[Figures],
    ) -> dict[str, object]:
        """Figures about rows, the count unless told otherwise: `count=True, max=["_i"]` gives both. Raises `StorageError`.

        `columns` and `distinct` say what is counted; the functions are Hasura's, avg to variance.
        """
        given = _listed(where, order_by, limit, offset, distinct_on)
        return (await self._ask(requests.aggregate(table, figures, given)))["aggregate"]

    @overload
    def subscribe(
        self, table: str, *, pk_columns: Where, returning: Returning | None = None
    ) -> AsyncGenerator[Row | None]: ...

    @overload
    def subscribe(
        self,
        table: str,
        *,
        where: Where | None = None,
        order_by: OrderBy | None = None,
        limit: int | None = None,
        offset: int | None = None,
        distinct_on: Sequence[str] | None = None,
        returning: Returning | None = None,
    ) -> AsyncGenerator[list[Row]]: ...

    async def subscribe(
        self,
        table: str,
        *,
        where: Where | None = None,
        order_by: OrderBy | None = None,
        limit: int | None = None,
        offset: int | None = None,
        distinct_on: Sequence[str] | None = None,
        pk_columns: Where | None = None,
        returning: Returning | None = None,
    ) -> AsyncGenerator[Any]:
        """What `select` gives, at once and whenever it is something else. Raises `StorageError` where that ends."""
        given = _listed(where, order_by, limit, offset, distinct_on)
        request = requests.select(OperationType.SUBSCRIPTION, table, pk_columns, returning, given)
        async with aclosing(self._hear(request)) as answers:
            async for answer in answers:
                yield answer

    async def stream(
        self,
        table: str,
        *,
        cursor: Mapping[str, object],
        ordering: str = "ASC",
        batch_size: int = 1000,
        where: Where | None = None,
        returning: Returning | None = None,
    ) -> AsyncGenerator[list[Row]]:
        """Rows in batches, in the order of one column, from after a value on, then those that come.

        `cursor` is the column and the value, as `{"_i": 0}`. Raises `StorageError` where that ends.
        """
        request = requests.stream(table, cursor, ordering, batch_size, where, returning)
        async with aclosing(self._hear(request)) as answers:
            async for answer in answers:
                yield answer

    # writing

    @overload
    async def insert(
        self, table: str, *, object: Where, on_conflict: Where | None = None, returning: Returning | None = None
    ) -> Row | None: ...

    @overload
    async def insert(
        self,
        table: str,
        *,
        objects: Sequence[Where],
        on_conflict: Where | None = None,
        returning: Returning | None = None,
    ) -> Rows: ...

    async def insert(
        self,
        table: str,
        *,
        object: Where | None = None,
        objects: Sequence[Where] | None = None,
        on_conflict: Where | None = None,
        returning: Returning | None = None,
    ) -> Any:
        """`objects`: `Rows` as they were inserted; `object`: the one row, or None where a conflict ignored it.

        Raises `StorageError`.
        """
        return await self._change(requests.insert(table, object, objects, on_conflict, returning))

    @overload
    async def update(
        self, table: str, *, pk_columns: Where, returning: Returning | None = None, **changes: Unpack[Changes]
    ) -> Row | None: ...

    @overload
    async def update(
        self, table: str, *, where: Where, returning: Returning | None = None, **changes: Unpack[Changes]
    ) -> Rows: ...

    async def update(
        self,
        table: str,
        *,
        where: Where | None = None,
        pk_columns: Where | None = None,
        returning: Returning | None = None,
        **changes: Unpack[Changes],
    ) -> Any:
        """`where`: `Rows` as they are now; `pk_columns`: the one row, or None. `_set`, `_inc`, … say what changes.

        Raises `StorageError`.
        """
        return await self._change(requests.update(table, where, pk_columns, changes, returning))

    async def update_many(
        self, table: str, updates: Sequence[Where], *, returning: Returning | None = None
    ) -> list[Rows]:
        """Updates as `{"where": ..., "_set": ...}`, one after another, all or none: `Rows` for each. Raises `StorageError`."""
        return await self._change(requests.update_many(table, updates, returning))

    @overload
    async def delete(self, table: str, *, pk_columns: Where, returning: Returning | None = None) -> Row | None: ...

    @overload
    async def delete(self, table: str, *, where: Where, returning: Returning | None = None) -> Rows: ...

    async def delete(
        self,
        table: str,
        *,
        where: Where | None = None,
        pk_columns: Where | None = None,
        returning: Returning | None = None,
    ) -> Any:
        """`where`: `Rows` as they were, `{}` for all there are; `pk_columns`: the one row, or None. Raises `StorageError`."""
        return await self._change(requests.delete(table, where, pk_columns, returning))

    # asking

    async def _ask(self, request: Request) -> Any:
        answer = await self._line.execute(Operation(request.text, request.variables))
        return request.shape.read(answer[request.key])

    async def _change(self, request: Request) -> Any:
        answer = await self._ask(request)
        if isinstance(answer, list):
            return [_rows(one) for one in answer]  # pyright: ignore[reportUnknownVariableType]
        return _rows(answer)

    async def _hear(self, request: Request) -> AsyncGenerator[Any]:
        operation = Operation(request.text, request.variables)
        async with aclosing(self._line.answers(operation)) as answers:
            async for answer in answers:
                yield request.shape.read(answer[request.key])


def _rows(answer: Any) -> Any:
    if isinstance(answer, dict) and "affected_rows" in answer:
        return Rows(answer["returning"], answer["affected_rows"])  # pyright: ignore[reportUnknownArgumentType]
    return answer  # pyright: ignore[reportUnknownVariableType]


def _listed(
    where: Where | None,
    order_by: OrderBy | None,
    limit: int | None,
    offset: int | None,
    distinct_on: Sequence[str] | None,
) -> dict[str, object]:
    return {"where": where, "order_by": order_by, "limit": limit, "offset": offset, "distinct_on": distinct_on}
