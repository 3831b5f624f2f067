"""Quick: the usual change, where nobody listens, no index follows and no group is open, written out; else the ordinary one.

The space room. It does what `changing` does and nothing else: the machine of the tests holds both to one model.
"""

from __future__ import annotations

from time import time_ns

from deeplinks.ids import new_id
from deeplinks.space.association import Association, Gone
from deeplinks.space.back_references import added
from deeplinks.space.changing import Changing
from deeplinks.space.fields import FIELDS, FROM, TO, TYPE, VALUE, Field
from deeplinks.space.register import Target, _New
from deeplinks.space.values import NOTHING


class Quick(Changing):
    """The verbs whose usual case is asked for by the million."""

    def _attended(self) -> bool:
        """Whether anybody has a say in a change, or hears of it, but for the storages."""
        return bool(self.signals.heard or self._together or self.followed)

    # pointing

    def refer(self, source: Association, field: Field, target: Target) -> None:
        """Point a reference somewhere, or at nothing. The same target again is no change and tells nothing."""
        if self.ledgers and not (self.signals.heard or self.followed or field is TYPE or source._id in self.built_ins):
            lock = self.lock
            # By hand: a `with` takes twice as long.
            lock.acquire()
            try:
                moved = self._moved(source, field, target)
            finally:
                lock.release()
            if moved:
                only = self.only
                if only is None or not only._rung:
                    self._ring()
                return
        super().refer(source, field, target)

    def _moved(self, source: Association, field: Field, target: Target) -> bool:
        """Point an ordinary association at another one, or at nothing, where nothing comes along by it; whether it was so.

        One long function, and each field by its name, as every call in it would cost as much as it does.
        """
        type, ledger = source._type, self.only
        if self._together or type is self.contain or type is self.item or source._space is not self:
            return False
        if not (target is None or (isinstance(target, Association) and target._space is self)):
            return False
        old = source._to if field is TO else source._from if field is FROM else source._value
        if old is target or isinstance(old, str):
            return old is target
        if ledger is None:
            if not self._noted(source, field, old, target):
                return False
        elif not ledger.note_pointed(source, field.name, old, target):
            return False
        if old is not None:
            members = old._in if field is TO else old._out if field is FROM else old._valued
            if isinstance(members, dict) and len(members) > 1:
                del members[source]
            else:
                setattr(old, field.back_slot, None)
        if field is TO:
            source._to = target
        elif field is FROM:
            source._from = target
        else:
            source._value = target
        if target is not None:
            members = target._in if field is TO else target._out if field is FROM else target._valued
            if isinstance(members, dict):
                members[source] = None
            else:
                setattr(target, field.back_slot, source if members is None else {members: None, source: None})
        source._updated_at = time_ns()
        return True

    def _noted(self, source: Association, field: Field, old: Association | None, target: Association | None) -> bool:
        """Note it for several storages, if in none that holds it anything comes along by it."""
        return self._agreed(source, target) and all(
            ledger.note_pointed(source, field.name, old, target) for ledger in self.ledgers.values()
        )

    def _agreed(self, source: Association, target: Association | None) -> bool:
        """Whether in no storage that holds it anything comes along by a reference to that."""
        holding = [ledger for ledger in self.ledgers.values() if ledger.holds(source)]
        return target is None or all(ledger.holds(target) for ledger in holding)

    # making

    def construct(
        self,
        type: Association,
        data: object,
        from_: Target,
        to: Target,
        value: Target,
        *,
        told: bool = False,
        id: str = "",
    ) -> Association:
        """Make an instance of a type, with its references and its data; all of it or, if something is wrong, nothing."""
        if id or self._attended() or not self._is_plain(type, data, from_, to, value):
            return super().construct(type, data, from_, to, value, told=told, id=id)
        if not self.ledgers:
            return self._made(type, data, from_, to, value)
        with self.lock:
            association = self._made(type, data, from_, to, value)
            if len(self.ledgers) > 1 or not all(ledger.note_made(association) for ledger in self.ledgers.values()):
                for ledger, coming, first in self._along_with(association):
                    ledger.bring(coming, first)
        for ledger in self.ledgers.values():
            if not ledger._rung:
                self._ring()
        return association

    def _is_plain(self, type: Association, data: object, *targets: Target) -> bool:
        """Whether a type has no function to tell, and all targets are associations of this space."""
        if type._space is not self or self.alive._typed is not None or type is self.contain or type is self.item:
            return False
        if data is not NOTHING and type not in self.kinds:
            return False
        for target in targets:
            if target is not None and not (isinstance(target, Association) and target._space is self):
                return False
        return True

    def _made(self, type: Association, data: object, *targets: Target) -> Association:
        if data is not NOTHING:
            data = self._data(_New(type), self.kinds[type], type, data)
        association = Association(self.itself, new_id(), self._next_seq(), time_ns())
        association._data = data
        self.associations[association._id] = association
        for field, target in zip(FIELDS, (type, *targets), strict=True):
            if target is not None:
                setattr(association, field.slot, target)
                setattr(target, field.back_slot, added(getattr(target, field.back_slot), association))
        return association

    # ending

    def destroy(self, association: Association, *, cascade: bool = False) -> None:
        """End an association: references to it are cleared with their events, its rows go; `cascade`: so do all instances."""
        ledgers = self.ledgers
        if not ledgers:
            alone = self._is_alone(association)
            if alone:
                self._end(association)
        else:
            with self.lock:
                alone = self._is_alone(association)
                if alone:
                    for ledger in ledgers.values():
                        ledger.end(association)
                    self._end(association)
        if not alone:
            super().destroy(association, cascade=cascade)
            return
        for ledger in ledgers.values():
            if not ledger._rung:
                self._ring()

    def _is_alone(self, one: Association) -> bool:
        """Whether nothing refers to it, nobody has to do with it, and it is of no type that says something by its ending."""
        if self.signals.heard or self._together or self.followed or self.alive._typed is not None:
            return False
        if not (one._typed is one._out is one._in is one._valued is None) or one._space is not self:
            return False
        type = one._type
        if type is self.contain or type is self.item or one is self.root or one._id in self.built_ins:
            return False
        return one not in self._subscriptions and one not in self._chains and one not in self.living.states

    def _end(self, one: Association) -> None:
        """Take it out of the space. Each field by its name, as every call would cost as much as all of it."""
        if (target := one._type) is not None:
            one._type = None
            if isinstance(target, str):
                self._resolve(target, one, TYPE)
            elif isinstance(members := target._typed, dict) and len(members) > 1:
                del members[one]
            else:
                target._typed = None
        if (target := one._from) is not None:
            one._from = None
            if isinstance(target, str):
                self._resolve(target, one, FROM)
            elif isinstance(members := target._out, dict) and len(members) > 1:
                del members[one]
            else:
                target._out = None
        if (target := one._to) is not None:
            one._to = None
            if isinstance(target, str):
                self._resolve(target, one, TO)
            elif isinstance(members := target._in, dict) and len(members) > 1:
                del members[one]
            else:
                target._in = None
        if (target := one._value) is not None:
            one._value = None
            if isinstance(target, str):
                self._resolve(target, one, VALUE)
            elif isinstance(members := target._valued, dict) and len(members) > 1:
                del members[one]
            else:
                target._valued = None
        del self.associations[one._id]
        one._space = Gone(one._id)  # pyright: ignore[reportAttributeAccessIssue]
