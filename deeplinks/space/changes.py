"""The change set: which associations changed, field by field, each with its first old value.

The space room. It knows no storage's rows; a synchronizer takes from it, whole groups at a time, in order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence, Set
from typing import TYPE_CHECKING, TypeAlias

from deeplinks.space.fields import DATA
from deeplinks.space.values import text_bytes

if TYPE_CHECKING:
    from deeplinks.space.association import Association

# What happened to an association, short: that it is to be written whole is its order alone, that its rows are to go is its
# order below zero, and one changed field is its order, the field and what it was. Of these there are many at once.
Kept: TypeAlias = "Entry | int | tuple[int, str, object]"

# What is sent whole must fit one request; an entry without its text takes about so much of it.
MOST_BYTES = 32 * 1024 * 1024
BATCH_BYTES = 8 * 1024 * 1024
ENTRY_BYTES = 450


class Group:
    """What one `together()` changed, and every group that changed one of the same associations: sent whole."""

    __slots__ = ("_joined", "bytes", "entries", "expects")

    def __init__(self, bytes: int = 0, expects: dict[str, int] | None = None) -> None:
        # At which change of a storage's log something was seen that nobody else may have changed since.
        self.expects = expects
        self._joined: Group | None = None
        self.entries: dict[Entry, None] = {}
        # About how much it is to send, known before the first entry is in.
        self.bytes = bytes

    def whole(self) -> Group:
        """The group that this one has become part of."""
        group = self
        while group._joined is not None:
            group = group._joined
        return group

    def join(self, other: Group) -> Group:
        """Make one of two, the smaller into the larger."""
        one, two = self.whole(), other.whole()
        if one is two or one.bytes + two.bytes > MOST_BYTES:
            # Together they would be more than one request carries: what both changed goes with the first.
            return one
        large, small = (one, two) if len(one.entries) >= len(two.entries) else (two, one)
        for entry in small.entries:
            large.entries[entry] = None
            entry.group = large
        large.bytes += small.bytes
        large.expects = earliest(large.expects, small.expects)
        small.entries.clear()
        small._joined = large
        return large


def earliest(one: dict[str, int] | None, other: dict[str, int] | None) -> dict[str, int] | None:
    """Both expectations; of two of one association the earlier."""
    if not one or not other:
        return one or other
    return one | {id: min(n, one.get(id, n)) for id, n in other.items()}


class Entry:
    """What happened to one association since it was last taken.

    `old` maps a field to the value it had first; `final` holds the values as they were when storing ended.
    """

    __slots__ = ("association", "created", "destroyed", "final", "group", "old", "order")

    def __init__(self, association: Association, order: int) -> None:
        self.association = association
        self.order = order
        self.created = False
        self.destroyed = False
        self.old: dict[str, object] = {}
        self.final: dict[str, object] | None = None
        self.group: Group | None = None

    def note(self, field: str, old: object) -> None:
        """Remember that a field changed, and what it was before the first change."""
        self.old.setdefault(field, old)

    def weight(self) -> int:
        """About how many bytes it takes to tell a storage."""
        if self.destroyed or not (self.created or DATA in self.old):
            return ENTRY_BYTES
        data = self.final[DATA] if self.final else self.association.own_data()
        return ENTRY_BYTES + text_bytes(data)

    def enter(self, group: Group) -> None:
        """Become part of a group, joining it with the one it is in."""
        self.group = self.group.join(group) if self.group else group.whole()
        self.group.entries[self] = None


class Mark:
    """A typed mark set or taken away: a link of the type TypedTrue or TypedFalse from the type to itself."""

    __slots__ = ("group", "id", "kind", "order", "set", "type")

    def __init__(self, id: str, kind: str, type: Association, order: int, set: bool) -> None:
        self.id = id
        self.kind = kind
        self.type = type
        self.order = order
        self.set = set
        self.group: Group | None = None

    def goes_with(self, groups: Set[Group]) -> bool:
        """Whether it is to be sent with these groups: with its own, or at once where that has nothing else left."""
        group = self.group.whole() if self.group else None
        return group is None or not group.entries or group in groups


class ChangeSet:
    """What changed and was not taken yet, one entry an association, in the order of first changes."""

    def __init__(self, first_order: int = 1) -> None:
        # Short until somebody looks, or more happens.
        self._entries: dict[Association, Kept] = {}
        self._marks: dict[str, Mark] = {}
        # Inside together(): what a storage said is gone, so that what waits outside is forgotten at the end.
        self._lost: dict[Association, None] = {}
        # Of what is noted here, inside together(), all or nothing: if these are still as they were at that change.
        self.expects: dict[str, int] | None = None
        self.last_order = first_order - 1

    def __len__(self) -> int:
        return len(self._entries) + len(self._marks)

    def each(self) -> Iterator[tuple[Association, Entry | None]]:
        """Who changed and how; None stands for what is to be written whole and did not change since."""
        for association, entry in self._entries.items():
            yield association, None if _is_whole(entry) else self._entry(association, entry)

    @property
    def marks(self) -> Collection[Mark]:
        """The typed marks that wait."""
        return self._marks.values()

    @property
    def lost(self) -> Collection[Association]:
        """Of whom nothing is to be told any more, also of what waits around this set."""
        return self._lost

    def __contains__(self, association: Association) -> bool:
        return association in self._entries

    def mark_waiting(self, id: str) -> Mark | None:
        """The typed mark of that id, if it waits."""
        return self._marks.get(id)

    def __iter__(self) -> Iterator[Entry]:
        return (self._entry(association, entry) for association, entry in self._entries.items())

    def last_order_of(self, association: Association) -> int:
        """The order of the last thing that waits for an association, its typed marks too; 0 where nothing does."""
        entry = self._entries.get(association, 0)
        marks = [mark.order for mark in self._marks.values() if mark.type is association]
        return max((_order(entry), *marks))

    def get(self, association: Association) -> Entry | None:
        """The entry of an association, if it changed."""
        entry = self._entries.get(association)
        return entry if entry is None else self._entry(association, entry)

    def _entry(self, association: Association, kept: Kept) -> Entry:
        if isinstance(kept, Entry):
            return kept
        entry = self._entries[association] = _whole(association, kept)
        return entry

    def holds_mark(self, id: str) -> bool:
        """Whether a typed mark of that id waits."""
        return id in self._marks

    def entry(self, association: Association) -> Entry:
        """The entry of an association, made if there is none."""
        entry = self.get(association)
        if entry is None:
            self.last_order += 1
            entry = self._entries[association] = Entry(association, self.last_order)
        return entry

    def note(self, association: Association, field: str, old: object) -> None:
        """Remember that a field changed, and what it was before the first change."""
        entry = self._entries.get(association)
        if entry is None:
            order = self.last_order = self.last_order + 1
            self._entries[association] = (order, field, old)
        elif not (isinstance(entry, tuple) and entry[1] == field):
            self._entry(association, entry).note(field, old)

    def create(self, association: Association) -> None:
        """The whole association is to be written."""
        entry = self._entries.get(association)
        if entry is None:
            self.last_order += 1
            self._entries[association] = self.last_order
        elif not (isinstance(entry, int) and entry > 0):
            entry = self._entry(association, entry)
            entry.created = True
            entry.final = None

    def create_all(self, associations: Sequence[Association]) -> None:
        """The same for many."""
        if not self._entries.keys().isdisjoint(associations):
            for association in associations:
                self.create(association)
            return
        first = self.last_order + 1
        self.last_order += len(associations)
        self._entries.update(zip(associations, range(first, self.last_order + 1), strict=True))

    def weight(self) -> int:
        """About how many bytes it takes to tell a storage all of it."""
        if not self:
            return 0
        return sum(entry.weight() for entry in self) + ENTRY_BYTES * len(self._marks)

    def destroy(self, association: Association, *, known: bool) -> None:
        """Its rows are to go; if they were never sent (not `known`), there is nothing to tell."""
        if not known:
            self.discard(association)
            return
        entry = self._entries.get(association)
        if entry is None:
            order = self.last_order = self.last_order + 1
            self._entries[association] = -order
            return
        entry = self._entry(association, entry)
        entry.destroyed = True
        entry.old.clear()

    def mark(self, id: str, kind: str, type: Association, set: bool) -> None:
        """A typed mark is to be written, or its row is to go; one that was never sent leaves no trace."""
        waiting = self._marks.get(id)
        if not set and waiting and waiting.set:
            del self._marks[id]
        if waiting:
            return
        self.last_order += 1
        self._marks[id] = Mark(id, kind, type, self.last_order, set)

    def first_order(self) -> int:
        """The order of the first thing that waits; past the last one when nothing does."""
        entry = next(iter(self._entries.values()), None)
        mark = next(iter(self._marks.values()), None)
        orders = [_order(waiting) for waiting in (entry, mark) if waiting is not None]
        return min(orders, default=self.last_order + 1)

    def take(self, most: int, most_bytes: int) -> tuple[list[Entry], list[Mark]]:
        """Take the first entries, as many as that, and whole groups, and the marks; each in the order of first changes."""
        taken: dict[Entry, None] = {}
        bytes = 0
        for entry in self:
            if entry in taken:
                continue
            group = entry.group.whole() if entry.group else None
            bytes += group.bytes if group else entry.weight()
            if taken and (len(taken) >= most or bytes > most_bytes):
                break
            taken.update(group.entries if group else {entry: None})
        for entry in taken:
            del self._entries[entry.association]
        if not self._entries:
            # A dict keeps the room it once needed.
            self._entries = {}
        groups = {entry.group.whole() for entry in taken if entry.group}
        marks = [mark for mark in self._marks.values() if not taken or mark.goes_with(groups)]
        for mark in marks:
            del self._marks[mark.id]
        return sorted(taken, key=_by_order), marks

    def put_back(self, entries: list[Entry], marks: list[Mark]) -> None:
        """Have what was taken wait again, before what waits now."""
        later = self._entries
        self._entries = {entry.association: entry for entry in entries}
        for association, kept in later.items():
            early = self.get(association)
            if early is None:
                self._entries[association] = kept
            else:
                entry = kept if isinstance(kept, Entry) else _whole(association, kept)
                self._absorb(entry)
                early.destroyed = early.destroyed or entry.destroyed
        self._marks = {mark.id: mark for mark in marks} | self._marks

    def merge(self, other: ChangeSet, group: Group | None, known: Set[Association] | None) -> None:
        """Take over what another set, noted after this one, holds; as a group if one is given.

        `known` is what the storage has; None where that is not the question yet: an outer set keeps what was destroyed,
        for the sets around it.
        """
        if group is None:
            self.expects = earliest(self.expects, other.expects)
        for lost in other._lost:
            self.discard(lost)
        if known is None:
            self._lost.update(other._lost)
        for association, kept in other._entries.items():
            if group is None and _is_whole(kept):
                self.create(association)
                continue
            late = other._entry(association, kept)
            if late.destroyed:
                self.destroy(late.association, known=known is None or late.association in known)
            else:
                self._absorb(late)
            entry = self.get(late.association) if group else None
            if entry and group:
                entry.enter(group)
        for mark in other._marks.values():
            self.mark(mark.id, mark.kind, mark.type, mark.set)
            if mark.id in self._marks:
                self._marks[mark.id].group = group

    def _absorb(self, late: Entry) -> None:
        entry = self.entry(late.association)
        if late.created:
            entry.created = True
        entry.final = late.final
        for field, old in late.old.items():
            entry.note(field, old)

    def lose(self, association: Association, *, apart: bool) -> None:
        """Forget what waits for an association that a storage said is gone; `apart`: also in the set around this one."""
        self.discard(association)
        if apart:
            self._lost[association] = None

    def discard(self, association: Association) -> bool:
        """Forget what waits for an association; whether anything did."""
        entry = self._entries.pop(association, None)
        if isinstance(entry, Entry) and entry.group:
            entry.group.whole().entries.pop(entry, None)
        return entry is not None


def _is_whole(kept: Kept) -> bool:
    """Whether it is to be written whole, and did not change since."""
    return isinstance(kept, int) and kept > 0


def _whole(association: Association, kept: int | tuple[int, str, object]) -> Entry:
    if isinstance(kept, tuple):
        order, field, old = kept
        entry = Entry(association, order)
        entry.old[field] = old
        return entry
    entry = Entry(association, abs(kept))
    entry.created, entry.destroyed = kept > 0, kept < 0
    return entry


def _order(waiting: Kept | Mark) -> int:
    if isinstance(waiting, int):
        return abs(waiting)
    return waiting[0] if isinstance(waiting, tuple) else waiting.order


def _by_order(entry: Entry) -> int:
    return entry.order
