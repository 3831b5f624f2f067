"""The inbox: what a storage tells becomes the space's state; base plus pending changes, in order (design rule 4).

The sync room. It decides what an incoming row means here, with no clock and no network. Invariants:

- a pending field keeps the value it has here, and what it changes from moves: `_apply_field`;
- an own entry ends its own field's pending, and the end of its transaction that of the whole batch: `apply_transaction`;
- a delete is final: `_delete` drops what waits and tells a conflict if anything did;
- nothing that comes in goes out again: every change is made with the storage's name as its origin.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence, Set
from contextlib import contextmanager

from deeplinks import tables
from deeplinks.batch import Json, LogEntry, SnapshotRow
from deeplinks.errors import SignalLoopError, StaleError
from deeplinks.space import Association, Deep
from deeplinks.space.fields import DATA, FIELDS, Field
from deeplinks.space.ledger import TYPED, StorageMarker
from deeplinks.space.policies import merges
from deeplinks.space.values import NOTHING, same
from deeplinks.sync import rows
from deeplinks.sync.conflicts import Conflict, Lost, tell, told_apart
from deeplinks.sync.merging import settle
from deeplinks.sync.outbox import Outbox, Sealed

MARK_TYPES = {tables.BUILT_INS[kind]: marker for marker, kind in TYPED.items()}
BY_NAME = {field.name: field for field in FIELDS}
COLUMNS = tuple(f"_{field.name}" for field in FIELDS)
Image = Mapping[str, Json]


class Seen:
    """The ids of the rows of a snapshot, and the batches that were acknowledged before it began."""

    def __init__(self, before: frozenset[Sealed]) -> None:
        self.before = before
        self.links: set[str] = set()
        self.marks: set[str] = set()
        self.data: set[str] = set()

    def note(self, rows: Iterable[SnapshotRow]) -> None:
        """Rows that it has."""
        for item in rows:
            self._of(item).add(str(item.row["id"]))

    def _of(self, item: SnapshotRow) -> set[str]:
        if item.table != "links":
            return self.data
        return self.marks if item.row["_type"] in MARK_TYPES else self.links


class Inbox:
    """Applies rows and log entries of one storage to a space."""

    def __init__(self, deep: Deep, outbox: Outbox) -> None:
        self._deep = deep
        self._space = deep.space
        self._outbox = outbox
        self._name = outbox.ledger.name
        self._ledger = outbox.ledger
        # What the last snapshot lacked and stays, as the batch that makes it may have come too late for it. Or too early:
        # then it was gone before the snapshot began, and nothing in the log after it says so.
        self._spared: set[str] = set()
        self._spared_marks: set[str] = set()

    # snapshot

    def apply_snapshot(self, page: Sequence[SnapshotRow]) -> None:
        """Rows as they stand: what is new is made, what is known is brought up to date."""
        if self._spared or self._spared_marks:
            self._meet((str(item.row["id"]), item.row) for item in page if item.table == "links")
        with self._space.lock:
            for item in page:
                with self._guarded():
                    self._take(item)

    def _take(self, item: SnapshotRow) -> None:
        if item.table != "links":
            self._take_data(item.table, item.row)
        elif not self._plant(item.row):
            self._take_link(item.row)

    @contextmanager
    def _guarded(self) -> Generator[None]:
        """Receivers that answer each other for ever are ended, and what was read stays read: it is no fault of theirs."""
        try:
            yield
        except SignalLoopError as error:
            told_apart(self._deep, error)

    def prune(self, seen: Seen) -> None:
        """After a snapshot that was read over what is known: what the storage has no more goes here too.

        What was written since it began, and what waits, comes after it and stays.
        """
        with self._guarded(), self._space.together():
            self._spared.clear()
            self._spared_marks.clear()
            for marker_id in [id for marked in self._ledger.typed.values() for ids in marked.values() for id in ids]:
                if marker_id in seen.marks:
                    continue
                if self._outbox.carries_mark(marker_id, seen.before):
                    self._spared_marks.add(marker_id)
                else:
                    self._ledger.remove_mark(marker_id)
            for association in list(self._ledger.known):
                if association.id in seen.links:
                    self._prune_data(association, seen.data)
                elif self._outbox.creating(association.id, seen.before):
                    self._spared.add(association.id)
                else:
                    self._lose(association.id)

    def _prune_data(self, association: Association, data: Set[str]) -> None:
        if association.id not in data and self._follows(association):
            self._apply_data(association, NOTHING, foreign=False)

    def _plant(self, row: Image) -> bool:
        """Make a new association at once, where nobody listens and nothing waits; whether that was so."""
        id = str(row["id"])
        if row["_type"] in MARK_TYPES or not self._space.quiet():
            return False
        if self._space.find(id) or self._dead(id) or id in self._ledger.unplaced or not self._space.nobodys_type(id):
            return False
        association = self._space.plant(id, (row[column] for column in COLUMNS), self._name)  # pyright: ignore[reportArgumentType]
        _note_row(association, row)
        return True

    def _take_link(self, row: Image) -> None:
        id = str(row["id"])
        marker = MARK_TYPES.get(str(row["_type"]))
        if marker is not None:
            self._take_mark(id, marker, row)
        elif not self._dead(id):
            association = self._space.find(id) or self._space.place(id, self._name)
            self._ledger.known.add(association)
            if not self._follows(association):
                return
            _note_row(association, row)
            for field in FIELDS:
                self._apply_field(association, field, row[f"_{field.name}"], foreign=False)

    def _take_data(self, table: str, row: Image) -> None:
        association = self._space.find(str(row["id"]))
        if association is None or not self._follows(association):
            return
        association.touch(str(row["updated_at"]))
        self._apply_data(association, rows.decoded(table, row["_data"]), foreign=False)

    # log

    def apply_transaction(self, entries: Iterable[LogEntry]) -> None:
        """The log entries of one transaction, told as one."""
        entries = list(entries)
        if self._spared or self._spared_marks:
            links = (entry for entry in entries if entry.table == "links")
            self._meet((entry.id, entry.after or entry.before or {}) for entry in links)
        sealed = self._own_whole(entries)
        if sealed is not None:
            with self._space.lock:
                self._confirm(entries, sealed)
            return
        with self._guarded(), self._space.together():
            own: set[int] = set()
            for entry in entries:
                self._apply(entry)
                self._outbox.versions.note(entry.id, entry.n, own=entry.client == self._outbox.client)
                if entry.client == self._outbox.client and entry.seq is not None:
                    own.add(entry.seq)
            # A batch is one transaction: what left no entry here, it did nothing to.
            for seq in own:
                self.restore(self._outbox.read_batch(seq))
        self._outbox.versions.read = entries[-1].n

    def spare(self, ids: Iterable[str], marks: Iterable[str]) -> None:
        """What is on its way, and not among the rows that were read."""
        self._spared.update(ids)
        self._spared_marks.update(marks)

    def _meet(self, links: Iterable[tuple[str, Image]]) -> None:
        for id, row in links:
            # A link of that id is no mark, whoever made it.
            spared = self._spared_marks if row.get("_type") in MARK_TYPES else self._spared
            spared.discard(id)

    def _own_whole(self, entries: list[LogEntry]) -> Sealed | None:
        """The own batch that this transaction is, if all that it was sent for took effect."""
        first = entries[0]
        if any(entry.client != self._outbox.client or entry.seq != first.seq for entry in entries):
            return None
        return self._outbox.whole(first.seq)

    def _confirm(self, entries: list[LogEntry], sealed: Sealed) -> None:
        """Nothing to apply: it is what it is here. What the storage alone knows is noted, its order and its times."""
        versions = self._outbox.versions
        versions.read = entries[-1].n
        for entry in entries:
            association = sealed.associations.get(entry.id)
            versions.note(entry.id if association is None else association.id, entry.n, own=True)
            if entry.operation == "delete" and entry.table == "links":
                self._delete(entry, own=True)
            elif association is not None and entry.after is not None and not association.destroyed:
                if entry.table == "links":
                    _note_row(association, entry.after)
                else:
                    association.touch(str(entry.after["updated_at"]))
            elif self._came_back(entry, sealed):
                self._apply(entry)
        self.restore(self._outbox.confirm(sealed))

    def _came_back(self, entry: LogEntry, sealed: Sealed) -> bool:
        """Whether what it is of, or the type that it marks, was gone, and is here again with a storage that was set back."""
        mark, association = sealed.marks.get(entry.id), sealed.associations.get(entry.id)
        if mark is not None:
            return mark.type.destroyed
        return association is not None and association.destroyed and self._space.find(entry.id) is not None

    def settle(self, batches: list[Sealed]) -> None:
        """All that these own batches did was read. What they were to change and was not there is gone, whoever told it."""
        with self._space.lock:
            self._outbox.read_anew()
            self.restore(self._outbox.read_through(batches))
            lost = [id for sealed in batches for id in sealed.lost]
            for id in (*lost, *self._never_told(batches)):
                with self._guarded():
                    if not self._ledger.remove_mark(id):
                        self._lose(id)

    def _never_told(self, batches: list[Sealed]) -> list[str]:
        """What these batches made, and neither the snapshot had nor the log after it: it was gone when that began."""
        made = [id for sealed in batches for id in sealed.associations if id in self._spared]
        made += [id for sealed in batches for id in sealed.marks if id in self._spared_marks]
        return [id for id in dict.fromkeys(made) if not self._on_its_way(id)]

    def _on_its_way(self, id: str) -> bool:
        return self._outbox.creating(id, frozenset()) or self._outbox.carries_mark(id, frozenset())

    def restore(self, left: Iterable[tuple[str, str, object]]) -> None:
        """Fields that an own batch did nothing to, and what others wrote to them; told as one."""
        found = list(left)
        if found:
            with self._guarded(), self._space.together():
                for id, name, value in found:
                    if self._outbox.pending(id, name):
                        self._outbox.rebase(id, name, value)
                    else:
                        self._restore_field(id, name, value)

    def show(self, again: Iterable[tuple[str, str, object]]) -> None:
        """Fields whose change is to be sent again: they are what they were set to; told as one."""
        found = list(again)
        if found:
            with self._guarded(), self._space.together():
                self.set_back(found)

    def set_back(self, left: Iterable[tuple[str, str, object]]) -> None:
        """Fields whose change was refused: they are again what the storage has, or is about to have."""
        for id, name, value in left:
            self._restore_field(id, name, value)

    def _restore_field(self, id: str, name: str, value: object) -> None:
        association = self._space.find(id)
        if association is None:
            return
        if name == DATA:
            self._space.put(association, NOTHING if value is None else value, self._name)
        else:
            self._space.point(association, BY_NAME[name], None if value is None else str(value), self._name)

    def _apply(self, entry: LogEntry) -> None:
        own = entry.client == self._outbox.client
        if entry.table != "links":
            self._apply_data_entry(entry, own)
        elif entry.operation == "delete":
            self._delete(entry, own)
        else:
            self._apply_link(entry, own)

    def _apply_link(self, entry: LogEntry, own: bool) -> None:
        after: Image = entry.after or {}
        marker = MARK_TYPES.get(str(after.get("_type")))
        if marker is not None:
            self._take_mark(entry.id, marker, after)
            return
        if own:
            self._outbox.read(entry.seq, entry.id, tables.REFERENCES)
        if self._dead(entry.id) or (own and self._space.find(entry.id) is None):
            return
        known = self._space.find(entry.id)
        if known is None and entry.before is not None:
            # Its creation was read, so it was let go of here since.
            return
        association = known or self._space.place(entry.id, self._name)
        self._ledger.known.add(association)
        if not self._follows(association):
            return
        _note_row(association, after)
        for field in _changed(entry):
            self._apply_field(association, field, after[f"_{field.name}"], foreign=not own)

    def _apply_data_entry(self, entry: LogEntry, own: bool) -> None:
        if own:
            self._outbox.read(entry.seq, entry.id, (DATA,))
        association = self._space.find(entry.id)
        if association is None or not self._follows(association):
            return
        if entry.after is not None:
            association.touch(str(entry.after["updated_at"]))
            self._apply_data(association, rows.decoded(entry.table, entry.after["_data"]), foreign=not own)
        elif self._holds_data_of(association, entry.table):
            self._apply_data(association, NOTHING, foreign=not own)

    def _holds_data_of(self, association: Association, table: str) -> bool:
        # Data that moved to another table leaves a delete behind, which must not undo the move.
        pending = self._outbox.pending(association.id, DATA)
        data = self._outbox.base(association.id, DATA) if pending else association.own_data()
        return data is not None and rows.table_of(data) == table

    def _delete(self, entry: LogEntry, own: bool) -> None:
        if self._ledger.remove_mark(entry.id):
            return
        if own:
            self._outbox.read(entry.seq, entry.id, ())
        self._lose(entry.id)

    def _lose(self, id: str) -> None:
        """The storage has that link no more."""
        association = self._space.find(id)
        self._outbox.versions.forget(id)
        if association is None:
            self._outbox.drop(id)
            return
        mine = self._outbox.accepted_values(association)
        for name in self._outbox.drop(id):
            self._tell(association, name, mine[name], None, Lost.mine)
        if self._follows(association):
            self._space.remove(association, self._name)
        else:
            # It stays here, unstored; its id is dead there.
            self._ledger.known.discard(association)
            self._ledger.purged.add(id)

    # one value

    def _apply_field(self, association: Association, field: Field, incoming: Json, *, foreign: bool) -> None:
        id = None if incoming is None else str(incoming)
        if self._space.permanent(association) and field.name == "type":
            return
        mine = getattr(association, f"{field.name}_id")
        if not self._outbox.pending(association.id, field.name):
            self._space.point(association, field, id, self._name)
            return
        base = self._outbox.base(association.id, field.name) if foreign else None
        self._outbox.rebase(association.id, field.name, id)
        if foreign:
            self._clash(association, field.name, base, mine, id)

    def _apply_data(self, association: Association, data: object, *, foreign: bool) -> None:
        mine = association.own_data()
        theirs = None if data is NOTHING else data
        if not self._outbox.pending(association.id, DATA):
            self._space.put(association, data, self._name)
            return
        base = self._outbox.base(association.id, DATA) if foreign else None
        self._outbox.rebase(association.id, DATA, theirs)
        if foreign:
            self._clash(association, DATA, base, mine, theirs)

    def _clash(self, association: Association, name: str, base: object, mine: object, theirs: object) -> None:
        """Somebody else changed what is pending here: the later commit wins, unless a policy says otherwise."""
        policy, alike = self._space.policies.of(association, name), same(mine, theirs)
        if alike and not merges(policy):
            return
        if policy is StaleError:
            self._outbox.see(association.id)
        if policy is StaleError or self._outbox.expects(association.id):
            return
        conflict = Conflict(association.id, name, mine, theirs, Lost.theirs, association)
        settled = settle(self._deep, conflict, policy, base)
        if not (alike and same(settled.merged, mine)):
            tell(self._deep, settled)

    def _follows(self, association: Association) -> bool:
        """Whether what the storage says of it counts here: not once it was unstored."""
        return association is self._deep or self._ledger.holds(association)

    def _take_mark(self, id: str, marker: StorageMarker, row: Image) -> None:
        self._ledger.place_mark(str(row["_from"]), marker, id)

    def _dead(self, id: str) -> bool:
        return id in self._ledger.purged or self._outbox.destroying(id)

    def _tell(self, association: Association, field: str, mine: object, theirs: object, lost: Lost) -> None:
        tell(self._deep, Conflict(association.id, field, mine, theirs, lost, association))


def _changed(entry: LogEntry) -> list[Field]:
    """The references that this entry set."""
    if entry.before is None or entry.after is None:
        return list(FIELDS)
    before, after = entry.before, entry.after
    return [field for field in FIELDS if before.get(f"_{field.name}") != after.get(f"_{field.name}")]


def _note_row(association: Association, row: Image) -> None:
    association.restore_order(int(row["_i"]))  # pyright: ignore[reportArgumentType]
    association.restore_times(str(row["created_at"]), str(row["updated_at"]))
