"""State is base plus pending changes, in order: what comes in meets what waits. No network, no clock."""

from typing import Any

import pytest

from deeplinks import Association, Deep
from deeplinks.batch import Batch, Json, LogEntry, Row, SnapshotRow, Written
from deeplinks.ids import new_id
from deeplinks.space.events import Event
from deeplinks.sync.conflicts import Conflict, Lost
from deeplinks.sync.replica import Replica, replica_of

MOMENT = "2026-01-02T03:04:05+00:00"


class Log:
    """Writes log entries as a storage would."""

    def __init__(self, deep: Deep, replica: Replica) -> None:
        self.deep = deep
        self.replica = replica
        self.n = 0

    def link(self, id: str, before: Row | None = None, by: Batch | None = None, **columns: str | None) -> None:
        """One link inserted, or updated from `before`, and read at once."""
        after: Row = self._row(id) | (before or {}) | dict(columns)
        full = None if before is None else self._row(id) | before
        self._read("links", "insert" if before is None else "update", id, full, after, by)

    def data(self, table: str, id: str, value: Json, before: Json = None, by: Batch | None = None) -> None:
        """One data row written and read at once."""
        old: Row | None = None if before is None else self._data_row(id, before)
        self._read(table, "insert" if before is None else "update", id, old, self._data_row(id, value), by)

    def delete(self, id: str, table: str = "links", by: Batch | None = None) -> None:
        """One row deleted, read at once."""
        self._read(table, "delete", id, {"id": id}, None, by)

    def _row(self, id: str) -> Row:
        nothing = dict.fromkeys(("_type", "_from", "_to", "_value"))
        return {"id": id, "_i": self.n + 1, "created_at": MOMENT, "updated_at": MOMENT, **nothing}

    def _data_row(self, id: str, value: Json) -> Row:
        return {"id": id, "_data": value, "created_at": MOMENT, "updated_at": MOMENT}

    def _read(self, table: str, what: str, id: str, before: Row | None, after: Row | None, by: Batch | None) -> None:
        self.n += 1
        writer = (by.client, by.seq) if by else (new_id(), 1)
        entry = LogEntry(self.n, self.n, 7, table, what, id, before, after, *writer)
        self.replica.inbox.apply_transaction([entry])


@pytest.fixture
def deep() -> Deep:
    return Deep()


@pytest.fixture
def replica(deep: Deep) -> Replica:
    return replica_of(deep, "database")


@pytest.fixture
def log(deep: Deep, replica: Replica) -> Log:
    return Log(deep, replica)


@pytest.fixture
def conflicts(deep: Deep) -> list[Conflict]:
    told: list[Conflict] = []

    def hear(_: Deep, conflict: Conflict) -> None:
        told.append(conflict)

    deep.signals.conflict.connect(hear, weak=False)
    return told


def sent(replica: Replica) -> Batch:
    """Seal what waits, and have it acknowledged."""
    sealed = replica.outbox.next(1000)
    assert sealed is not None
    replica.outbox.settle(sealed, Written())
    return sealed.batch


def known(log: Log, **columns: str | None) -> Association:
    """An association that came from the storage."""
    id = new_id()
    log.link(id, **columns)
    return log.deep[id]


def test_what_comes_in_is_there_with_its_references(deep: Deep, log: Log) -> None:
    target = known(log)
    link = known(log, _to=target.id)

    assert link.to is target
    assert list(target.in_) == [link]


def test_what_comes_in_is_marked_as_stored_and_is_not_written_back(log: Log, replica: Replica) -> None:
    link = known(log)

    assert link.is_stored("database")
    assert replica.outbox.next(10) is None


def test_a_foreign_value_of_a_field_nobody_changed_here_is_taken(log: Log) -> None:
    target = known(log)
    link = known(log)
    log.link(link.id, before={"_to": None}, _to=target.id)

    assert link.to is target


def test_a_change_that_waits_keeps_its_value_when_another_comes_in(log: Log) -> None:
    mine, theirs = known(log), known(log)
    link = known(log)
    link.to = mine
    log.link(link.id, before={"_to": None}, _to=theirs.id)

    assert link.to is mine


def test_a_change_that_waits_while_another_value_comes_in_is_still_written(log: Log, replica: Replica) -> None:
    mine, theirs = known(log), known(log)
    link = known(log)
    link.to = mine
    log.link(link.id, before={"_to": None}, _to=theirs.id)

    assert sent(replica).content.updates == [(link.id, {"_to": mine.id})]


def test_a_change_taken_back_is_still_written_if_another_value_came_in_meanwhile(log: Log, replica: Replica) -> None:
    other, theirs = known(log), known(log)
    link = known(log)
    link.to = other
    link.to = None
    log.link(link.id, before={"_to": None}, _to=theirs.id)

    assert sent(replica).content.updates == [(link.id, {"_to": None})]


def test_a_change_that_waits_needs_no_writing_when_the_same_value_came_in(log: Log, replica: Replica) -> None:
    target = known(log)
    link = known(log)
    link.to = target
    log.link(link.id, before={"_to": None}, _to=target.id)

    assert replica.outbox.next(10) is None


def test_a_sent_change_is_pending_until_its_own_entry_is_read(log: Log, replica: Replica) -> None:
    mine, theirs = known(log), known(log)
    link = known(log)
    link.to = mine
    batch = sent(replica)
    log.link(link.id, before={"_to": None}, _to=theirs.id)
    assert link.to is mine
    log.link(link.id, before={"_to": theirs.id}, by=batch, _to=mine.id)
    assert link.to is mine
    log.link(link.id, before={"_to": mine.id}, _to=theirs.id)

    assert link.to is theirs


def test_an_own_entry_tells_no_event(log: Log, replica: Replica) -> None:
    target = known(log)
    link = known(log)
    link.to = target
    batch = sent(replica)
    told: list[Event] = []
    link.on("to_set", told.append)
    log.link(link.id, before={"_to": None}, by=batch, _to=target.id)

    assert told == []


def test_an_own_older_entry_does_not_undo_a_newer_change(log: Log, replica: Replica) -> None:
    first, second = known(log), known(log)
    link = known(log)
    link.to = first
    batch = sent(replica)
    link.to = second
    log.link(link.id, before={"_to": None}, by=batch, _to=first.id)

    assert link.to is second
    assert sent(replica).content.updates == [(link.id, {"_to": second.id})]


def test_a_reading_that_begins_after_the_answer_ends_what_left_no_entry(log: Log, replica: Replica) -> None:
    mine, theirs = known(log), known(log)
    link = known(log)
    link.to = mine
    sent(replica)
    replica.outbox.read_through(replica.outbox.acknowledged())
    log.link(link.id, before={"_to": mine.id}, _to=theirs.id)

    assert link.to is theirs


def test_a_foreign_change_under_a_change_that_waits_is_told_with_both_values(
    log: Log, conflicts: list[Conflict]
) -> None:
    mine, theirs = known(log), known(log)
    link = known(log)
    link.to = mine
    log.link(link.id, before={"_to": None}, _to=theirs.id)

    assert conflicts == [Conflict(link.id, "to", mine.id, theirs.id, Lost.theirs, link)]


def test_data_is_a_field_like_the_others(deep: Deep, log: Log, conflicts: list[Conflict]) -> None:
    text = known(log, _type=deep.String.id)
    log.data("strings", text.id, "a")
    text.data = "mine"
    log.data("strings", text.id, "theirs", before="a")

    assert text.data == "mine"
    assert [(one.field, one.mine, one.theirs) for one in conflicts] == [("data", "mine", "theirs")]


def test_a_foreign_delete_removes_that_association_alone(log: Log) -> None:
    target = known(log)
    link = known(log, _to=target.id)
    log.delete(target.id)

    assert target.destroyed
    assert link.to is None
    assert link.to_id == target.id


def test_a_foreign_delete_drops_what_waits_and_is_a_conflict(
    log: Log, replica: Replica, conflicts: list[Conflict]
) -> None:
    link, other = known(log), known(log)
    link.to = other
    log.delete(link.id)

    assert replica.outbox.next(10) is None
    assert [(one.id, one.lost) for one in conflicts] == [(link.id, Lost.mine)]


def test_a_reference_that_arrives_before_its_target_reads_none_and_heals(log: Log) -> None:
    later = new_id()
    link = known(log, _to=later)
    assert link.to is None
    assert link.to_id == later
    log.link(later)

    assert link.to is log.deep[later]


def test_what_was_destroyed_here_does_not_come_back_by_an_older_entry(log: Log, replica: Replica) -> None:
    link, other = known(log), known(log)
    link.destroy()
    batch = sent(replica)
    log.link(link.id, before={"_to": None}, _to=other.id)
    assert log.deep.get(link.id) is None
    log.delete(link.id, by=batch)

    assert log.deep.get(link.id) is None


def test_data_that_moved_to_another_table_is_not_undone_by_the_delete_it_left(deep: Deep, log: Log) -> None:
    number = known(log, _type=deep.Number.id)
    log.data("numbers", number.id, "1.50")
    log.delete(number.id, table="strings")

    assert str(number.data) == "1.50"


def test_a_deleted_data_row_clears_the_data(deep: Deep, log: Log) -> None:
    text = known(log, _type=deep.String.id)
    log.data("strings", text.id, "a")
    log.delete(text.id, table="strings")

    assert text.data is None


def test_a_transaction_is_told_as_one(deep: Deep, replica: Replica) -> None:
    told: list[int] = []

    def hear(_: Deep, changes: tuple[Any, ...]) -> None:
        told.append(len(changes))

    deep.signals.changed.connect(hear)
    row: Row = dict.fromkeys(("_type", "_from", "_to", "_value"))
    times: Row = {"_i": 1, "created_at": MOMENT, "updated_at": MOMENT}
    entries = [
        LogEntry(n, 9, 1, "links", "insert", id, None, row | times, None, None)
        for n, id in enumerate((new_id(), new_id()), 1)
    ]
    replica.inbox.apply_transaction(entries)

    assert told == [2]


def test_a_mark_of_a_type_comes_in_as_a_mark_and_not_as_a_link(deep: Deep, log: Log) -> None:
    type = known(log)
    mark = new_id()
    log.link(mark, _type=deep.TypedTrue.id, _from=type.id, _to=type.id)

    assert type.is_stored("database", "typed_true")
    assert mark not in deep.ids
    assert len(type.out) == 0


def test_a_mark_that_is_gone_there_is_gone_here(deep: Deep, log: Log) -> None:
    type = known(log)
    mark = new_id()
    log.link(mark, _type=deep.TypedTrue.id, _from=type.id, _to=type.id)
    log.delete(mark)

    assert not type.is_stored("database", "typed_true")


def test_a_snapshot_row_of_what_waits_leaves_the_value_here(deep: Deep, log: Log, replica: Replica) -> None:
    mine, theirs = known(log), known(log)
    link = known(log)
    link.to = mine
    row: Row = {"id": link.id, "_i": 3, "_type": None, "_from": None, "_to": theirs.id, "_value": None}
    replica.inbox.apply_snapshot([SnapshotRow("links", row | {"created_at": MOMENT, "updated_at": MOMENT})])

    assert link.to is mine
    assert sent(replica).content.updates == [(link.id, {"_to": mine.id})]


def test_times_are_those_of_the_storage_and_the_later_row_counts(deep: Deep, log: Log, replica: Replica) -> None:
    text = known(log, _type=deep.String.id)
    later = "2026-01-02T03:04:06.5+00:00"
    row: Row = {"id": text.id, "_data": "a", "updated_at": later}
    replica.inbox.apply_snapshot([SnapshotRow("strings", row)])

    assert text.created_at.isoformat() == MOMENT
    assert text.updated_at.isoformat() == "2026-01-02T03:04:06.500000+00:00"
