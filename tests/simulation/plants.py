"""Planted bugs: known ways to lose, double or hide a change, each to be found by the simulation within 100 seeds.

The simulation. They are put into the product from outside, and taken out again by whoever put them in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import pytest

from deeplinks import GraphQLStorage
from deeplinks.batch import Batch, Content, LogEntry, Written
from deeplinks.errors import RewoundError, UnavailableError
from deeplinks.space.fields import DATA
from deeplinks.storage import graphql
from deeplinks.storage.memory.documents import Memory
from deeplinks.storage.memory.rules import Rules
from deeplinks.sync import outbox as sending
from deeplinks.sync import rows
from deeplinks.sync.attempts import Attempts
from deeplinks.sync.inbox import Inbox
from deeplinks.sync.journal import Journal
from deeplinks.sync.outbox import WHOLE, Outbox, Sealed
from deeplinks.sync.replica import Replica, replica_of
from deeplinks.tables import BATCHES, TOMBSTONES
from tests.simulation.backups import copied
from tests.simulation.server import Server, batch_of

Plant: TypeAlias = Callable[[pytest.MonkeyPatch], None]
PLANTS: dict[str, Plant] = {}


def plant(bug: Plant) -> Plant:
    """Known by its name."""
    PLANTS[bug.__name__] = bug
    return bug


# at the server


@plant
def memory_only_acknowledgement(patch: pytest.MonkeyPatch) -> None:
    """The server answers before the commit, and sometimes dies in between."""
    answer = Server.answer

    def answered(self: Server, who: str, document: Any, values: Mapping[str, Any]) -> dict[str, Any]:
        if batch_of(values) and self._chance.random() < 0.1:
            return Memory(copied(self.rules)).answer(document, values)
        return answer(self, who, document, values)

    patch.setattr(Server, "answer", answered)


@plant
def no_batch_id(patch: pytest.MonkeyPatch) -> None:
    """The server does not know a batch that comes again."""

    def admit(self: Rules, row: dict[str, Any]) -> None:
        self._claim(row["_deep"])
        known = self.find(BATCHES, (row["_deep"], row["client"], row["seq"]))
        if known is not None:
            self.drop(BATCHES, known)
        self._batch = row

    patch.setattr(Rules, "_admit", admit)


@plant
def no_tombstone(patch: pytest.MonkeyPatch) -> None:
    """What was deleted is forgotten, so that what comes late makes it anew."""
    put = Rules.put
    patch.setattr(Rules, "put", lambda self, table, row: None if table is TOMBSTONES else put(self, table, row))


@plant
def sequence_cursor(patch: pytest.MonkeyPatch) -> None:
    """Numbers are taken before the commit, and nobody sees that one is missing: some transactions are seen late."""
    answer, born = Server.answer, dict[tuple[int, str], float]()

    def answered(self: Server, who: str, document: Any, values: Mapping[str, Any]) -> dict[str, Any]:
        found = answer(self, who, document, values)
        if "n" in values and "limit" in values:
            kept = [row for row in found["changes"] if not hidden(self, row["tx"])]
            return found | {"changes": kept}
        return found

    def hidden(server: Server, tx: str) -> bool:
        first = born.setdefault((id(server), tx), server._loop.now)
        return int(tx) % 3 == 0 and server._loop.now - first < 0.5

    patch.setattr(Server, "answer", answered)
    patch.setattr(graphql, "_continued", lambda found, *_: [one for one in found if one.n > _[2]])


# at the sender


@plant
def unsealed_batch(patch: pytest.MonkeyPatch) -> None:
    """What is sent again has what changed since too, under the same number."""

    def failed(self: Attempts, sealed: Sealed, number: int, error: Exception) -> None:
        outbox = replica_of(self._deep, self._name).outbox
        if outbox.ledger.waits and outbox.sealed and outbox.sealed[0] is sealed:
            _add_what_waits(outbox, sealed)

    patch.setattr(Attempts, "failed", failed)


def _add_what_waits(outbox: Outbox, sealed: Sealed) -> None:
    entries, marks = outbox.ledger.take(1000)
    outbox._seal_entries(entries, marks, outbox.ledger.first_order - 1)
    if len(outbox.sealed) < 2:
        return
    late = outbox.sealed.pop()
    outbox._seq -= 1
    content = _joined(sealed.batch.content, late.batch.content)
    sealed.batch = replace(sealed.batch, content=content)
    sealed.through = late.through
    sealed.associations |= late.associations
    for id, names in late.fields.items():
        sealed.fields[id] = sealed.fields.get(id, frozenset()) | names
        outbox._carrying[id] = (sealed,)


def _joined(one: Content, other: Content) -> Content:
    tables = {*one.data, *other.data}
    return replace(
        one,
        links=one.links + other.links,
        updates=one.updates + other.updates,
        data={table: list(dict([*one.data.get(table, []), *other.data.get(table, [])]).items()) for table in tables},
        data_deletes=one.data_deletes | other.data_deletes,
        deletes=one.deletes + other.deletes,
    )


@plant
def full_row_upsert(patch: pytest.MonkeyPatch) -> None:
    """A change sends all that an association is, and undoes what others changed of it."""

    def add_changes(self: Any, id: str, entry: Any, now: dict[str, object]) -> None:
        self.fields[id] = WHOLE
        self.content.updates.append((id, rows.reference_columns(now)))
        if now[DATA] is not None:
            self._upsert(id, now[DATA])

    patch.setattr(sending._Carried, "_add_changes", add_changes)


@plant
def shared_identity(patch: pytest.MonkeyPatch) -> None:
    """All clients are one to the server."""
    patch.setattr(sending, "new_id", lambda: "00000000-0000-4000-8000-000000000001")


@plant
def acknowledged_on_send(patch: pytest.MonkeyPatch) -> None:
    """A batch that was sent counts as written."""
    write = GraphQLStorage.write

    async def written(self: GraphQLStorage, batch: Batch) -> Written:
        try:
            return await write(self, batch)
        except UnavailableError:
            return Written()

    patch.setattr(GraphQLStorage, "write", written)


@plant
def sent_again_under_a_new_number(patch: pytest.MonkeyPatch) -> None:
    """A batch whose answer was lost is taken for another one."""

    def failed(self: Attempts, sealed: Sealed, number: int, error: Exception) -> None:
        outbox = replica_of(self._deep, self._name).outbox
        if isinstance(error, UnavailableError) and len(outbox.sealed) == 1:
            outbox._seq += 1
            sealed.batch = replace(sealed.batch, seq=outbox._seq)

    patch.setattr(Attempts, "failed", failed)


@plant
def forgotten_on_leaving(patch: pytest.MonkeyPatch) -> None:
    """What was sealed and not acknowledged is gone once nobody sends any more."""
    settle = Outbox.settle

    def settled(self: Outbox, sealed: Sealed, written: Written) -> None:
        settle(self, sealed, written)
        if written.already:
            self.sealed.clear()
            self.ledger.take(1000)

    patch.setattr(Outbox, "settle", settled)


# in the file


@plant
def not_in_the_file(patch: pytest.MonkeyPatch) -> None:
    """A change that is accepted is in memory alone."""
    patch.setattr(Journal, "keep", lambda self, changes, whole: None)


@plant
def sealed_and_not_in_the_file(patch: pytest.MonkeyPatch) -> None:
    """A batch on its way is in memory alone."""
    patch.setattr(
        Journal, "_add", lambda self, sealed, record: self._note_client(sealed.batch.client, sealed.batch.seq)
    )


@plant
def read_and_not_in_the_file(patch: pytest.MonkeyPatch) -> None:
    """The file says that rows were read which it has not got."""
    patch.setattr(Journal, "take_rows", lambda self, rows: None)


# at the reader


@plant
def blind_apply(patch: pytest.MonkeyPatch) -> None:
    """What comes in is applied over what waits."""
    patch.setattr(Outbox, "pending", lambda *_: False)


@plant
def own_echo_over_newer_changes(patch: pytest.MonkeyPatch) -> None:
    """One's own older entry is applied over what was changed since."""
    apply = Inbox._apply_data

    def applied(self: Inbox, association: Any, data: object, *, foreign: bool) -> None:
        if foreign:
            apply(self, association, data, foreign=True)
        else:
            self._space.put(association, data, self._name)

    patch.setattr(Inbox, "_apply_data", applied)


@plant
def another_log_not_noticed(patch: pytest.MonkeyPatch) -> None:
    """A reader goes on in a log that was set back, as if it were the one it knows."""
    patch.setattr(graphql, "_continued", lambda found, *_: [one for one in found if one.n > _[2]])
    patch.setattr(Replica, "_check_met", lambda self, acknowledged: None)


@plant
def a_torn_snapshot_not_noticed(patch: pytest.MonkeyPatch) -> None:
    """Rows of before a backup was restored and of after it are taken for rows of one moment."""

    async def check_seen(*_: object) -> None:
        return

    patch.setattr(GraphQLStorage, "_check_seen", check_seen)
    patch.setattr(graphql, "_check_met", lambda *_, ended: None)


@plant
def floor_not_noticed(patch: pytest.MonkeyPatch) -> None:
    """A reader goes on above a floor that it has not reached."""

    def continued(found: list[LogEntry], answer: object, space: str, n: int, tag: int) -> list[LogEntry]:
        if found and found[0].n == n and tag not in (0, found[0].tag):
            raise RewoundError(space=space, n=n, why="its entry there is another one")
        return [one for one in found if one.n > n]

    patch.setattr(graphql, "_continued", continued)


@plant
def transactions_in_pieces(patch: pytest.MonkeyPatch) -> None:
    """A transaction is applied entry by entry."""
    apply = Inbox.apply_transaction

    def applied(self: Inbox, entries: Any) -> None:
        for entry in entries:
            apply(self, [entry])

    patch.setattr(Inbox, "apply_transaction", applied)


@plant
def a_delete_that_is_not_final(patch: pytest.MonkeyPatch) -> None:
    """Somebody's delete is not applied to what was changed here."""
    lose = Inbox._lose

    def lost(self: Inbox, id: str) -> None:
        if not any(self._outbox.pending(id, name) for name in WHOLE):
            lose(self, id)

    patch.setattr(Inbox, "_lose", lost)
