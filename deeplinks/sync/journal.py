"""The journal: an outbox and a local copy in a file. It hears every change before it counts, and may refuse it.

The sync room. Invariants, each with what holds it:

- what the setter of a stored association has accepted is in the file: `keep` raises before memory counts it;
- one verb, one `together()`, one batch, one page is one transaction of the file: `LocalFile.write`;
- a change is in the file until a batch has it, and that until its log entries are in the copy: `seal`, `take_entries`;
- the file never holds more than it may: `_check_room`.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import orjson

from deeplinks.batch import Cursor, LogEntry, SnapshotRow
from deeplinks.errors import LocalFileError, OutboxFullError
from deeplinks.space import Association
from deeplinks.space.changes import ChangeSet, Entry, Group, Mark
from deeplinks.space.fields import DATA
from deeplinks.space.ledger import values
from deeplinks.storage.sqlite.copy import LocalCopy
from deeplinks.storage.sqlite.file import LocalFile, Record, checksum
from deeplinks.sync import records
from deeplinks.sync.aside import refusal_record
from deeplinks.sync.keeping import Unkept
from deeplinks.sync.outbox import Outbox, Sealed
from deeplinks.sync.records import CREATED, DESTROYED, Told
from deeplinks.sync.refusals import Refusal, Refusals
from deeplinks.tasks import held

MAX_CHANGES: Final = 1_000_000
MAX_BYTES: Final = 1_000_000_000
FSYNC_INTERVAL: Final = 0.05


class Journal(Unkept):
    """What one outbox keeps in one file. `max_changes` and `max_bytes` bound what waits; None is no bound."""

    def __init__(
        self,
        file: LocalFile,
        outbox: Outbox,
        refused: Refusals,
        failed: Callable[[Exception], object],
        *,
        max_changes: int | None = None,
        max_bytes: int | None = None,
    ) -> None:
        self.file = file
        self.copy = LocalCopy(file)
        self.path: Path | None = file.path
        self._outbox = outbox
        self._refused = refused
        self._failed = failed
        self._max_changes = max_changes
        self._max_bytes = max_bytes
        self._bytes = file.number("size")
        self._n = file.number("newest_change")
        self._band = file.number("newest_band")
        # The batches that are in the file, and those that were read and are there no more, by client and number.
        self._batches: dict[Sealed, tuple[str, int, bool]] = {}
        self._read: set[tuple[str, int]] = set()
        self._lengths: dict[tuple[str, int], int] = {}
        self._client = ("", 0)

    def write_anew(self, cursor: Cursor) -> None:
        """Have in the file what waits in memory, whatever it said of that."""
        outbox, waiting = self._outbox, self._outbox.ledger.waiting_set
        written = _Written(self, waiting, ChangeSet())

        def write() -> None:
            for name in ("clear_batches", "clear_changes", "clear_marks", "clear_members", "clear_refused"):
                self.file.run(name)
            self.file.set_fact("space", outbox.space_id.encode())
            self.file.set_fact("made", str(outbox.space_made).encode())
            if "cursor" not in self.file.facts:
                self.copy.move(cursor)
            written.gather_all()
            written.write()
            for refusal in self._refused:
                self._set_aside(refusal)

        self._bytes = 0
        self._batches.clear()
        self._lengths.clear()
        self.file.write(write)
        self._take_over(written)
        self.settle(outbox)

    def _take_over(self, written: _Written) -> None:
        self._n, self._band = written.n, written.band
        self._bytes += written.bytes

    # changes

    def keep(self, changes: ChangeSet, whole: bool) -> None:
        """Write what one verb or one `together()` changed, before it counts.

        Raises `OutboxFullError`, `LocalFileError` and `CorruptFileError`; then nothing was changed.
        """
        if not (changes or changes.lost):
            return
        if self.file.suspect is not None:
            self.mend()
        self._check_room(changes)
        written = _Written(self, changes, self._outbox.ledger.waiting_set)
        written.gather(whole=whole)
        if written.alone is not None:
            self.file.put("set_change", written.alone)
        else:
            self.file.write(written.write)
        self._take_over(written)

    def _check_room(self, changes: ChangeSet) -> None:
        if self._max_bytes is not None and self._bytes >= self._max_bytes:
            raise OutboxFullError(file=self.path, why=f"{self._bytes} bytes wait, and the most is {self._max_bytes}")
        most, waiting = self._max_changes, len(self._outbox)
        if most is None or waiting + len(changes) <= most:
            return
        known = self._outbox.ledger.waiting_set
        fresh = sum(1 for association, _ in changes.each() if association not in known) + len(changes.marks)
        if fresh and waiting + fresh > most:
            raise OutboxFullError(file=self.path, why=f"{waiting} changes wait, and the most is {most}")

    # batches

    def seal(self, sealed: Sealed | None, entries: Iterable[Entry], marks: Iterable[Mark]) -> None:
        """What leaves in a batch is in the file as that batch from now on."""
        ids = [entry.association.id for entry in entries]
        gone = [mark.id for mark in marks]
        if not (sealed or ids or gone):
            return
        record = b"" if sealed is None else records.batch_record(sealed.batch, Told.of(sealed))

        def write() -> int:
            freed = self._forget(ids)
            self.file.run_all("delete_mark", [(id,) for id in gone])
            if sealed is not None:
                self._add(sealed, record)
            return freed

        self._bytes -= self.file.write(write, leaving=True)
        if sealed is not None:
            self._batches[sealed] = (sealed.batch.client, sealed.batch.seq, False)

    def _forget(self, ids: Iterable[str]) -> int:
        """Nothing waits for these any more; how many bytes that were."""
        freed = 0
        for id in ids:
            freed += sum(size for (size,) in self.file.run("delete_changes_of", (id,)).fetchall())
            self.file.run("delete_member", (id,))
        return freed

    def _add(self, sealed: Sealed, record: bytes) -> None:
        client, seq = sealed.batch.client, sealed.batch.seq
        self.file.run("add_batch", (client, seq, record, checksum(record, client)))
        self._note_length(client, seq, len(record))
        self._note_client(client, seq)

    def _note_length(self, client: str, seq: int, length: int) -> None:
        self._bytes += length - self._lengths.pop((client, seq), 0)
        self._lengths[client, seq] = length

    def _drop(self, client: str, seq: int) -> None:
        self.file.run("delete_batch", (client, seq))
        self._bytes -= self._lengths.pop((client, seq), 0)

    def _note_client(self, client: str, seq: int) -> None:
        if (client, seq) != self._client:
            if client != self._client[0] and "renewing" in self.file.facts:
                self.file.set_fact("renewing", b"0")
            self._client = (client, seq)
            self.file.set_fact("client", orjson.dumps(self._client))

    def settle(self, outbox: Outbox) -> None:
        """Have the batches in the file that the outbox has."""
        now = self._batches_of(outbox)
        if now != self._batches or (outbox.client, outbox.seq) != self._client:
            self.file.write(lambda: self._bring_up(now, outbox), leaving=True)
            self._batches = now

    def _batches_of(self, outbox: Outbox) -> dict[Sealed, tuple[str, int, bool]]:
        now = {one: (one.batch.client, one.batch.seq, True) for one in outbox.acknowledged()}
        now |= {one: (one.batch.client, one.batch.seq, False) for one in outbox.sealed}
        return {one: key for one, key in now.items() if key[:2] not in self._read}

    # what was refused

    def refuse(self, outbox: Outbox, refusal: Refusal) -> None:
        """What a batch carried is set aside in the moment in which that batch is no more."""
        now = self._batches_of(outbox)

        def write() -> None:
            self._set_aside(refusal)
            self._bring_up(now, outbox)

        self.file.write(write, leaving=True)
        self._batches = now

    def note_refusal(self, refusal: Refusal) -> None:
        """More is known of what was set aside, or it was told; where somebody decided about it, it stays forgotten."""
        if refusal in self._refused:
            self.file.write(lambda: self._set_aside(refusal), leaving=True)

    def forget_refusal(self, refusal: Refusal) -> None:
        """Somebody decided about what was set aside."""
        self.file.write(lambda: self.file.run("delete_refused", (refusal.client, refusal.seq)), leaving=True)

    def _set_aside(self, refusal: Refusal) -> None:
        client, seq, record = refusal.client, refusal.seq, refusal_record(refusal)
        self.file.run("set_refused", (client, seq, record, checksum(record, client)))

    def set_back(self, outbox: Outbox) -> None:
        """The storage may have lost what was read of it: whatever is to be sent is in the file again."""
        self._read.clear()
        self.settle(outbox)

    def _bring_up(self, now: dict[Sealed, tuple[str, int, bool]], outbox: Outbox) -> None:
        for sealed, (client, seq, _) in self._batches.items():
            if sealed not in now or now[sealed][:2] != (client, seq):
                self._drop(client, seq)
        for sealed, (client, seq, acknowledged) in now.items():
            known = self._batches.get(sealed)
            if known is None or known[:2] != (client, seq):
                self._add(sealed, records.batch_record(sealed.batch, Told.of(sealed)))
            if acknowledged and not (known and known[2]):
                self.file.run("acknowledge_batch", (client, seq))
        self._note_client(outbox.client, outbox.seq)

    def known_batch(self, sealed: Sealed, acknowledged: bool) -> None:
        """A batch that came out of the file."""
        batch = sealed.batch
        self._batches[sealed] = (batch.client, batch.seq, acknowledged)
        self._lengths[batch.client, batch.seq] = len(records.batch_record(batch, Told.of(sealed)))

    def known_client(self, client: str, seq: int) -> None:
        """Who sends, as it is in the file."""
        self._client = (client, seq)

    # the disk

    def wait(self) -> None:
        """Wait until all that was accepted is on the disk. Raises `LocalFileError`."""
        self.file.check_owned()
        try:
            self.file.bring_to_disk()
        except LocalFileError:
            with self._outbox.lock:
                self.mend()

    def mend(self) -> None:
        """After an error of the disk: the file is opened and looked at anew, and has again what waits in memory.

        Raises `LocalFileError` while the disk fails still, and `CorruptFileError`.
        """
        error = self.file.suspect
        if error is None:
            return
        try:
            self.file.reopen()
            self.file.write(lambda: self.copy.check(self._outbox.space_id))
            self.write_anew(Cursor.start(self._outbox.space_id))
            self.file.bring_to_disk()
        except LocalFileError as late:
            self.file.suspect = late
            raise
        self._failed(error)

    async def synced(self) -> None:
        """Return when all that was accepted is on the disk. Raises `LocalFileError`."""
        self.file.check_owned()
        if self.file.syncer.done:
            return
        try:
            await asyncio.wrap_future(self.file.soon())
        except (OSError, sqlite3.Error):
            async with held(self._outbox.lock):
                self.mend()

    # reading

    def take_rows(self, rows: Sequence[SnapshotRow]) -> None:
        """Rows of a snapshot: what is changed of what is seen finds it there the next time."""
        self.file.write(lambda: self.copy.take_rows(rows), leaving=True)

    def take_page(self, cursor: Cursor) -> None:
        """How far a snapshot was read."""
        self.file.write(lambda: self.copy.take_page(cursor), leaving=True)

    def take_entries(self, entries: Sequence[LogEntry]) -> None:
        """A transaction of the log, and what it ends: own batches that are read, changes of what is gone."""
        space, last = self._outbox.space_id, entries[-1]
        own = {(entry.client, entry.seq) for entry in entries if entry.client and entry.seq is not None}
        own &= {key[:2] for key in self._batches.values()}
        gone = [entry.id for entry in entries if entry.operation == "delete" and entry.table == "links"]

        def write() -> int:
            self.copy.take_entries(entries, self.copy.cursor(space).after(last.n, last.tag))
            for client, seq in own:
                self._drop(client, seq)
            return self._forget(gone)

        self._bytes -= self.file.write(write, leaving=True)
        self._batches = {one: key for one, key in self._batches.items() if key[:2] not in own}
        self._read |= own

    def move(self, cursor: Cursor) -> None:
        """All up to there was read."""
        if self.copy.cursor(cursor.space) != cursor:
            self.file.write(lambda: self.copy.move(cursor), leaving=True)

    def begin_again(self, cursor: Cursor) -> None:
        """All is read anew; what is here stays until that is done."""
        self.file.write(lambda: self.copy.begin(cursor), leaving=True)


class _Written:
    """What one change set is in the file: gathered first, then written; nothing of the journal is touched by it.

    `over` is what waits already.
    """

    def __init__(self, journal: Journal, changes: ChangeSet, over: ChangeSet) -> None:
        self.n = journal._n
        self.band = journal._band
        self.bytes = 0
        self.alone: Record | None = None
        self._file = journal.file
        self._known = journal._outbox.ledger.known
        self._changes = changes
        self._over = over
        self._cleared: list[str] = []
        self._set: list[tuple[str, str, int, bytes, int]] = []
        self._members: list[tuple[str, int]] = []
        self._bands: dict[Mark, int] = {}
        self._expects: dict[str, dict[str, int]] = {}

    def gather(self, *, whole: bool) -> None:
        """Make the records; `whole`: they are one group."""
        for association in self._changes.lost:
            self._cleared.append(association.id)
        for association, entry in self._changes.each():
            self._gather(association, entry)
        if whole and (len(self._changes) > 1 or self._changes.expects):
            self.band += 1
            self._members = [(association.id, self.band) for association, _ in self._changes.each()]
            self._bands = dict.fromkeys(self._changes.marks, self.band)
            if self._changes.expects:
                self._expects[str(self.band)] = self._changes.expects
        elif len(self._set) == 1 and not (self._cleared or self._changes.marks):
            self.alone = self._set[0]

    def gather_all(self) -> None:
        """Make the records of all that waits, with the groups that it is in."""
        bands: dict[Group, int] = {}
        for association, entry in self._changes.each():
            self._gather(association, entry)
            if entry is not None and entry.group is not None:
                band = bands.setdefault(entry.group.whole(), self.band + len(bands) + 1)
                self._members.append((association.id, band))
                if expects := entry.group.whole().expects:
                    self._expects[str(band)] = expects
        for mark in self._changes.marks:
            if mark.group is not None:
                self._bands[mark] = bands.get(mark.group.whole(), 0)
        self.band += len(bands)

    def _gather(self, association: Association, entry: Entry | None) -> None:
        if entry is None or entry.created:
            self._create(association, (entry and entry.final) or values(association))
        elif entry.destroyed:
            self._destroy(association)
        else:
            self._change(association, entry)

    def _create(self, association: Association, now: dict[str, object]) -> None:
        if association in self._over:
            self._cleared.append(association.id)
        self._add(association.id, CREATED, records.created_record(association, now))
        if now[DATA] is not None:
            self._add(association.id, DATA, records.field_record(association, DATA, now[DATA], None))

    def _destroy(self, association: Association) -> None:
        if association in self._over:
            self._cleared.append(association.id)
        if association in self._known:
            self._add(association.id, DESTROYED, b"")

    def _change(self, association: Association, entry: Entry) -> None:
        now = entry.final or values(association)
        # Of what no storage has heard of, nobody asks what it was.
        heard = association in self._known
        for name, old in entry.old.items():
            if association in self._over:
                key = association.id, name
                self.bytes -= sum(size for (size,) in self._file.run("size_of_change", key).fetchall())
            self._add(association.id, name, records.field_record(association, name, now[name], old if heard else None))

    def _add(self, id: str, field: str, record: bytes) -> None:
        self.n += 1
        self.bytes += len(record)
        self._set.append((id, field, self.n, record, checksum(record, id, field)))

    def write(self) -> None:
        """Write them, as a part of a transaction."""
        for id in self._cleared:
            self.bytes -= sum(size for (size,) in self._file.run("delete_changes_of", (id,)).fetchall())
            self._file.run("delete_member", (id,))
        self._file.run_all("set_change", self._set)
        self._file.run_all("add_member", self._members)
        if self._expects:
            kept = records.expectations(self._file.facts) if self._over else {}
            self._file.set_fact(records.EXPECTS, orjson.dumps(kept | self._expects))
        for mark in self._changes.marks:
            self._mark(mark)

    def _mark(self, mark: Mark) -> None:
        waiting = self._over.mark_waiting(mark.id)
        if waiting is None:
            self.n += 1
            record = records.mark_record(mark, self._bands.get(mark, 0))
            self._file.run("set_mark", (mark.id, self.n, record, checksum(record, mark.id)))
        elif waiting.set and not mark.set:
            self._file.run("delete_mark", (mark.id,))
