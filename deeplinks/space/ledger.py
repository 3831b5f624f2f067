"""The ledger of one storage: what of a space it is to hold (marks), and what changed since it was told.

The space room. It decides what is stored and never how: no row, no network, no clock. Design rules 9 and 10.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING

from deeplinks.errors import DestroyedError
from deeplinks.ids import new_id
from deeplinks.space.back_references import each
from deeplinks.space.changes import ChangeSet, Entry, Group, Mark
from deeplinks.space.fields import DATA, FIELDS

if TYPE_CHECKING:
    from deeplinks.space.association import Association
    from deeplinks.space.space import Space


class StorageMarker(StrEnum):
    """How an association relates to a storage; the typed ones speak of a type and all its instances."""

    one_true = "one_true"
    one_false = "one_false"
    typed_true = "typed_true"
    typed_false = "typed_false"


TYPED = {StorageMarker.typed_true: "TypedTrue", StorageMarker.typed_false: "TypedFalse"}


class Ledger:
    """What one storage is to hold, by name: marks, what it is known to have, and the change set it was not told yet.

    Precedence (design section 3): own one_false, own one_true, then the nearest type that carries a typed mark; false
    wins on one type, and a typed mark covers the type itself.
    """

    def __init__(self, space: Space, name: str) -> None:
        self.name = name
        self._space = space
        self.one: dict[StorageMarker, set[Association]] = {
            StorageMarker.one_true: set(),
            StorageMarker.one_false: set(),
        }
        self.typed: dict[StorageMarker, dict[Association, str]] = {marker: {} for marker in TYPED}
        self.known: set[Association] = set()
        self.purged: set[str] = set()
        # Typed marks of types that are not here yet: type id -> (marker, id of the mark's link).
        self.unplaced: dict[str, list[tuple[StorageMarker, str]]] = {}
        self._forgotten: dict[tuple[Association, StorageMarker], str] = {}
        self.changes = ChangeSet()
        self._outer: list[ChangeSet] = []
        self.rung = False

    # what is stored

    def holds(self, association: Association) -> bool:
        """Whether the association is stored, by its own mark or by its types'."""
        if association in self.one[StorageMarker.one_false]:
            return False
        if association in self.one[StorageMarker.one_true]:
            return True
        return bool(self.verdict(association))

    def excludes(self, association: Association) -> bool:
        """Whether a false mark, its own or the deciding type's, keeps it out."""
        if association in self.one[StorageMarker.one_false]:
            return True
        return association not in self.one[StorageMarker.one_true] and self.verdict(association) is False

    def verdict(self, association: Association | None) -> bool | None:
        """What the nearest typed mark says, from the association itself upwards; None if there is none."""
        true, false = self.typed[StorageMarker.typed_true], self.typed[StorageMarker.typed_false]
        if not (true or false):
            return None
        for type in _upwards(association):
            if type in false:
                return False
            if type in true:
                return True
        return None

    def markers(self, association: Association) -> list[StorageMarker]:
        """The association's own marks."""
        own = [marker for marker, marked in self.one.items() if association in marked]
        return own + [marker for marker, marked in self.typed.items() if association in marked]

    # marks

    def mark(self, association: Association, marker: StorageMarker) -> None:
        """Set a mark; what becomes stored by it is to be written, with what it refers to."""
        if association.id in self.purged:
            raise DestroyedError(association=association)
        reach = _and_instances(association) if marker in TYPED else [association]
        before = [(each_one, self.holds(each_one)) for each_one in reach]
        if marker in TYPED:
            self._mark_typed(association, marker)
        else:
            self.one[marker].add(association)
            self._space.journal(self.one[marker].discard, association)
        self.settle(before)

    def unmark(self, association: Association, marker: StorageMarker) -> None:
        """Take a mark away; what ends being stored keeps its row and what was changed so far."""
        reach = _and_instances(association) if marker in TYPED else [association]
        before = [(each_one, self.holds(each_one)) for each_one in reach]
        if marker in TYPED:
            self._unmark_typed(association, marker)
        else:
            self.one[marker].discard(association)
            self._space.journal(self.one[marker].add, association)
        self.settle(before)

    def _mark_typed(self, type: Association, marker: StorageMarker) -> None:
        id = new_id()
        self.typed[marker][type] = id
        self._space.journal(self.typed[marker].pop, type, None)
        self.changes.mark(id, TYPED[marker], type, set=True)

    def _unmark_typed(self, type: Association, marker: StorageMarker) -> None:
        id = self.typed[marker].pop(type)
        self._space.journal(self.typed[marker].__setitem__, type, id)
        self.changes.mark(id, TYPED[marker], type, set=False)

    def place_mark(self, type_id: str, marker: StorageMarker, id: str) -> None:
        """A typed mark that the storage has: nothing of it is to be written, but instances made here may be."""
        type = self._space.find(type_id)
        if type is None:
            self.unplaced.setdefault(type_id, []).append((marker, id))
            return
        before = [(each_one, self.holds(each_one)) for each_one in _and_instances(type)]
        self.typed[marker][type] = id
        self.settle(before)

    def remove_mark(self, id: str) -> bool:
        """A typed mark that the storage has no more. False if that id is no mark."""
        for marked in self.typed.values():
            for type, mark_id in marked.items():
                if mark_id == id:
                    before = [(each_one, self.holds(each_one)) for each_one in _and_instances(type)]
                    del marked[type]
                    self.settle(before)
                    return True
        return False

    # changes

    def note(self, association: Association, field: str, old: object) -> None:
        """A field of a stored association is about to change."""
        self.changes.entry(association).note(field, old)

    def settle(self, before: list[tuple[Association, bool]]) -> None:
        """Act on what began or ended being stored, given how it was before."""
        for association, was in before:
            holds = self.holds(association)
            if holds and not was:
                self.start(association)
            elif was and not holds:
                self.stop(association)

    def start(self, association: Association) -> None:
        """Write the association as a whole, and bring along what it refers to."""
        self.changes.create(association)
        self.bring(association)

    def stop(self, association: Association) -> None:
        """Freeze what waits: the change that ends storage is written, later ones are not."""
        entry = self.changes.get(association)
        if entry is None and self._outer:
            entry = self._unstage(association)
        if entry is not None and not entry.destroyed:
            entry.final = values(association)

    def _unstage(self, association: Association) -> Entry | None:
        """Inside together(): what waits outside it is frozen by an entry of its own that is merged at the end."""
        waiting = next((found for outer in self._outer if (found := outer.get(association))), None)
        return self.changes.entry(association) if waiting else None

    def bring(self, association: Association) -> None:
        """The save-update cascade: mark `one_true` what is referred to, all the way, short of root and built-ins."""
        stack = [association]
        while stack:
            one = stack.pop()
            for field in FIELDS:
                target = getattr(one, field.slot)
                if isinstance(target, str) or target is None or not self._brought(target):
                    continue
                stack.append(target)

    def _brought(self, target: Association) -> bool:
        if self._space.permanent(target) or self.holds(target) or self.excludes(target) or target.id in self.purged:
            return False
        self.one[StorageMarker.one_true].add(target)
        self._space.journal(self.one[StorageMarker.one_true].discard, target)
        self.changes.create(target)
        self._space.tell_stored(target, self.name, StorageMarker.one_true)
        return True

    def destroy(self, association: Association) -> None:
        """Its rows are to go, if there may be any."""
        self.changes.destroy(association, association in self.known or bool(self._outer))

    def adopt(self, association: Association) -> None:
        """The storage has this association: it came from there."""
        self.known.add(association)
        if not self.holds(association):
            self.one[StorageMarker.one_true].add(association)
        for marker, id in self.unplaced.pop(association.id, ()):
            self.place_mark(association.id, marker, id)

    def purge(self, association: Association) -> None:
        """Its row is to go, and its id is never stored here again; the association itself stays."""
        self.changes.destroy(association, association in self.known or bool(self._outer))
        self.purged.add(association.id)
        self._space.journal(self.purged.discard, association.id)

    def remember(self, association: Association, marker: StorageMarker) -> None:
        """Give an own mark back to an association whose end was undone."""
        if marker in TYPED:
            self.typed[marker][association] = self._forgotten.pop((association, marker))
        else:
            self.one[marker].add(association)

    def forget(self, association: Association, *, told: bool) -> None:
        """The association is gone from the space and so are its marks; `told`: by the storage itself, which knows."""
        for marked in self.one.values():
            marked.discard(association)
        for marker, typed in self.typed.items():
            id = typed.pop(association, None)
            if id is not None:
                self._forgotten[association, marker] = id
            if id is not None and not told:
                self.changes.mark(id, TYPED[marker], association, set=False)

    def take(self, most: int) -> tuple[list[Entry], list[Mark]]:
        """Take what waits, up to `most` entries and whole groups, never from an open together(). It never waits."""
        with self._space.lock:
            changes = self._open_changes
            taken = changes.take(most)
            self.rung = len(changes) > 0
            return taken

    # together()

    def open(self) -> None:
        """Note apart from now on."""
        self._outer.append(self.changes)
        self.changes = ChangeSet()

    def close(self, group: Group) -> None:
        """What was noted apart joins what waits, as one group; an inner together() joins the outer one."""
        staged, self.changes = self.changes, self._outer.pop()
        self.changes.merge(staged, None if self._outer else group, self.known)
        if not self._outer:
            self._forgotten.clear()

    def drop(self) -> None:
        """What was noted apart was undone."""
        self.changes = self._outer.pop()

    @property
    def _open_changes(self) -> ChangeSet:
        return self._outer[0] if self._outer else self.changes

    @property
    def waits(self) -> int:
        """How many associations and marks wait outside any open together()."""
        return len(self._open_changes)

    @property
    def first_order(self) -> int:
        """The number of the first change that waits; past the last one where none does."""
        return self._open_changes.first_order()

    @property
    def last_order(self) -> int:
        """The number of the last change that was noted outside any open together()."""
        return self._open_changes.last_order

    def waiting(self, association: Association) -> Entry | None:
        """What waits for an association."""
        return self._open_changes.get(association)

    def discard(self, association: Association) -> bool:
        """Forget what waits for an association; whether anything did."""
        return self._open_changes.discard(association)


def values(association: Association) -> dict[str, object]:
    """The four references as ids, and the data, as they are now."""
    now: dict[str, object] = {field.name: getattr(association, f"{field.name}_id") for field in FIELDS}
    now[DATA] = association.own_data()
    return now


def _upwards(association: Association | None) -> Iterator[Association]:
    """The association and its types, each once: a cycle of types ends."""
    seen: set[Association] = set()
    while association is not None and association not in seen:
        yield association
        seen.add(association)
        association = association.type


def _and_instances(type: Association) -> list[Association]:
    """A type and everything below it, each once."""
    found: dict[Association, None] = {type: None}
    stack = [type]
    while stack:
        for instance in each(stack.pop().instances()):
            if instance not in found:
                found[instance] = None
                stack.append(instance)
    return list(found)
