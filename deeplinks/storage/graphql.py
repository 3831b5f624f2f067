"""The storage behind a GraphQL endpoint: batches as one mutation, pages as queries, over any gql transport.

The storage room. The documents are in `graphql/`; no text is glued here, and no association is known.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import cache
from typing import Any, Final

from gql.transport import AsyncTransport
from gql.transport.exceptions import (
    TransportQueryError,
)
from graphql import DocumentNode, OperationDefinitionNode, OperationType, parse, print_ast

from deeplinks import resources
from deeplinks.batch import Answer, Batch, Cursor, Json, LogEntry, Page, SnapshotRow, Written
from deeplinks.errors import (
    OvertakenError,
    ResyncError,
    RewoundError,
    UnknownSpaceError,
)
from deeplinks.storage.doorbell import Doorbell
from deeplinks.storage.line import Line, Operation, Variables
from deeplinks.tables import SYNCHRONIZED

FIRST_I: Final = -(2**63)
FIRST_ID: Final = "00000000-0000-0000-0000-000000000000"
# How often the newest change is asked for where there are no subscriptions (seconds).
POLL: Final = 1.0


class GraphQLStorage(Line):
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
        super().__init__(url, secret=secret, transport=transport, timeout=timeout)
        self._bells: set[Doorbell] = set()

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
        await super().close()

    # snapshot

    async def _read_links(self, cursor: Cursor, limit: int) -> Page:
        start = not cursor.position
        i, id = cursor.position or (FIRST_I, FIRST_ID)
        asked = {
            "deep": cursor.space,
            "i": str(i),
            "id": id,
            "limit": limit,
            "start": start,
            "seen": str(cursor.seen[0]),
        }
        answer = await self._ask("snapshot_links", asked)
        await self._check_seen(cursor, answer)
        n, tag = _newest(answer) if start else (cursor.n, cursor.tag)
        seen = _latest(answer)
        links = answer["links"]
        rows = [SnapshotRow("links", row) for row in links]
        if len(links) == limit:
            last = (str(links[-1]["_i"]), links[-1]["id"])
            return Page(rows, [], Cursor(cursor.space, n, tag, "links", last, seen), more=True)
        if start and not links:
            return Page([], [], Cursor(cursor.space, n, tag), more=n > 0)
        return Page(rows, [], Cursor(cursor.space, n, tag, "data", (FIRST_ID,) * len(SYNCHRONIZED), seen), more=True)

    async def _read_data(self, cursor: Cursor, limit: int) -> Page:
        asked: Variables = {"deep": cursor.space, "seen": str(cursor.seen[0])}
        for table, position in zip(SYNCHRONIZED, cursor.position, strict=True):
            asked |= {table: position or FIRST_ID, f"{table}_limit": limit if position else 0}
        answer = await self._ask("snapshot_data", asked)
        await self._check_seen(cursor, answer)
        rows = [SnapshotRow(table, row) for table in SYNCHRONIZED for row in answer[table]]
        # An empty position says that the table was read to its end.
        position = tuple(answer[table][-1]["id"] if len(answer[table]) == limit else "" for table in SYNCHRONIZED)
        seen = _latest(answer)
        if any(position):
            return Page(rows, [], Cursor(cursor.space, cursor.n, cursor.tag, "data", position, seen), more=True)
        return Page(rows, [], replace(cursor, table=None, position=(), seen=seen), more=True)

    async def _check_seen(self, cursor: Cursor, answer: Mapping[str, Any]) -> None:
        """The rows before this page were read of the same log. Raises `ResyncError`."""
        n, tag = cursor.seen
        if n and not any(tag in (0, int(row["tag"])) for row in answer["proof"]):
            # It is another log, or that part of it was pruned.
            await self._log_after(cursor.space, n, tag, 1)

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

    async def answer(self, variables: Mapping[str, Json]) -> Answer:
        """The links that a question means, with their data, their types and their value chains."""
        answer = await self._ask("ask", dict(variables))
        rows: dict[tuple[str, str], SnapshotRow] = {}
        for link in answer["links"]:
            for row in _taken_apart(link):
                rows[row.table, str(row.row["id"])] = row
        return Answer([link["id"] for link in answer["links"]], list(rows.values()), bool(answer.get("longer")))

    # log

    async def _read_log(self, cursor: Cursor, limit: int) -> Page:
        entries: list[LogEntry] = []
        n, tag = cursor.n, cursor.tag
        while True:
            found = await self._log_after(cursor.space, n, tag, limit)
            entries += found
            if len(found) < limit:
                _check_met(cursor, entries, ended=True)
                return Page([], entries, _after(cursor, entries), more=False)
            whole = _whole_transactions(entries)
            if whole:
                _check_met(cursor, whole, ended=False)
                return Page([], whole, _after(cursor, whole), more=True)
            n, tag = entries[-1].n, entries[-1].tag

    async def _log_after(self, space: str, n: int, tag: int, limit: int) -> list[LogEntry]:
        answer = await self._ask("changes_since", {"deep": space, "n": str(n), "limit": limit + 1})
        if n and not answer["spaces"]:
            # Nobody's backup is that old: it is another database. To read it anew would be to forget everything.
            raise UnknownSpaceError(storage=self, space=space)
        return _continued([_entry(row) for row in answer["changes"]], answer, space, n, tag)

    # bells

    async def _newest(self, space: str) -> AsyncGenerator[int]:
        text, asked = resources.text("graphql/newest_change.graphql"), {"deep": space}
        try:
            async with aclosing(self._answers(Operation(text, asked))) as answers:
                async for answer in answers:
                    yield _number(answer)
        except NotImplementedError:
            polled = Operation(_as_query(text), asked)
        else:
            return
        while True:
            yield _number(await self._execute(polled))
            await asyncio.sleep(POLL)

    # asking

    async def _ask(self, name: str, variables: Variables) -> dict[str, Any]:
        return await self._execute(Operation(resources.text(f"graphql/{name}.graphql"), variables))

    def _answered(self, error: TransportQueryError) -> Exception:
        first: Variables = (error.errors or [{}])[0]
        facts: Variables = first.get("extensions") or {}
        if facts.get("sqlstate") == "23505" and facts.get("constraint") == "batches_pkey":
            return _NumberTakenError()
        return super()._answered(error)


class _NumberTakenError(Exception):
    """A number of the batch is there, told by the primary key: its own is success."""


@cache
def _as_query(subscription: str) -> str:
    """The same operation, asked once."""
    document = parse(subscription)
    (found,) = (one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    parts: Variables = {key: getattr(found, key) for key in found.keys} | {"operation": OperationType.QUERY}
    return print_ast(DocumentNode(definitions=(OperationDefinitionNode(**parts),)))


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


def _taken_apart(link: Variables) -> Iterator[SnapshotRow]:
    """The row of a link, of those that it leads to, and of all their data."""
    data = [SnapshotRow(table, row) for table in SYNCHRONIZED for row in link.pop(table)]
    others = [other for name in ("type", "value") if (other := link.pop(name, None)) is not None]
    yield SnapshotRow("links", link)
    yield from data
    for other in others:
        yield from _taken_apart(other)


def _ids(rows: Any) -> set[str]:
    return {row["id"] for row in rows}


def _number(answer: Mapping[str, Any]) -> int:
    return max((int(row["n"]) for row in answer["changes"]), default=0)


def _newest(answer: Mapping[str, Any]) -> tuple[int, int]:
    for row in answer["newest"]:
        return int(row["n"]), int(row["tag"])
    # All of the log may have been pruned: then it goes on above the floor.
    return _floor(answer), 0


def _latest(answer: Mapping[str, Any]) -> tuple[int, int]:
    return next(((int(row["n"]), int(row["tag"])) for row in answer["latest"]), (0, 0))


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


def _check_met(cursor: Cursor, entries: list[LogEntry], *, ended: bool) -> None:
    """What was the newest change when rows were read is met, and is the same. Raises `RewoundError`."""
    n, tag = cursor.seen
    if n <= cursor.n:
        return
    met = next((entry for entry in entries if entry.n == n), None)
    if (met is None and ended) or (met is not None and tag not in (0, met.tag)):
        raise RewoundError(space=cursor.space, n=n, why="rows were read of another log, which was at that change")


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
    return cursor.after(entries[-1].n, entries[-1].tag)
