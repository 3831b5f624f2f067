"""The outbox: what changed here and is not known to be written there yet.

The sync room. It decides what is sent, with no clock and no network. Invariants, each with what holds it:

- a batch is frozen before its first send: `Batch.seal` keeps its bytes; `content` is not touched afterwards;
- batches leave in order, one at a time: `sealed` is a queue and `settle` takes its first only;
- nothing is forgotten before it is acknowledged: what can't be sealed goes back, and only `settle` removes a batch;
- a field is pending from its setter until the log was read past its batch: `_carrying` has it from sealing to reading;
- a batch that did nothing to a field leaves it to what others wrote: `_bases` has that until the batch was read.
"""

from __future__ import annotations

import secrets
import uuid
from collections import deque
from dataclasses import dataclass
from typing import Final

from deeplinks import tables
from deeplinks.batch import Batch, Content, Row
from deeplinks.space import Association, Deep
from deeplinks.space.changes import Entry, Mark
from deeplinks.space.fields import DATA
from deeplinks.space.ledger import Ledger, values
from deeplinks.space.values import same
from deeplinks.sync import rows

EVERYTHING: Final = "everything"
WHOLE: Final = frozenset((*tables.REFERENCES, DATA))
GONE: Final = frozenset((EVERYTHING,))


@dataclass(slots=True, eq=False)
class Sealed:
    """A sealed batch on its way: the fields it carries by id, of how many associations, and up to which noted change
    everything is in it or before it.
    """

    batch: Batch
    through: int
    associations: int
    fields: dict[str, frozenset[str]]


class Outbox:
    """What waits for one storage: an open change set, sealed batches, and those whose log entries were not read."""

    def __init__(self, deep: Deep, name: str) -> None:
        self.ledger: Ledger = deep.space.ledger(name)
        self.client = str(uuid.UUID(bytes=secrets.token_bytes(16), version=4))
        self.sealed: deque[Sealed] = deque()
        self._deep = deep
        self._seq = 0
        self._unread: dict[int, Sealed] = {}
        self._carrying: dict[str, tuple[Sealed, ...]] = {}
        self._bases: dict[tuple[str, str], object] = {}
        self._through = 0

    def __len__(self) -> int:
        """How many associations wait with their changes."""
        return self.ledger.waits + sum(one.associations for one in self.sealed)

    @property
    def noted(self) -> int:
        """The number of the last accepted change."""
        return self.ledger.last_order

    @property
    def written(self) -> int:
        """Everything up to this number is acknowledged."""
        if self.sealed:
            return self._through
        return self.ledger.first_order - 1

    # sending

    def next(self, most: int) -> Batch | None:
        """The batch to send: the first sealed one, or a new one of what waits. None if nothing does."""
        while not self.sealed and self.ledger.waits:
            self._seal(most)
        return self.sealed[0].batch if self.sealed else None

    def _seal(self, most: int) -> None:
        with self._deep.space.lock:
            entries, marks = self.ledger.take(most)
            try:
                self._seal_entries(entries, marks, self.ledger.first_order - 1)
            except BaseException:
                self.ledger.put_back(entries, marks)
                raise

    def _seal_entries(self, entries: list[Entry], marks: list[Mark], through: int) -> None:
        carried = _Carried(self._deep.id, self.ledger)
        for entry in entries:
            carried.add(entry)
        for mark in marks:
            carried.add_mark(mark)
        if carried.content.size:
            batch = Batch.seal(self._deep.id, self.client, self._seq + 1, carried.content)
            self._seq += 1
            self.ledger.known.update(carried.fresh)
            sealed = Sealed(batch, through, len(entries) + len(marks), carried.fields)
            self.sealed.append(sealed)
            for id in carried.fields:
                self._carrying[id] = (*self._carrying.get(id, ()), sealed)

    def settle(self, batch: Batch, there: frozenset[str] = frozenset()) -> None:
        """The first batch is acknowledged; its fields stay pending until its log entries are read.

        `there`: ids that were to be created and were there already; they are sent at once as updates (design rule 10).
        """
        if not self.sealed or self.sealed[0].batch is not batch:
            raise AssertionError(f"batch {batch.seq} is not the one that was sent")
        sealed = self.sealed.popleft()
        self._unread[batch.seq] = sealed
        with self._deep.space.lock:
            self._seal_entries(self._again(there), [], sealed.through)
        if not self.sealed:
            self._through = sealed.through

    def _again(self, there: frozenset[str]) -> list[Entry]:
        found = [self._deep.space.find(id) for id in there]
        entries = [Entry(one, 0) for one in found if one is not None and self.ledger.holds(one)]
        for entry in entries:
            entry.created = True
        return entries

    # reading one's own log

    def pending(self, id: str, name: str) -> bool:
        """Whether a field was changed here and that change was not read back yet."""
        if self._carries(id, name):
            return True
        entry = self._waiting(id)
        return entry is not None and (entry.created or entry.destroyed or name in entry.old)

    def destroying(self, id: str) -> bool:
        """Whether it was destroyed here and is only waiting to be gone there."""
        return any(EVERYTHING in sealed.fields[id] for sealed in self._carrying.get(id, ()))

    def rebase(self, id: str, name: str, value: object) -> None:
        """The storage has another value under a change that is pending: that is what it changes from now."""
        entry = self._waiting(id)
        if entry is not None and name in entry.old:
            entry.old[name] = value
        elif id in self._carrying:
            self._bases[id, name] = value

    def base(self, id: str, name: str) -> object:
        """What the storage has under a change that is pending, as far as it was read."""
        entry = self._waiting(id)
        return entry.old[name] if entry is not None and name in entry.old else self._bases.get((id, name))

    def drop(self, id: str, seq: int | None = None) -> list[str]:
        """Forget what is pending for an association that is gone there; the fields for which something was.

        Met in the log, whatever a batch still carries came after the delete; `seq` names the one batch that was told so.
        """
        association = self._deep.space.find(id)
        entry = self._waiting(id)
        names = set(WHOLE if entry and entry.created else entry.old if entry else ())
        if association is not None:
            self.ledger.discard(association)
        for sealed in self._carrying.get(id, ()):
            if seq in (None, sealed.batch.seq):
                names |= sealed.fields[id]
                self._release(sealed, id, frozenset())
        return [name for name in (*tables.REFERENCES, DATA) if name in names]

    def read(self, seq: int | None, id: str, names: tuple[str, ...]) -> None:
        """A log entry of an own batch was read: these fields are no longer pending for that batch."""
        sealed = self._batch(seq)
        if sealed is not None and id in sealed.fields:
            self._release(sealed, id, sealed.fields[id].difference(names, GONE))
            for name in names:
                if not self._carries(id, name):
                    self._bases.pop((id, name), None)

    def read_batch(self, seq: int) -> list[tuple[str, str, object]]:
        """All entries of an own batch were read: nothing of it is pending.

        Gives (id, field, value) for what it did nothing to and others had written meanwhile: that is what counts.
        """
        sealed = self._batch(seq)
        if sealed is None:
            return []
        fields = [(id, name) for id, names in sealed.fields.items() for name in names]
        for id in list(sealed.fields):
            self._release(sealed, id, frozenset())
        left = [(id, name) for id, name in fields if not self._carries(id, name) and (id, name) in self._bases]
        return [(id, name, self._bases.pop((id, name))) for id, name in left]

    def _batch(self, seq: int | None) -> Sealed | None:
        if seq in self._unread:
            return self._unread[seq]
        return next((one for one in self.sealed if one.batch.seq == seq), None)

    def _carries(self, id: str, name: str) -> bool:
        return any(not sealed.fields[id].isdisjoint((name, EVERYTHING)) for sealed in self._carrying.get(id, ()))

    def acknowledged(self) -> list[int]:
        """The batches that are acknowledged now: a reading that starts now reads all of their entries."""
        return list(self._unread)

    def read_through(self, seqs: list[int]) -> list[tuple[str, str, object]]:
        """Everything that those batches did was read. Gives what `read_batch` gives."""
        left = [found for seq in seqs for found in self.read_batch(seq)]
        for seq in seqs:
            self._unread.pop(seq, None)
        return left

    def _release(self, sealed: Sealed, id: str, left: frozenset[str]) -> None:
        """That batch carries no more than `left` of an association."""
        if left:
            sealed.fields[id] = left
            return
        del sealed.fields[id]
        carrying = tuple(one for one in self._carrying[id] if one is not sealed)
        if carrying:
            self._carrying[id] = carrying
        else:
            del self._carrying[id]

    def _waiting(self, id: str) -> Entry | None:
        association = self._deep.space.find(id)
        return self.ledger.waiting(association) if association else None


class _Carried:
    """What a batch carries, gathered entry by entry: rows as they are now, under the space's lock."""

    def __init__(self, space: str, ledger: Ledger) -> None:
        self.content = Content()
        self.fields: dict[str, frozenset[str]] = {}
        self.fresh: list[Association] = []
        self._space = space
        self._known = ledger.known

    def add(self, entry: Entry) -> None:
        """One association's changes."""
        id = entry.association.id
        if entry.destroyed:
            self.content.deletes.append(id)
            self.fields[id] = GONE
        elif entry.created:
            self._add_whole(entry, id, entry.final or values(entry.association))
        else:
            self._add_changes(id, entry, entry.final or values(entry.association))

    def _add_whole(self, entry: Entry, id: str, now: dict[str, object]) -> None:
        association = entry.association
        self.fields[id] = WHOLE
        if association in self._known:
            self.content.updates.append((id, rows.reference_columns(now)))
        else:
            self.fresh.append(association)
            self.content.links.append(rows.link_row(self._space, association, now))
        if now[DATA] is not None:
            self._upsert(id, now[DATA])
        elif association in self._known and entry.order:
            # Stored again without data: whatever it had there is over. Found there by chance, nothing is said of data.
            for table in tables.SYNCHRONIZED:
                self.content.data_deletes.setdefault(table, []).append(id)

    def _add_changes(self, id: str, entry: Entry, now: dict[str, object]) -> None:
        changed = {name: now[name] for name, old in entry.old.items() if not same(old, now[name])}
        if not changed:
            return
        self.fields[id] = frozenset(changed)
        columns = rows.reference_columns(changed)
        if columns:
            self.content.updates.append((id, columns))
        if DATA in changed:
            self._add_data(id, entry.old[DATA], changed[DATA])

    def _add_data(self, id: str, old: object, new: object) -> None:
        if new is None:
            self.content.data_deletes.setdefault(rows.table_of(old), []).append(id)
        else:
            self._upsert(id, new)

    def _upsert(self, id: str, data: object) -> None:
        self.content.data.setdefault(rows.table_of(data), []).append((id, rows.encoded(data)))

    def add_mark(self, mark: Mark) -> None:
        """A typed mark as a link from the type to itself, or the end of one."""
        if not mark.set:
            self.content.deletes.append(mark.id)
            return
        type = mark.type.id
        row: Row = {
            "id": mark.id,
            "_deep": self._space,
            "_type": tables.BUILT_INS[mark.kind],
            "_from": type,
            "_to": type,
        }
        self.content.links.append(row)
