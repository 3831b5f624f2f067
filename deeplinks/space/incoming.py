"""Incoming: what a storage tells becomes the state of a space, without going back to that storage.

The space room. Every change here names the storage that it came from; rows are not known.
"""

from __future__ import annotations

from collections.abc import Iterable

from deeplinks.space.association import Association
from deeplinks.space.back_references import each
from deeplinks.space.changing import now
from deeplinks.space.events import EventKind
from deeplinks.space.fields import DATA, FIELDS, TYPE, Field
from deeplinks.space.grouping import CREATED, DESTROYED
from deeplinks.space.marking import Marking
from deeplinks.space.values import told_back


class Incoming(Marking):
    """The verbs for whoever reads a storage."""

    def place(self, id: str, origin: str) -> Association:
        """An association that a storage has: made without references, stored there; what waited for its id heals."""
        with self._locked():
            association = Association(self.itself, id, self._next_seq(), now())
            self.associations[id] = association
            self.journal(self._unmake, association)
            self.ledger(origin).adopt(association)
            healed = tuple(self.unresolved.get(id, ()))
            for source, field in healed:
                self._refer_noted(source, field, association, origin)
        self._ring()
        if self.signals.heard:
            self._tell_placed(association, healed, origin)
            self.dispatcher.deliver()
        return association

    def _tell_placed(
        self, association: Association, healed: tuple[tuple[Association, Field], ...], origin: str
    ) -> None:
        self._tell(EventKind.constructed, association, origin=origin)
        self._tell_change(association, CREATED, None, None, origin)
        for source, field in healed:
            self._tell_reference(source, field, None, association, origin)
        self.collections.tell_come((source for source, _ in healed), origin)

    def quiet(self) -> bool:
        """Whether what comes from a storage is told to nobody: no listener, no open group, no other storage."""
        return not (self.signals.heard or self._together or len(self.ledgers) > 1)

    def plant(self, id: str, targets: Iterable[str | None], origin: str) -> Association:
        """`place` and `point` in one, for a whole new association that is `nobodys_type`, while the space is `quiet`.

        `targets` are the ids that it refers to, in the order of `FIELDS`.
        """
        association = self.associations[id] = Association(self.itself, id, self._next_seq(), 0)
        self.ledger(origin).receive(association)
        for field, target in zip(FIELDS, targets, strict=True):
            if target is not None:
                self._point(association, field, self.find(target) or target)
        for source, field in tuple(self.unresolved.get(id, ())):
            self._point(source, field, association)
        return association

    def nobodys_type(self, id: str) -> bool:
        """Whether no association waits for that id to be its type: with it, it may begin or end being stored."""
        return all(field is not TYPE for _, field in self.unresolved.get(id, ()))

    def point(self, source: Association, field: Field, id: str | None, origin: str) -> None:
        """Set a reference as a storage has it: an id that is not here is kept, reads None, and heals."""
        target = None if id is None else self.find(id) or id
        with self._locked():
            old = getattr(source, field.slot)
            if old is target or (isinstance(old, str) and old == target):
                return
            self._refer_noted(source, field, target, origin)
        self._ring()
        if self.signals.heard:
            self._tell_pointed(source, field, old, target, origin)
            self.dispatcher.deliver()

    def put(self, association: Association, data: object, origin: str) -> None:
        """Set data as a storage has it. A function that was made here stays what it is when its own text comes back."""
        with self._locked():
            old = association._data
            if told_back(old, data):
                return
            self._note(self._holding(association, origin), association, DATA, association.own_data())
            self._put(association, data)
        self._ring()
        if self.signals.heard:
            self._tell_data(association, old, data, origin)
            self.dispatcher.deliver()

    def remove(self, association: Association, origin: str) -> None:
        """Somebody destroyed it: it goes alone, references to it keep the id and read None.

        Another storage that holds it is told so; the root and built-ins stay, whatever a storage says.
        """
        if self.permanent(association):
            return
        with self._undoable():
            saying = [ledger for ledger in self.ledgers.values() if ledger.verdict(association) is not None]
            below = [(ledger, ledger.standing(association)[1:]) for ledger in saying]
            for ledger in self._holding(association, origin):
                ledger.destroy(association)
            for field in FIELDS:
                for source in tuple(each(field.members(association))):
                    self._set_reference(source, field, association.id, origin)
                    self._tell_reference(source, field, association, None, origin)
                    self.collections.tell_pointed(source, field, association, origin)
            self._tell(EventKind.destroyed, association, origin=origin)
            self._tell_change(association, DESTROYED, association.type_id, None, origin)
            self._remove(association, origin)
            # With it goes what it said, as a type, of everything below it.
            for ledger, standing in below:
                ledger.settle(standing)
