"""The space: every change of an association passes here, is checked, noted for the storages, made, and told.

The space room. Synchronous, no I/O, never heard of a row; what a storage does with a note is not known here.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Generator, Iterable
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import count
from threading import RLock, get_ident
from typing import TYPE_CHECKING, TypeAlias

from blinker import ANY

from deeplinks import tables
from deeplinks.errors import (
    BuiltInError,
    DestroyedError,
    GroupTooLargeError,
    InvalidError,
    MalformedIdError,
    NoDataError,
    OtherSpaceError,
    UnknownIdError,
    WrongTypeError,
)
from deeplinks.ids import canonical, new_id
from deeplinks.space.association import Association, Gone, here, id_of
from deeplinks.space.back_references import added, each, removed
from deeplinks.space.changes import MOST_BYTES
from deeplinks.space.collections import Collections
from deeplinks.space.events import (
    Change,
    Dispatcher,
    Event,
    EventKind,
    Handler,
    Signals,
    Subscription,
    check_handler,
)
from deeplinks.space.fields import DATA, FIELDS, FROM, TO, TYPE, VALUE, Field
from deeplinks.space.ledger import Ledger, StorageMarker, SyncState, and_instances, references
from deeplinks.space.promises import Chain, Operation, Promise
from deeplinks.space.values import NOTHING, check_source, checked, same, told_back

if TYPE_CHECKING:
    from deeplinks.space.deep import Deep

# What a reference may be given, and what it is kept as.
Target: TypeAlias = Association | str | uuid.UUID | None
Reference: TypeAlias = Association | str | None
Writer: TypeAlias = "Callable[[Association], Awaitable[object]]"
Held: TypeAlias = "list[tuple[Ledger, list[tuple[Association, bool]]]]"
Along: TypeAlias = "list[tuple[Ledger, list[Association]]]"


# The fields of a Change that tells of the whole association; old and new are its type.
CREATED = "created"
DESTROYED = "destroyed"

_UNLOCKED = nullcontext()


def now() -> int:
    """Microseconds since 1970, UTC."""
    return time.time_ns() // 1000


class _Together:
    """What an open together() remembers: how to undo it, and what it changed."""

    def __init__(self) -> None:
        self.undo: list[Callable[[], object]] = []
        self.changes: dict[str, dict[str, Change]] = {}

    def add(self, change: Change) -> None:
        """Keep the first old and the last new of a field; of what is destroyed, only that."""
        fields = self.changes.setdefault(change.id, {})
        if change.field == DESTROYED:
            made = CREATED in fields
            fields.clear()
            if made:
                return
        first = fields.get(change.field)
        old = change.old if first is None else first.old
        fields[change.field] = Change(change.id, change.field, old, change.new, change.origin)

    def net(self) -> tuple[Change, ...]:
        """What is different now."""
        told = (change for fields in self.changes.values() for change in fields.values())
        return tuple(one for one in told if one.field in (CREATED, DESTROYED) or not same(one.old, one.new))


class _Turn:
    """The turn of the event loop in which a together() is open: an `await` in it would let other tasks in."""

    def __init__(self) -> None:
        self.over = False
        self.task = _task()
        loop = asyncio.get_running_loop() if self.task else None
        self._end = loop.call_soon(self._ended) if loop else None

    def _ended(self) -> None:
        self.over = True

    def check(self) -> None:
        """Raises `InvalidError` where the loop had a turn in between."""
        if self.over:
            raise InvalidError(
                what="together()", why="there was an await in it, which lets other tasks in; await before it"
            )

    def close(self) -> None:
        """Ask the loop no more."""
        if self._end:
            self._end.cancel()


def _task() -> object:
    # Quicker than to be told by an exception that no loop runs here.
    return asyncio.current_task() if asyncio._get_running_loop() else None


@dataclass(frozen=True, slots=True)
class _New:
    """An association that is about to be made, as errors name it."""

    type: Association

    def __str__(self) -> str:
        return f"a new {self.type.space_of().name_of(self.type) or self.type}"


class Space:
    """All associations of a space and the one door through which they change.

    Everything that is refused is refused before anything has changed.
    """

    def __init__(self, root: Deep, id: str) -> None:
        self.id = id
        self.root = root
        self.associations: dict[str, Association] = {}
        self.built_ins: dict[str, Association] = {}
        self.built_in_names: dict[str, Association] = {}
        self.kinds: dict[Association, str] = {}
        self.collections = Collections(self)
        self.unresolved: dict[str, dict[tuple[Association, Field], None]] = {}
        self.ledgers: dict[str, Ledger] = {}
        # What a synchronizer keeps of a space, by storage name: it lives and dies with the space, which never looks.
        self.kept: dict[str, object] = {}
        # Who writes now, by storage name: waits until what was accepted of an association is written.
        self.writers: dict[str, Writer] = {}
        self._chains: dict[Association, Chain] = {}
        self.lock = RLock()
        self.signals = Signals()
        self.dispatcher = Dispatcher(self.signals)
        self._together: list[_Together] = []
        self._turn: _Turn | None = None
        self._grouping = 0
        self._subscriptions: dict[Association, dict[Subscription, None]] = {}
        self._parting: dict[Association, list[Subscription]] = {}
        self._next_seq = count(1).__next__

    def populate(self) -> None:
        """Make the root and the built-in types, which every space has."""
        self.associations[self.id] = self.root
        for name, id in tables.BUILT_INS.items():
            built_in = Association(self, id, self._next_seq(), now())
            built_in._type = self.root
            self.built_ins[id] = self.built_in_names[name] = built_in
            if name in tables.DATA:
                self.kinds[built_in] = name

    def next_seq(self) -> int:
        """The next number in this process's order of creation."""
        return self._next_seq()

    # looking

    def here(self) -> Space:
        """This space; what stands in for it in a destroyed association raises instead."""
        return self

    def find(self, id: str) -> Association | None:
        """The association of that canonical id, built-ins too."""
        return self.associations.get(id) or self.built_ins.get(id)

    def look_up(self, item: object) -> Association | None:
        """The association that this is, or whose id it is in any spelling; None for anything else."""
        if isinstance(item, Association):
            return item
        try:
            return self.find(canonical(item))
        except InvalidError:
            return None

    def permanent(self, association: Association) -> bool:
        """Whether it is the root or a built-in: never marked, never destroyed."""
        return association is self.root or association.id in self.built_ins

    def name_of(self, association: Association) -> str | None:
        """The name people know it by."""
        if association is self.root:
            return "deep"
        if association.id not in self.built_ins:
            return None
        return next(name for name, one in self.built_in_names.items() if one is association)

    def kind_of(self, association: Association) -> str | None:
        """Which data an association may hold: the first data type in its type chain."""
        direct = self.kinds.get(association.type) if association.type else None
        return direct or next((self.kinds[type] for type in association.type_chain if type in self.kinds), None)

    # checking

    def _target(self, owner: Association | _New, field: Field, target: Target) -> Association | None:
        if target is None:
            return None
        if isinstance(target, Association):
            if target._space is not self:
                raise _stranger(owner, field, target)
            return target
        if not isinstance(target, str | uuid.UUID):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise WrongTypeError(what=f"{field.attribute} of {owner}", expected="an association or an id", value=target)
        return self._named(owner, field, target)

    def _named(self, owner: Association | _New, field: Field, id: str | uuid.UUID) -> Association:
        try:
            found = self.find(canonical(id))
        except MalformedIdError:
            raise MalformedIdError(value=id, association=owner, field=field.attribute) from None
        if found is None:
            raise UnknownIdError(id=id, association=owner, field=field.attribute)
        return found

    def _data(
        self, association: Association | _New, kind: str | None, type: Association | None, data: object
    ) -> object:
        if kind is None:
            raise NoDataError(association=association, type=type, value=data)
        if isinstance(data, Association):
            raise WrongTypeError(
                what=f"data of {association}", expected="a value; .value takes associations", value=data
            )
        return checked(kind, data, association)

    # changing

    def construct(self, type: Association, data: object, from_: Target, to: Target, value: Target) -> Association:
        """Make an instance of a type, with its references and its data; all of it or, if something is wrong, nothing."""
        if data is not NOTHING and type not in self.kinds and self.collections.made_by(type):
            return self.collections.make(type, data, from_, to, value)
        new = _New(type)
        with self._locked():
            targets = self._targets(new, from_, to, value)
            if data is not NOTHING:
                data = self._data(new, self.kinds.get(type) or self.kind_of(type), type, data)
            association = self._make(type, targets, data)
            along = self._along_with(association) if self.ledgers else ()
            self.journal(self._unmake, association)
            for ledger, coming, first in along:
                ledger.bring(coming, first)
        self._ring()
        if self.signals.heard:
            self._tell_made(association, type, targets)
            self.dispatcher.deliver()
        return association

    def _targets(self, new: _New, from_: Target, to: Target, value: Target) -> list[tuple[Field, Association]]:
        given = ((FROM, from_), (TO, to), (VALUE, value))
        found = [(field, self._target(new, field, target)) for field, target in given if target is not None]
        return [(field, target) for field, target in found if target is not None]

    def _make(self, type: Association, targets: list[tuple[Field, Association]], data: object) -> Association:
        association = Association(self, new_id(), self._next_seq(), now())
        association._data = data
        self.associations[association.id] = association
        self._point(association, TYPE, type)
        for field, target in targets:
            self._point(association, field, target)
        return association

    def _unmake(self, association: Association) -> None:
        for field in FIELDS:
            self._point(association, field, None)
        del self.associations[association.id]
        association._space = _gone(association)
        for subscription in list(self._subscriptions.pop(association, ())):
            subscription()

    def _along_with(self, association: Association) -> list[tuple[Ledger, list[Association], Association | None]]:
        """The storages that hold a new association, and what comes along; it is unmade if it can't be stored."""
        holding = self._holding(association, None)
        try:
            check_source(association.own_data() if holding else None, association)
            along: list[tuple[Ledger, list[Association], Association | None]] = [
                (ledger, ledger.along(references(association)), association) for ledger in holding
            ]
            if self.collections.is_item(association):
                along += [(ledger, coming, None) for ledger, coming in self._drawn((association,), None)]
            return along
        except InvalidError:
            self._unmake(association)
            raise

    def _tell_made(self, association: Association, type: Association, targets: list[tuple[Field, Association]]) -> None:
        self._tell(EventKind.constructed, association)
        self._tell(TYPE.added_kind, type, TYPE, item=association)
        for field, target in targets:
            self._tell_reference(association, field, None, target, None)
        self.collections.tell_come((association,), None)
        if self.signals.changed.receivers:
            given: dict[str, object] = {field.name: target.id for field, target in targets}
            if association._data is not NOTHING:
                given[DATA] = association._data
            fields = {CREATED: type.id, **given}
            self._tell_changes(*(Change(association.id, name, None, new) for name, new in fields.items()))

    def refer(self, source: Association, field: Field, target: Target) -> None:
        """Point a reference somewhere, or at nothing. The same target again is no change and tells nothing."""
        if self.ledgers:
            with self.lock:
                old, found = self._refer(source, field, target)
        else:
            old, found = self._refer(source, field, target)
        if old is found:
            return
        self._ring()
        if self.signals.heard:
            self._tell_pointed(source, field, old, found, None)
            self.dispatcher.deliver()

    def _refer(self, source: Association, field: Field, target: Target) -> tuple[Reference, Association | None]:
        """What the reference was, and what it is now."""
        if source._space is not self:
            raise DestroyedError(association=source)
        found = self._target(source, field, target)
        old = getattr(source, field.slot)
        if old is not found:
            if source.id in self.built_ins or (source is self.root and field is TYPE):
                raise BuiltInError(association=source, action="changed", field=field.attribute, value=found)
            if self.ledgers:
                self._refer_noted(source, field, found, None)
            else:
                self._set_reference(source, field, found)
        return old, found

    def _refer_noted(self, source: Association, field: Field, target: Reference, origin: str | None) -> None:
        """Point a reference in a space with ledgers: what is refused is refused before anything has moved."""
        old = getattr(source, field.slot)
        holding = self._holding(source, origin)
        along = self._along_to(target, holding)
        before = self._before_retyping(source, here(target)) if field is TYPE else []
        may_draw = self.collections.may_draw(source, field, target)
        drawn = self._drawn_by(source, field, target, origin) if may_draw else []
        if id_of(old) != id_of(target):
            self._note(holding, source, field.name, id_of(old))
        self._set_reference(source, field, target, origin)
        for ledger, standing in before:
            ledger.settle(standing)
        if before:
            # In a circle of types the new type itself may just have ended being stored.
            along = self._along_to(target, holding)
        for ledger, coming in along:
            if ledger.holds(source):
                ledger.bring(coming)
        for ledger, coming in drawn:
            ledger.bring([one for one in coming if not ledger.holds(one)])

    def _drawn_by(self, source: Association, field: Field, target: Reference, origin: str | None) -> Along:
        """What would be stored, and where, as Items of stored collections, with that reference; as if it were set."""
        kept = getattr(source, field.slot)
        collected = self.collections.collects(source)
        setattr(source, field.slot, target)
        try:
            begin = () if collected or not self.collections.collects(source) else and_instances(source)
            items = (item for one in begin for item in self.collections.items(one))
            return self._drawn((source, *items), origin)
        finally:
            setattr(source, field.slot, kept)

    def _drawn(self, items: Iterable[Association], origin: str | None) -> Along:
        """What comes along where, as the collections at which these Items start are held there."""
        pairs = [(item, start) for item in items if (start := self.collections.start_of(item))]
        return [
            (ledger, coming)
            for item, start in pairs
            for ledger in self._holding(start, origin)
            if (coming := ledger.along((item,)))
        ]

    def _along_to(self, target: Reference, holding: list[Ledger]) -> list[tuple[Ledger, list[Association]]]:
        """What comes along where, when somebody who is held there is given this target."""
        if not holding or not isinstance(target, Association):
            return []
        return [(ledger, coming) for ledger in holding if (coming := ledger.along((target,)))]

    def _before_retyping(self, source: Association, type: Association | None) -> Held:
        """Who is stored where, in those storages for which another type may begin or end that."""
        speaking = [ledger for ledger in self.ledgers.values() if ledger.speaks_of_types]
        if not speaking:
            return []
        # In a circle of types what is above the source is also below it.
        circle = type is not None and (type is source or source in type.type_chain)
        turning = [
            (ledger, ledger.standing(source))
            for ledger in speaking
            if circle or ledger.verdict(source.type) is not ledger.verdict(type)
        ]
        if turning:
            self._check_retyped(source, type, turning)
        return turning

    def _check_retyped(self, source: Association, type: Association | None, turning: Held) -> None:
        """Look at what would begin being stored under that type, as if it were set. Raises `UnstorableError`."""
        kept, source._type = source._type, type
        try:
            for ledger, standing in turning:
                ledger.check_beginning(standing)
                if ledger.holds(source):
                    ledger.along((type,))
        finally:
            source._type = kept

    def _holding(self, association: Association, origin: str | None) -> list[Ledger]:
        """The storages that hold it, but for the one that a change comes from."""
        return [ledger for ledger in self.ledgers.values() if ledger.name != origin and ledger.holds(association)]

    def _note(self, holding: list[Ledger], association: Association, field: str, old: object) -> None:
        for ledger in holding:
            ledger.note(association, field, old)

    def _set_reference(self, source: Association, field: Field, target: Reference, origin: str | None = None) -> None:
        if self._together:
            self.journal(self._restore, source, field, getattr(source, field.slot), source._updated_at)
        self._point(source, field, target)
        if origin is None:
            source._updated_at = now()

    def _restore(self, source: Association, field: Field, old: Reference, updated_at: int | str) -> None:
        self._point(source, field, old)
        source._updated_at = updated_at

    def _point(self, source: Association, field: Field, target: Reference) -> None:
        """Set a slot and the back references of both ends; an id stands for a target that is not here."""
        old = getattr(source, field.slot)
        if isinstance(old, Association):
            setattr(old, field.back_slot, removed(getattr(old, field.back_slot), source))
        elif isinstance(old, str):
            self._resolve(old, source, field)
        setattr(source, field.slot, target)
        if isinstance(target, Association):
            setattr(target, field.back_slot, added(getattr(target, field.back_slot), source))
        elif isinstance(target, str):
            self.unresolved.setdefault(target, {})[source, field] = None

    def _resolve(self, id: str, source: Association, field: Field) -> None:
        waiting = self.unresolved.get(id)
        if waiting is not None:
            waiting.pop((source, field), None)
            if not waiting:
                del self.unresolved[id]

    def assign(self, association: Association, data: object) -> None:
        """Set an association's own data, or clear it with NOTHING. Equal data again is no change."""
        with self._locked():
            old, new = self._assign(association, data)
        if not same(old, new):
            self._ring()
            if self.signals.heard:
                self._tell_data(association, old, new, None)
                self.dispatcher.deliver()

    def _assign(self, association: Association, data: object) -> tuple[object, object]:
        """What the data was, and what it is now."""
        if association._space is not self:
            raise DestroyedError(association=association)
        if self.permanent(association):
            raise BuiltInError(association=association, action="given data", field=DATA, value=data)
        old = association._data
        kind = self.kind_of(association)
        # Data may outlive its type: it can be cleared where it could not be set.
        if data is not NOTHING or (old is NOTHING and kind is None):
            data = self._data(association, kind, association.type, data)
        if not same(old, data):
            holding = self._holding(association, None)
            if holding:
                check_source(data, association)
            self._note(holding, association, DATA, association.own_data())
            self._put(association, data)
            association._updated_at = now()
        return old, data

    def _put(self, association: Association, data: object) -> None:
        self.journal(self._restore_data, association, association._data, association._updated_at)
        association._data = data

    def _restore_data(self, association: Association, old: object, updated_at: int | str) -> None:
        association._data = old
        association._updated_at = updated_at

    def destroy(self, association: Association, *, cascade: bool = False) -> None:
        """End an association: references to it are cleared with their events, its rows go; `cascade`: so do all instances."""
        if self.permanent(association):
            raise BuiltInError(association=association, action="destroyed")
        with self._undoable():
            ending = and_instances(association)[::-1] if cascade else [association]
            for one in self.collections.with_items(ending):
                if not one.destroyed:
                    self._destroy(one)

    def _destroy(self, association: Association) -> None:
        for ledger in self._holding(association, None):
            ledger.destroy(association)
        self._clear_inbound(association)
        self._tell(EventKind.destroyed, association)
        self._tell_change(association, DESTROYED, association.type_id, None, None)
        self._remove(association, None)

    def _clear_inbound(self, association: Association) -> None:
        for field in FIELDS:
            substitute = self.root if field is TYPE else None
            for source in tuple(each(field.members(association))):
                if source is not association:
                    self.refer(source, field, substitute)

    def _remove(self, association: Association, origin: str | None) -> None:
        kept = references(association)
        for field, target in zip(FIELDS, kept, strict=True):
            self._point(association, field, None)
            if isinstance(target, Association) and target is not association:
                self._tell(field.removed_kind, target, field, item=association, origin=origin)
        self.collections.tell_gone(kept, origin)
        del self.associations[association.id]
        subscriptions = self._subscriptions.pop(association, {})
        self.journal(self._bring_back, association, kept, subscriptions)
        for ledger in self.ledgers.values():
            ledger.forget(association, told=ledger.name == origin)
        association._space = _gone(association)
        if association in self._chains:
            self.dispatcher.then(partial(self.forget_promise, association))
        for subscription in subscriptions:
            # That it is gone there too is told later: who asked for that hears it still.
            if subscription.kind is not EventKind.db_association_deleted or not self.sync_states(association):
                self.dispatcher.then(subscription)
            else:
                self._parting.setdefault(association, []).append(subscription)

    def part(self, association: Association) -> None:
        """A storage has told that a destroyed association is gone there: once all have, nobody listens to it any more."""
        if association in self._parting and not self.sync_states(association):
            for subscription in self._parting.pop(association):
                subscription()

    def _bring_back(
        self, association: Association, kept: list[Reference], subscriptions: dict[Subscription, None]
    ) -> None:
        association._space = self
        self._parting.pop(association, None)
        self.associations[association.id] = association
        for field, target in zip(FIELDS, kept, strict=True):
            self._point(association, field, target)
        listening = {one: None for one in subscriptions if one.listening}
        if listening:
            self._subscriptions[association] = listening

    # what comes from a storage

    def place(self, id: str, origin: str) -> Association:
        """An association that a storage has: made without references, stored there; what waited for its id heals."""
        with self.lock:
            association = Association(self, id, self._next_seq(), now())
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
        association = self.associations[id] = Association(self, id, self._next_seq(), 0)
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

    # storage markers

    def ledger(self, name: str) -> Ledger:
        """The ledger of a storage name, opened at its first use."""
        return self.ledgers.get(name) or self._open_ledger(name)

    def _open_ledger(self, name: str) -> Ledger:
        with self.lock:
            if name not in self.ledgers:
                ledger = Ledger(self, name)
                for _ in self._together:
                    ledger.open()
                self.ledgers[name] = ledger
            return self.ledgers[name]

    def store(self, association: Association, storage: object, marker: StorageMarker | str) -> None:
        """Set a mark; the same again is no change."""
        marker = _marker(marker)
        name = storage_name(storage)
        if self.permanent(association):
            raise BuiltInError(association=association, action="marked")
        ledger = self.ledger(name)
        if marker in ledger.markers(association):
            return
        with self._undoable():
            # Asked again under the lock: another thread may have been quicker.
            association.space_of()
            if marker not in ledger.markers(association):
                ledger.mark(association, marker)
                self.tell_stored(association, name, marker)

    def unstore(
        self, association: Association, storage: object, marker: StorageMarker | str | None, purge: bool
    ) -> None:
        """Take marks away; `purge` takes all of them and also deletes the row, for good."""
        only = None if marker is None else _marker(marker)
        ledger = self.ledger(storage_name(storage))
        if purge and self.permanent(association):
            raise BuiltInError(association=association, action="purged")
        with self._undoable():
            if purge:
                ledger.purge(association)
            ending = [own for own in ledger.markers(association) if purge or only in (None, own)]
            ledger.unmark(association, ending)
            for own in ending:
                self._tell(EventKind.store_removed, association, old=(ledger.name, own))

    def is_stored(self, association: Association, storage: object, marker: StorageMarker | str | None) -> bool:
        """Whether a storage is to hold it, or whether it carries that very mark."""
        ledger = self.ledgers.get(storage_name(storage))
        if ledger is None:
            return False
        if marker is not None:
            return _marker(marker) in ledger.markers(association)
        return ledger.holds(association)

    def storages(
        self, association: Association, storage: object
    ) -> dict[str, list[StorageMarker]] | list[StorageMarker]:
        """The association's own marks."""
        if storage is not None:
            ledger = self.ledgers.get(storage_name(storage))
            return ledger.markers(association) if ledger else []
        marks = {name: ledger.markers(association) for name, ledger in self.ledgers.items()}
        return {name: own for name, own in marks.items() if own}

    def tell_stored(self, association: Association, name: str, marker: StorageMarker) -> None:
        """A mark was set."""
        self._tell(EventKind.store_added, association, new=(name, marker))

    def sync_states(self, association: Association) -> dict[str, SyncState]:
        """How far it is with each storage that has to do with it."""
        states = {name: ledger.state(association) for name, ledger in self.ledgers.items()}
        return {name: state for name, state in states.items() if state is not None}

    # promises

    def promise_of(self, association: Association) -> Promise:
        """What is still to be done of an association."""
        chain = self._chains.get(association)
        unwritten = partial(self._unwritten, association)
        return Promise(chain, lambda: bool(unwritten()), partial(self._write_all, association, unwritten))

    def promise_also(self, association: Association, operation: Operation | Promise) -> None:
        """Have an operation run after those of this association before it. Raises `WrongTypeError`."""
        if isinstance(operation, Association):
            raise WrongTypeError(what=f"promise of {association}", expected="an awaitable", value=operation)
        chain = self._chains.get(association) or Chain(str(association))
        if isinstance(operation, Promise) and operation.chain in (chain, None):
            # Its own promise again, or one with nothing to run.
            return
        chain.add(operation)
        self._chains[association] = chain

    def forget_promise(self, association: Association) -> None:
        """Start clean: what was assigned is waited for no more."""
        chain = self._chains.pop(association, None)
        if chain is not None:
            chain.drop()

    def _unwritten(self, association: Association) -> list[str]:
        return [name for name, state in self.sync_states(association).items() if state is not SyncState.stored]

    async def _write_all(self, association: Association, unwritten: Callable[[], list[str]]) -> None:
        for name in unwritten():
            writer = self.writers.get(name)
            if writer is None:
                why = f"nobody writes to {name!r} now; enter synchronize(deep, …, name={name!r}) first"
                raise InvalidError(what=f"promise of {association}", why=why)
            await writer(association)

    # together

    @contextmanager
    def together(self) -> Generator[None]:
        """One thought: told once at the end, sent whole, undone if it raises.

        Raises `GroupTooLargeError` at its end, and is undone, if it is more than one request can carry; `InvalidError`,
        and is undone, if there was an `await` in it.
        """
        with self.lock:
            together = self._open()
            turn = self._turn = self._turn or _Turn()
            try:
                yield
                turn.check()
                self._check_weight()
            except BaseException:
                self._undo(together)
                raise
            self._close(together, whole=True)
        self._ring()
        self.dispatcher.release()

    @contextmanager
    def _undoable(self) -> Generator[None]:
        """What one verb changes: as together(), but what is more than one request can carry is cut, and not refused."""
        with self.lock:
            together = self._open()
            try:
                yield
            except BaseException:
                self._undo(together)
                raise
            self._close(together, whole=self._weight() <= MOST_BYTES)
        self._ring()
        self.dispatcher.release()

    def _open(self) -> _Together:
        if self._turn and self._turn.task is not _task():
            raise InvalidError(what="a change", why="the together() of another task is open, which must not await")
        together = _Together()
        self._together.append(together)
        self._grouping = get_ident()
        self.dispatcher.hold()
        for ledger in self.ledgers.values():
            ledger.open()
        return together

    def _weight(self) -> int:
        """How many bytes the outermost together() would send to the storage that it has most for."""
        if len(self._together) > 1 or not self.ledgers:
            return 0
        return max(ledger.weight() for ledger in self.ledgers.values())

    def _end_turn(self) -> None:
        if self._turn and not self._together:
            self._turn.close()
            self._turn = None

    def _check_weight(self) -> None:
        bytes = self._weight()
        if bytes > MOST_BYTES:
            raise GroupTooLargeError(bytes=bytes, limit=MOST_BYTES)

    def _undo(self, together: _Together) -> None:
        self._together.pop()
        self._end_turn()
        for undo in reversed(together.undo):
            undo()
        for ledger in self.ledgers.values():
            ledger.drop()
        self.dispatcher.drop()

    def _close(self, together: _Together, *, whole: bool) -> None:
        self._together.pop()
        self._end_turn()
        for ledger in self.ledgers.values():
            ledger.close(whole=whole)
        if self._together:
            outer = self._together[-1]
            outer.undo.extend(together.undo)
            for fields in together.changes.values():
                for change in fields.values():
                    outer.add(change)
        else:
            changes = together.net()
            if changes and self.signals.changed.receivers:
                self.dispatcher.queue(self.signals.changed, self.root, changes=changes)

    def _grouped(self) -> _Together | None:
        """The open together() of this thread; what others do meanwhile is not part of it."""
        return self._together[-1] if self._together and self._grouping == get_ident() else None

    @property
    def grouping(self) -> bool:
        """Whether a together() of this thread is open."""
        return self._grouped() is not None

    def journal(self, undo: Callable[..., object], *arguments: object) -> None:
        """Remember how to undo a step, where it may have to be."""
        together = self._grouped()
        if together:
            together.undo.append(partial(undo, *arguments))

    def _locked(self) -> RLock | nullcontext[None]:  # pyright: ignore[reportInvalidTypeForm]
        return self.lock if self.ledgers else _UNLOCKED

    # telling

    def subscribe(
        self,
        kind: EventKind,
        handler: Handler,
        association: Association,
        as_event: Callable[[Event], Event | None] | None = None,
    ) -> Subscription:
        """Let a handler hear an association; the root hears everybody. Raises `WrongTypeError` for what is no handler."""
        check_handler(handler)
        sender = ANY if association is self.root else association
        ended = partial(self._unsubscribed, association)
        subscription = Subscription(self.signals, kind, handler, sender, as_event, ended)
        self._subscriptions.setdefault(association, {})[subscription] = None
        return subscription

    def _unsubscribed(self, association: Association, subscription: Subscription) -> None:
        own = self._subscriptions.get(association)
        if own is not None:
            own.pop(subscription, None)
            if not own:
                del self._subscriptions[association]

    def unsubscribe(self, kind: EventKind, handler: Handler, association: Association) -> bool:
        """End every subscription of a handler to a kind."""
        own = self._subscriptions.get(association, {})
        ended = [one for one in own if one.kind is kind and one.handler == handler]
        for subscription in ended:
            subscription()
        return bool(ended)

    def _tell(
        self,
        kind: EventKind,
        source: Association,
        field: Field | None = None,
        old: object = None,
        new: object = None,
        item: Association | None = None,
        origin: str | None = None,
    ) -> None:
        signal = self.signals.of_kind[kind]
        if signal.receivers:
            name = field.name if field else None
            self.dispatcher.queue(signal, source, event=Event(kind, source, name, old, new, item, origin))

    def _tell_reference(
        self, source: Association, field: Field, old: Reference, new: Reference, origin: str | None
    ) -> None:
        before, after = here(old), here(new)
        if before is after:
            return
        kind = field.deleted_kind if after is None else field.set_kind
        self._tell(kind, source, field, before, after, None, origin)
        if before is not None:
            self._tell(field.removed_kind, before, field, item=source, origin=origin)
        if after is not None:
            self._tell(field.added_kind, after, field, item=source, origin=origin)

    def _tell_pointed(
        self, source: Association, field: Field, old: Reference, new: Reference, origin: str | None
    ) -> None:
        self._tell_reference(source, field, old, new, origin)
        self.collections.tell_pointed(source, field, old, origin)
        self._tell_change(source, field.name, id_of(old), id_of(new), origin)

    def _tell_data(self, association: Association, old: object, new: object, origin: str | None) -> None:
        before, after = (None if data is NOTHING else data for data in (old, new))
        signal = self.signals.of_kind[EventKind.data_set]
        if signal.receivers:
            event = Event(EventKind.data_set, association, DATA, before, after, None, origin)
            self.dispatcher.queue(signal, association, event=event)
        self._tell_change(association, DATA, before, after, origin)

    def _tell_change(self, source: Association, field: str, old: object, new: object, origin: str | None) -> None:
        if self.signals.changed.receivers:
            self._tell_changes(Change(source.id, field, old, new, origin))

    def _tell_changes(self, *changes: Change) -> None:
        together = self._grouped()
        if together is None:
            self.dispatcher.queue(self.signals.changed, self.root, changes=changes)
            return
        for change in changes:
            together.add(change)

    def _ring(self) -> None:
        """Tell a synchronizer once that something waits for it, first: people's receivers can't keep it from hearing."""
        if not self.ledgers or self._grouped():
            return
        for ledger in tuple(self.ledgers.values()):
            if ledger.rings():
                self.dispatcher.tell_now(self.signals.waiting, self.root, storage=ledger.name)


def storage_name(storage: object) -> str:
    """The name of a storage: a str is one, a storage has one. Raises `WrongTypeError`."""
    name = storage if isinstance(storage, str) else getattr(storage, "name", None)
    if not isinstance(name, str) or not name or isinstance(storage, Association):
        raise WrongTypeError(what="a storage", expected="its name or the storage itself", value=storage)
    return name


def _marker(marker: StorageMarker | str) -> StorageMarker:
    try:
        return StorageMarker(marker)
    except ValueError:
        choice = "one of deep.storage_markers"
        raise WrongTypeError(what="a storage marker", expected=choice, value=marker) from None


def _stranger(owner: Association | _New, field: Field, target: Association) -> DestroyedError | OtherSpaceError:
    if target.destroyed:
        return DestroyedError(association=repr(target), owner=owner, field=field.attribute)
    return OtherSpaceError(association=repr(target), owner=owner, field=field.attribute)


def _gone(association: Association) -> Space:
    return Gone(f"{association.id}")  # pyright: ignore[reportReturnType]
