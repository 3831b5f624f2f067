"""The storage behind a GraphQL endpoint: batches as one mutation, pages as queries, over any gql transport.

The storage room. The documents are in `graphql/`; no text is glued here, and no association is known.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from functools import cache
from typing import Any, Final, TypeAlias

import gql
import httpx
import orjson
from gql.client import AsyncClientSession
from gql.graphql_request import GraphQLRequest
from gql.transport import AsyncTransport
from gql.transport.exceptions import (
    TransportConnectionFailed,
    TransportError,
    TransportProtocolError,
    TransportQueryError,
    TransportServerError,
)
from gql.transport.httpx import HTTPXAsyncTransport
from graphql import DocumentNode, ExecutionResult, OperationDefinitionNode, OperationType, parse, print_ast

from deeplinks import resources
from deeplinks.batch import Batch, Cursor, LogEntry, Page, SnapshotRow, Written
from deeplinks.errors import (
    AccessDeniedError,
    OvertakenError,
    QueryError,
    ResyncError,
    RewoundError,
    SchemaMissingError,
    SettingsError,
    StorageError,
    UnavailableError,
    UnknownSpaceError,
    WrongTypeError,
)
from deeplinks.storage import verdicts
from deeplinks.storage.doorbell import Doorbell, ended, socket
from deeplinks.storage.verdicts import Verdict
from deeplinks.tables import SYNCHRONIZED

Variables: TypeAlias = dict[str, Any]

FIRST_I: Final = -(2**63)
FIRST_ID: Final = "00000000-0000-0000-0000-000000000000"
# Digits survive only as text: JSON parsers cut long numbers.
HEADERS: Final = {"x-hasura-stringify-numeric-types": "true"}
# How often the newest change is asked for where there are no subscriptions (seconds).
POLL: Final = 1.0
ACCESS_CODES: Final = frozenset({"access-denied", "invalid-jwt", "invalid-headers", "jwt-missing-role-claims"})


class HTTPTransport(HTTPXAsyncTransport):
    """gql's HTTP transport with orjson at both ends."""

    def __init__(self, url: str, headers: Mapping[str, str], timeout: float) -> None:
        patience = httpx.Timeout(timeout, connect=5.0)
        super().__init__(url, json_deserialize=orjson.loads, headers=headers, timeout=patience)  # pyright: ignore[reportUnknownMemberType]

    async def execute(
        self, request: GraphQLRequest, *, extra_args: dict[str, Any] | None = None, upload_files: bool = False
    ) -> ExecutionResult:
        """Send one request; its body is encoded once, here."""
        body = {"json": None, "content": orjson.dumps(request.payload), "headers": {"content-type": "application/json"}}
        return await super().execute(request, extra_args=body | (extra_args or {}), upload_files=upload_files)


class GraphQLStorage:
    """A storage over GraphQL: `GraphQLStorage(url, secret=...)`, or over a transport of one's own.

    `requests` counts what was sent. Connects at its first use; `close()` lets go.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        secret: str | None = None,
        transport: AsyncTransport | None = None,
        timeout: float = 60.0,
    ) -> None:
        if transport is None and url is None:
            raise ValueError("a GraphQLStorage takes a url or a transport")
        access = {} if secret is None else {"x-hasura-admin-secret": _header(secret)}
        self.where = url or type(transport).__name__
        self.requests = 0
        self._headers = HEADERS | access
        self._own = transport is None
        self._transport = transport or HTTPTransport(self.where, self._headers, timeout)
        self._bells: set[Doorbell] = set()
        self._given = transport is not None
        self._timeout = timeout
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connecting = asyncio.Lock()
        self._session: AsyncClientSession | None = None
        self._client: gql.Client | None = None

    def __repr__(self) -> str:
        return f"<GraphQLStorage {self.where}>"

    # verbs

    async def write(self, batch: Batch) -> Written:
        """Send the batch as one mutation: one POST, one transaction."""
        try:
            answer = await self._ask("write_batch", _batch_variables(batch))
        except _NumberTakenError:
            return await self._outcome(batch)
        returned = itertools.chain.from_iterable(one["returning"] for one in answer["updates"])
        return _written(batch, _ids(answer["links"]["returning"]), _ids(returned))

    async def _outcome(self, batch: Batch) -> Written:
        """What became of a batch whose answer was lost: the log knows, as far as it was not pruned. Raises `OvertakenError`."""
        seqs = [str(seq) for seq, _ in batch.content.withdraws]
        asked = {"deep": batch.space, "client": batch.client, "seq": str(batch.seq), "seqs": [*seqs, str(batch.seq)]}
        answer = await self._ask("batch_outcome", asked)
        applied = max((int(row["seq"]) for row in answer["batches"]), default=0)
        if applied != batch.seq:
            raise OvertakenError(storage=self.where, seq=batch.seq, applied=applied)
        changes = answer["changes"]
        created, changed = (_ids(row for row in changes if row["operation"] == verb) for verb in ("insert", "update"))
        silent = [str(row["id"]) for row in batch.content.links if row["id"] not in created]
        silent += [id for id, _ in batch.content.updates if id not in changed]
        if silent and _pruned(answer):
            there = _ids((await self._ask("links_there", {"deep": batch.space, "ids": silent}))["links"])
            created, changed = created | there, changed | there
        return _written(batch, created, changed, already=True)

    async def read(self, cursor: Cursor, limit: int = 1000) -> Page:
        """Ask for the next page of the snapshot, or of the log."""
        if not cursor.snapshot:
            return await self._read_log(cursor, limit)
        if cursor.table == "links":
            return await self._read_links(cursor, limit)
        return await self._read_data(cursor, limit)

    async def bells(self, space: str) -> AsyncGenerator[int]:
        """Subscribe to the newest change, by a WebSocket of its own, or by the transport that was given.

        A transport that has no subscriptions is asked every second instead.
        """
        bell = Doorbell(self._newest(space), self.where)
        self._bells.add(bell)
        try:
            while True:
                yield await bell.next()
        finally:
            self._bells.discard(bell)
            await bell.close()

    async def close(self) -> None:
        """Close the connections."""
        for bell in list(self._bells):
            await bell.close()
        client, self._client, self._session = self._client, None, None
        if client is not None:
            await client.close_async()

    # snapshot

    async def _read_links(self, cursor: Cursor, limit: int) -> Page:
        start = not cursor.position
        i, id = cursor.position or (FIRST_I, FIRST_ID)
        asked = {"deep": cursor.space, "i": str(i), "id": id, "limit": limit, "start": start}
        answer = await self._ask("snapshot_links", asked)
        n, tag = _newest(answer) if start else (cursor.n, cursor.tag)
        links = answer["links"]
        rows = [SnapshotRow("links", row) for row in links]
        if len(links) == limit:
            last = (str(links[-1]["_i"]), links[-1]["id"])
            return Page(rows, [], Cursor(cursor.space, n, tag, "links", last), more=True)
        if start and not links:
            return Page([], [], Cursor(cursor.space, n, tag), more=n > 0)
        return Page(rows, [], Cursor(cursor.space, n, tag, "data", (FIRST_ID,) * len(SYNCHRONIZED)), more=True)

    async def _read_data(self, cursor: Cursor, limit: int) -> Page:
        asked: Variables = {"deep": cursor.space}
        for table, position in zip(SYNCHRONIZED, cursor.position, strict=True):
            asked |= {table: position or FIRST_ID, f"{table}_limit": limit if position else 0}
        answer = await self._ask("snapshot_data", asked)
        rows = [SnapshotRow(table, row) for table in SYNCHRONIZED for row in answer[table]]
        # An empty position says that the table was read to its end.
        position = tuple(answer[table][-1]["id"] if len(answer[table]) == limit else "" for table in SYNCHRONIZED)
        if any(position):
            return Page(rows, [], Cursor(cursor.space, cursor.n, cursor.tag, "data", position), more=True)
        return Page(rows, [], Cursor(cursor.space, cursor.n, cursor.tag), more=True)

    async def of_types(self, space: str, types: Sequence[str], limit: int) -> AsyncGenerator[list[SnapshotRow]]:
        """Pages of those rows that are of some types, each link with its data; the types themselves and the root come too."""
        i, id = FIRST_I, FIRST_ID
        while True:
            asked = {"deep": space, "types": list(types), "own": [space, *types], "i": str(i), "id": id, "limit": limit}
            links = (await self._ask("snapshot_types", asked))["links"]
            data = [SnapshotRow(table, row) for link in links for table in SYNCHRONIZED for row in link.pop(table)]
            yield [*(SnapshotRow("links", row) for row in links), *data]
            if len(links) < limit:
                return
            i, id = links[-1]["_i"], links[-1]["id"]

    # log

    async def _read_log(self, cursor: Cursor, limit: int) -> Page:
        entries: list[LogEntry] = []
        n, tag = cursor.n, cursor.tag
        while True:
            asked = {"deep": cursor.space, "n": str(n), "limit": limit + 1}
            answer = await self._ask("changes_since", asked)
            if n and not answer["spaces"]:
                # Nobody's backup is that old: it is another database. To read it anew would be to forget everything.
                raise UnknownSpaceError(storage=self, space=cursor.space)
            found = _continued([_entry(row) for row in answer["changes"]], answer, cursor.space, n, tag)
            entries += found
            if len(found) < limit:
                return Page([], entries, _after(cursor, entries), more=False)
            whole = _whole_transactions(entries)
            if whole:
                return Page([], whole, _after(cursor, whole), more=True)
            n, tag = entries[-1].n, entries[-1].tag

    # bells

    async def _newest(self, space: str) -> AsyncGenerator[int]:
        text, asked = resources.text("graphql/newest_change.graphql"), {"deep": space}
        try:
            async with aclosing(self._answers(_Operation(text, asked))) as answers:
                async for answer in answers:
                    yield _number(answer)
        except NotImplementedError:
            polled = _Operation(_as_query(text), asked)
        else:
            return
        while True:
            yield _number(await self._execute(polled))
            await asyncio.sleep(POLL)

    async def _answers(self, operation: _Operation) -> AsyncGenerator[dict[str, Any]]:
        try:
            async with self._line() as transport, aclosing(transport.subscribe(operation)) as results:
                async for result in results:
                    if result.errors:
                        raise TransportQueryError(str(result.errors[0]), errors=list(result.errors))
                    yield result.data or {}
        except TransportQueryError as error:
            raise self._answered(error) from error
        except TransportError as error:
            raise ended(error, self.where) or self._failed(error) from error
        except TimeoutError as error:
            raise UnavailableError(storage=self.where, why="it did not answer in time") from error

    @asynccontextmanager
    async def _line(self) -> AsyncGenerator[AsyncTransport]:
        if self._own:
            async with socket(self.where, self._headers) as transport:
                yield transport
        else:
            await self._connected()
            yield self._transport

    # asking

    async def _ask(self, name: str, variables: Variables) -> dict[str, Any]:
        return await self._execute(_Operation(resources.text(f"graphql/{name}.graphql"), variables))

    async def _execute(self, operation: _Operation) -> dict[str, Any]:
        session = await self._connected()
        self.requests += 1
        try:
            return await session.execute(operation)
        except TransportQueryError as error:
            raise self._answered(error) from error
        except TransportError as error:
            raise self._failed(error) from error

    async def _connected(self) -> AsyncClientSession:
        """The session of this event loop; what another one had is gone with it."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._connecting, self._session, self._client = loop, asyncio.Lock(), None, None
            if not self._given:
                self._transport = HTTPTransport(self.where, self._headers, self._timeout)
        async with self._connecting:
            return self._session or await self._connect()

    async def _connect(self) -> AsyncClientSession:
        self._client = gql.Client(transport=self._transport, execute_timeout=None)
        # reconnecting=False: gql must not send a mutation again behind the outbox's back.
        self._session = await self._client.connect_async(reconnecting=False)  # pyright: ignore[reportUnknownMemberType]
        return self._session

    def _failed(self, error: TransportError) -> StorageError:
        status = error.code if isinstance(error, TransportServerError) else None
        if status is not None and verdicts.of_status(status) is not Verdict.again:
            if status in (401, 403):
                return AccessDeniedError(storage=self.where, why=f"HTTP {status}")
            why = "it takes no GraphQL there; the path is usually /v1/graphql"
            if status == 413:
                why = "the request is larger than it takes"
            return QueryError(storage=self.where, path="$", why=why, reason=f"HTTP {status}")
        if isinstance(error, TransportProtocolError):
            return QueryError(
                storage=self.where, path="$", why=f"it is no GraphQL endpoint: {error}", reason="protocol"
            )
        why = str(error) or type(error.__cause__ or error).__name__
        reached = isinstance(error, TransportConnectionFailed)
        return UnavailableError(storage=self.where, why=why if reached else f"{type(error).__name__}: {why}")

    def _answered(self, error: TransportQueryError) -> Exception:
        first: dict[str, Any] = (error.errors or [{}])[0]
        facts: dict[str, Any] = first.get("extensions") or {}
        why, code, state = first.get("message", str(error)), facts.get("code", ""), facts.get("sqlstate", "")
        if state == "23505" and facts.get("constraint") == "batches_pkey":
            return _NumberTakenError()
        if code in ACCESS_CODES:
            return AccessDeniedError(storage=self.where, why=why)
        if code == SchemaMissingError.code:
            return SchemaMissingError(storage=self.where, why=state or "it says so")
        reason = state or code
        if code == UnavailableError.code or verdicts.of_reason(reason) is Verdict.again:
            return UnavailableError(storage=self.where, why=why)
        return QueryError(storage=self.where, path=facts.get("path", "$"), why=why, reason=reason)


class _NumberTakenError(Exception):
    """A number of the batch is there, told by the primary key: its own is success."""


class _Operation(GraphQLRequest):
    """An operation of `graphql/`, whose text is sent as it is written: gql would print it anew for every request."""

    def __init__(self, text: str, variables: Variables) -> None:
        self._text = text
        super().__init__(_parsed(text), variable_values=variables)

    @property
    def payload(self) -> Variables:
        return {"query": self._text, "variables": self.variable_values}


_parsed = cache(parse)


@cache
def _as_query(subscription: str) -> str:
    """The same operation, asked once."""
    document = parse(subscription)
    (found,) = (one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    parts: Variables = {key: getattr(found, key) for key in found.keys} | {"operation": OperationType.QUERY}
    return print_ast(DocumentNode(definitions=(OperationDefinitionNode(**parts),)))


def _header(secret: object) -> str:
    """The secret, if a header can carry it; it is never shown."""
    if not isinstance(secret, str):
        raise WrongTypeError(what="secret", expected="a str", value=type(secret))
    if not secret or not secret.isascii() or not secret.isprintable():
        why = "it is empty, or has a character that no HTTP header can carry, as a line break at its end"
        raise SettingsError(name="secret", why=why)
    return secret


def _batch_variables(batch: Batch) -> Variables:
    content, deep = batch.content, batch.space
    variables: Variables = {
        "deep": deep,
        "batches": list(_batch_rows(batch)),
        "links": content.links,
        "updates": [{"where": {"_deep": {"_eq": deep}, "id": {"_eq": id}}, "_set": row} for id, row in content.updates],
        "delete_links": content.deletes,
    }
    for table in SYNCHRONIZED:
        rows = content.data.get(table, ())
        variables[table] = [{"_deep": deep, "id": id, "_data": data} for id, data in rows]
        variables[f"delete_{table}"] = content.data_deletes.get(table, [])
    return variables


def _batch_rows(batch: Batch) -> Iterator[Variables]:
    """Those that the batch withdraws, in order, and itself: they take effect together or not at all."""
    named: Variables = {"_deep": batch.space, "client": batch.client}
    for seq, checksum in batch.content.withdraws:
        yield named | {"seq": seq, "checksum": checksum, "withdrawn": True}
    expects: Variables = {"expects": batch.content.expects} if batch.content.expects else {}
    yield named | {"seq": batch.seq, "checksum": batch.checksum} | expects


def _written(batch: Batch, created: set[str], changed: set[str], *, already: bool = False) -> Written:
    missing = frozenset(str(row["id"]) for row in batch.content.links) - created
    return Written(already, missing, frozenset(id for id, _ in batch.content.updates) - changed)


def _pruned(outcome: Mapping[str, Any]) -> bool:
    """Whether the log may have had more of what the batch inserted and updated: it begins with it, or has none of it."""
    floor = _floor(outcome)
    # Deletes come after the data, of which nothing is asked: they tell nothing of what came first.
    numbers = (int(row["n"]) for row in outcome["changes"] if row["operation"] != "delete")
    return floor > 0 and min(numbers, default=0) <= floor + 1


def _ids(rows: Any) -> set[str]:
    return {row["id"] for row in rows}


def _number(answer: Mapping[str, Any]) -> int:
    return max((int(row["n"]) for row in answer["changes"]), default=0)


def _newest(answer: Mapping[str, Any]) -> tuple[int, int]:
    for row in answer["newest"]:
        return int(row["n"]), int(row["tag"])
    # All of the log may have been pruned: then it goes on above the floor.
    return _floor(answer), 0


def _floor(answer: Mapping[str, Any]) -> int:
    return max((int(row["floor"]) for row in answer["spaces"]), default=0)


def _entry(row: Mapping[str, Any]) -> LogEntry:
    seq = row["seq"]
    return LogEntry(
        n=int(row["n"]),
        tx=int(row["tx"]),
        tag=int(row["tag"]),
        table=row["table"],
        operation=row["operation"],
        id=row["id"],
        before=row["before"],
        after=row["after"],
        client=row["client"],
        seq=None if seq is None else int(seq),
    )


def _continued(found: list[LogEntry], answer: Mapping[str, Any], space: str, n: int, tag: int) -> list[LogEntry]:
    """The entries after n, proven to be the same log without a gap. Raises `ResyncError`."""
    floor = _floor(answer)
    if n < floor:
        raise ResyncError(space=space, n=n, why=f"the log was pruned up to {floor}")
    if n > floor or (found and found[0].n == n):
        if not found or found[0].n != n or tag not in (0, found[0].tag):
            raise RewoundError(space=space, n=n, why="its entry there is another one, or none")
        found = found[1:]
    for expected, entry in enumerate(found, n + 1):
        if entry.n != expected:
            raise ResyncError(space=space, n=n, why=f"the log has no {expected}")
    return found


def _whole_transactions(entries: list[LogEntry]) -> list[LogEntry]:
    """The entries without the last transaction, which may go on on the next page."""
    last = entries[-1].tx
    cut = len(entries)
    while cut and entries[cut - 1].tx == last:
        cut -= 1
    return entries[:cut]


def _after(cursor: Cursor, entries: list[LogEntry]) -> Cursor:
    if not entries:
        return cursor
    return Cursor(cursor.space, entries[-1].n, entries[-1].tag)
