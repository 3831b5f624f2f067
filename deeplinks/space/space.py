"""The space: every change of an association passes here, is checked, noted for the storages, made, and told.

The space room. Synchronous, no I/O, never heard of a row; what a storage does with a note is not known here.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from functools import partial
from itertools import count
from threading import RLock
from typing import TYPE_CHECKING, TypeAlias

from blinker import ANY

from deeplinks import tables
from deeplinks.errors import BuiltInError, DestroyedError, NoDataError, OtherSpaceError, UnknownIdError, WrongTypeError
from deeplinks.ids import canonical, new_id
from deeplinks.space.association import Association, Gone, reference_slots
from deeplinks.space.back_references import added, each, removed
from deeplinks.space.changes import Group
from deeplinks.space.events import Change, Dispatcher, Event, EventKind, Handler, Signals, Subscription, subscribe
from deeplinks.space.fields import DATA, FIELDS, FROM, TO, TYPE, VALUE, Field
from deeplinks.space.ledger import Ledger, StorageMarker
from deeplinks.space.values import NOTHING, FunctionSource, checked, same

if TYPE_CHECKING:
    from deeplinks.space.deep import Deep

logger = logging.getLogger("deeplinks.space")

Reference: TypeAlias = Association | str | None
Held: TypeAlias = "list[tuple[Ledger, list[tuple[Association, bool]]]]"


def now() -> int:
    """Microseconds since 1970, UTC."""
    return time.time_ns() // 1000


class _Together:
    """What an open together() remembers: how to undo it, and what it changed."""

    def __init__(self) -> None:
        self.undo: list[Callable[[], object]] = []
        self.changes: dict[tuple[str, str], Change] = {}

    def add(self, change: Change) -> None:
        """Keep the first old and the last new of a field."""
        key = (change.id, change.field)
        first = self.changes.get(key)
        self.changes[key] = change if first is None else Change(*key, first.old, change.new, change.origin)

    def net(self) -> tuple[Change, ...]:
        """What is different now."""
        return tuple(change for change in self.changes.values() if not same(change.old, change.new))


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
        self.unresolved: dict[str, dict[tuple[Association, Field], None]] = {}
        self.ledgers: dict[str, Ledger] = {}
        self.lock = RLock()
        self.signals = Signals()
        self.dispatcher = Dispatcher(self.signals)
        self._together: list[_Together] = []
        self._subscriptions: dict[Association, list[tuple[EventKind, Subscription]]] = {}
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

    def permanent(self, association: Association) -> bool:
        """Whether it is the root or a built-in: never marked, never destroyed."""
        return association is self.root or association.id in self.built_ins

    def name_of(self, association: Association) -> str | None:
        """The name people know it by."""
        if association is self.root:
            return "deep"
        return next((name for name, one in self.built_in_names.items() if one is association), None)

    def kind_of(self, association: Association) -> str | None:
        """Which data an association may hold: the first data type in its type chain."""
        return next((self.kinds[type] for type in association.type_chain if type in self.kinds), None)

    # checking

    def _target(self, owner: Association | str, field: Field, target: Reference) -> Association | None:
        if target is None:
            return None
        if isinstance(target, Association):
            if target._space is not self:
                raise _stranger(owner, field, target)
            return target
        if not isinstance(target, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise WrongTypeError(what=f"{field.attribute} of {owner}", expected="an association or an id", value=target)
        found = self.find(canonical(target))
        if found is None:
            raise UnknownIdError(id=target)
        return found

    def _data(self, association: object, kind: str | None, type: Association | None, data: object) -> object:
        if data is NOTHING:
            return NOTHING
        if kind is None:
            raise NoDataError(association=association, type=type)
        value = checked(kind, data, association)
        if callable(value) and self.ledgers and FunctionSource.of(value) is None:
            raise _sourceless(value)
        return value

    # changing

    def construct(
        self, type: Association, data: object, from_: Reference, to: Reference, value: Reference
    ) -> Association:
        """Make an instance of a type, with its references and its data; all of it or, if something is wrong, nothing."""
        given = ((FROM, from_), (TO, to), (VALUE, value))
        label = f"a new {self.name_of(type) or type}"
        targets = [(field, self._target(label, field, target)) for field, target in given if target is not None]
        kind = self.kinds.get(type) or self.kind_of(type)
        data = self._data(label, kind, type, data)
        with self._locked():
            association = self._make(type, targets, data)
            self._note_new(association)
        self._tell_made(association, type, targets)
        return association

    def _make(self, type: Association, targets: list[tuple[Field, Association | None]], data: object) -> Association:
        association = Association(self, new_id(), self._next_seq(), now())
        association._data = data
        self.associations[association.id] = association
        self._point(association, TYPE, type)
        for field, target in targets:
            self._point(association, field, target)
        self.journal(self._unmake, association)
        return association

    def _unmake(self, association: Association) -> None:
        for field in FIELDS:
            self._point(association, field, None)
        del self.associations[association.id]
        association._space = _gone(association)

    def _note_new(self, association: Association) -> None:
        for ledger in self.ledgers.values():
            if ledger.holds(association):
                ledger.start(association)

    def _tell_made(
        self, association: Association, type: Association, targets: list[tuple[Field, Association | None]]
    ) -> None:
        self._tell(EventKind.constructed, association)
        self._tell(TYPE.added_kind, type, TYPE, item=association)
        for field, target in targets:
            self._tell_reference(association, field, None, target, None)
        self._tell_change(association, "created", None, type.id, None)
        self._ring()

    def refer(self, source: Association, field: Field, target: Reference) -> None:
        """Point a reference somewhere, or at nothing. The same target again is no change and tells nothing."""
        found = self._target(source, field, target)
        old = getattr(source, field.slot)
        if old is found:
            return
        if source.id in self.built_ins or (source is self.root and field is TYPE):
            raise BuiltInError(association=source, action="changed")
        if self.ledgers:
            with self.lock:
                self._refer_noted(source, field, old, found)
        else:
            self._set_reference(source, field, old, found)
        self._tell_reference(source, field, old, found, None)
        self._tell_change(source, field.name, _id(old), _id(found), None)
        self._ring()

    def _refer_noted(self, source: Association, field: Field, old: Reference, target: Association | None) -> None:
        holding = self._note(source, field.name, _id(old), None)
        before = self._before_retyping(source, target) if field is TYPE else []
        self._set_reference(source, field, old, target)
        for ledger, held in before:
            ledger.settle(held)
        for ledger in holding:
            if ledger.holds(source):
                ledger.bring(source)

    def _before_retyping(self, source: Association, type: Association | None) -> Held:
        """Who is stored in which storage, where another type may change that for the source or its instances."""
        return [
            (ledger, [(one, ledger.holds(one)) for one in ledger_reach(source)])
            for ledger in self.ledgers.values()
            if ledger.verdict(source.type) is not ledger.verdict(type)
        ]

    def _note(self, association: Association, field: str, old: object, origin: str | None) -> list[Ledger]:
        holding = [ledger for ledger in self.ledgers.values() if ledger.name != origin and ledger.holds(association)]
        for ledger in holding:
            ledger.note(association, field, old)
        return holding

    def _set_reference(self, source: Association, field: Field, old: Reference, target: Reference) -> None:
        self.journal(self._restore, source, field, old, source._updated_at)
        self._point(source, field, target)
        source._updated_at = now()

    def _restore(self, source: Association, field: Field, old: Reference, updated_at: int | str) -> None:
        # The old target may have come back from its own undoing under the same id.
        self._point(source, field, self.find(_id(old) or "") or old if old is not None else None)
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
        if association.id in self.built_ins or association is self.root:
            raise BuiltInError(association=association, action="given data")
        kind = self.kind_of(association)
        if kind is None:
            raise NoDataError(association=association, type=association.type)
        data = self._data(association, kind, association.type, data)
        old = association._data
        if same(old, data):
            return
        with self._locked():
            self._note(association, DATA, association.own_data(), None)
            self.journal(self._restore_data, association, old, association._updated_at)
            association._data = data
            association._updated_at = now()
        self._tell_data(association, old, data, None)
        self._ring()

    def _restore_data(self, association: Association, old: object, updated_at: int | str) -> None:
        association._data = old
        association._updated_at = updated_at

    def destroy(self, association: Association) -> None:
        """End an association: references to it are cleared with their events, its rows go."""
        if self.permanent(association):
            raise BuiltInError(association=association, action="destroyed")
        with self.together():
            for ledger in self.ledgers.values():
                if ledger.holds(association):
                    ledger.destroy(association)
            self._clear_inbound(association)
            self._tell(EventKind.destroyed, association)
            self._tell_change(association, "destroyed", association.type_id, None, None)
            self._remove(association, None)

    def _clear_inbound(self, association: Association) -> None:
        for field in FIELDS:
            substitute = self.root if field is TYPE else None
            for source in tuple(each(field.members(association))):
                if source is not association:
                    self.refer(source, field, substitute)

    def _remove(self, association: Association, origin: str | None) -> None:
        kept = reference_slots(association)
        for field, target in kept:
            self._point(association, field, None)
            if isinstance(target, Association) and target is not association:
                self._tell(field.removed_kind, target, field, item=association, origin=origin)
        del self.associations[association.id]
        marks = [(ledger, ledger.markers(association)) for ledger in self.ledgers.values()]
        for ledger, _ in marks:
            ledger.forget(association, told=ledger.name == origin)
        association._space = _gone(association)
        subscriptions = self._subscriptions.pop(association, [])
        self.journal(self._bring_back, association, kept, marks, subscriptions)
        if not self._together:
            _dispose(subscriptions)

    def _bring_back(
        self,
        association: Association,
        references: list[tuple[Field, Association | str | None]],
        marks: list[tuple[Ledger, list[StorageMarker]]],
        subscriptions: list[tuple[EventKind, Subscription]],
    ) -> None:
        association._space = self
        self.associations[association.id] = association
        for field, target in references:
            self._point(association, field, target)
        for ledger, markers in marks:
            for marker in markers:
                ledger.remember(association, marker)
        if subscriptions:
            self._subscriptions[association] = subscriptions

    # what comes from a storage

    def place(self, id: str, origin: str) -> Association:
        """An association that a storage has: made without references, stored there; what waited for its id heals."""
        association = Association(self, id, self._next_seq(), now())
        self.associations[id] = association
        self.ledger(origin).adopt(association)
        self._tell(EventKind.constructed, association, origin=origin)
        self._tell_change(association, "created", None, None, origin)
        for source, field in tuple(self.unresolved.get(id, ())):
            self._point(source, field, association)
            self._tell_reference(source, field, None, association, origin)
        return association

    def point(self, source: Association, field: Field, id: str | None, origin: str) -> None:
        """Set a reference as a storage has it: an id that is not here is kept, reads None, and heals."""
        target = self.find(id) or id if id is not None else None
        old = getattr(source, field.slot)
        if old is target or (isinstance(old, str) and old == target):
            return
        with self._locked():
            self._note(source, field.name, _id(old), origin)
            before = self._before_retyping(source, _known(target)) if field is TYPE and self.ledgers else []
            self._point(source, field, target)
            for ledger, held in before:
                ledger.settle(held)
        self._tell_reference(source, field, old, target, origin)
        self._tell_change(source, field.name, _id(old), _id(target), origin)

    def put(self, association: Association, data: object, origin: str) -> None:
        """Set data as a storage has it."""
        old = association._data
        if same(old, data):
            return
        with self._locked():
            self._note(association, DATA, association.own_data(), origin)
            association._data = data
        self._tell_data(association, old, data, origin)

    def remove(self, association: Association, origin: str) -> None:
        """Somebody destroyed it: it goes alone, references to it keep the id and read None."""
        for field in FIELDS:
            for source in tuple(each(field.members(association))):
                self._point(source, field, association.id)
                self._tell_reference(source, field, association, None, origin)
        self._tell(EventKind.destroyed, association, origin=origin)
        self._tell_change(association, "destroyed", association.type_id, None, origin)
        self._remove(association, origin)

    # storage markers

    def ledger(self, name: str) -> Ledger:
        """The ledger of a storage name, opened at its first use."""
        ledger = self.ledgers.get(name)
        if ledger is None:
            with self.lock:
                ledger = self.ledgers[name] = Ledger(self, name)
                for _ in self._together:
                    ledger.open()
        return ledger

    def store(self, association: Association, storage: object, marker: StorageMarker | str) -> None:
        """Set a mark; the same again is no change."""
        marker = _marker(marker)
        name = storage_name(storage)
        if self.permanent(association):
            raise BuiltInError(association=association, action="marked")
        self._check_storable(association)
        ledger = self.ledger(name)
        if marker in ledger.markers(association):
            return
        with self.together():
            ledger.mark(association, marker)
            self.tell_stored(association, name, marker)

    def _check_storable(self, association: Association) -> None:
        data = association._data
        if callable(data) and FunctionSource.of(data) is None:
            raise _sourceless(data)

    def unstore(
        self, association: Association, storage: object, marker: StorageMarker | str | None, purge: bool
    ) -> None:
        """Take marks away; `purge` also deletes the row, for good."""
        markers = None if marker is None else [_marker(marker)]
        ledger = self.ledger(storage_name(storage))
        with self.together():
            if purge and not self.permanent(association):
                ledger.purge(association)
            for own in ledger.markers(association):
                if markers is None or own in markers:
                    ledger.unmark(association, own)
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

    # together

    @contextmanager
    def together(self) -> Generator[None]:
        """One thought: told once at the end, sent whole, undone if it raises."""
        with self.lock:
            together = self._open()
            try:
                yield
            except BaseException:
                self._undo(together)
                raise
            self._close(together)
        self.dispatcher.release()
        self._ring()

    def _open(self) -> _Together:
        together = _Together()
        self._together.append(together)
        self.dispatcher.hold()
        for ledger in self.ledgers.values():
            ledger.open()
        return together

    def _undo(self, together: _Together) -> None:
        self._together.pop()
        for undo in reversed(together.undo):
            undo()
        for ledger in self.ledgers.values():
            ledger.drop()
        self.dispatcher.drop()

    def _close(self, together: _Together) -> None:
        self._together.pop()
        group = Group()
        for ledger in self.ledgers.values():
            ledger.close(group)
        if self._together:
            outer = self._together[-1]
            outer.undo.extend(together.undo)
            for change in together.changes.values():
                outer.add(change)
        else:
            changes = together.net()
            if changes and self.signals.changed.receivers:
                self.dispatcher.tell(self.signals.changed, self.root, changes=changes)

    def journal(self, undo: Callable[..., object], *arguments: object) -> None:
        """Remember how to undo a step, where it may have to be."""
        if self._together:
            self._together[-1].undo.append(partial(undo, *arguments))

    def _locked(self) -> RLock | nullcontext[None]:  # pyright: ignore[reportInvalidTypeForm]
        return self.lock if self.ledgers else nullcontext()

    # telling

    def subscribe(
        self,
        kind: EventKind,
        handler: Handler,
        association: Association,
        as_event: Callable[[Event], Event | None] | None = None,
    ) -> Subscription:
        """Let a handler hear an association; the root hears everybody."""
        sender = ANY if association is self.root else association
        subscription = subscribe(self.signals, kind, handler, sender, as_event)
        self._subscriptions.setdefault(association, []).append((kind, subscription))
        return subscription

    def unsubscribe(self, kind: EventKind, handler: Handler, association: Association) -> bool:
        """End every subscription of a handler to a kind."""
        own = self._subscriptions.get(association, [])
        ended = [one for one in own if one[0] is kind and one[1].handler == handler]
        self._subscriptions[association] = [one for one in own if one not in ended]
        _dispose(ended)
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
            self.dispatcher.tell(signal, source, event=Event(kind, source, name, old, new, item, origin))

    def _tell_reference(
        self, source: Association, field: Field, old: Reference, new: Reference, origin: str | None
    ) -> None:
        before, after = _known(old), _known(new)
        if before is after:
            return
        kind = field.deleted_kind if after is None else field.set_kind
        self._tell(kind, source, field, before, after, None, origin)
        if before is not None:
            self._tell(field.removed_kind, before, field, item=source, origin=origin)
        if after is not None:
            self._tell(field.added_kind, after, field, item=source, origin=origin)

    def _tell_data(self, association: Association, old: object, new: object, origin: str | None) -> None:
        before, after = (None if data is NOTHING else data for data in (old, new))
        signal = self.signals.of_kind[EventKind.data_set]
        if signal.receivers:
            event = Event(EventKind.data_set, association, DATA, before, after, None, origin)
            self.dispatcher.tell(signal, association, event=event)
        self._tell_change(association, DATA, before, after, origin)

    def _tell_change(self, source: Association, field: str, old: object, new: object, origin: str | None) -> None:
        changed = self.signals.changed
        if not changed.receivers:
            return
        change = Change(source.id, field, old, new, origin)
        if self._together:
            self._together[-1].add(change)
        else:
            self.dispatcher.tell(changed, self.root, changes=(change,))

    def _ring(self) -> None:
        """Tell a synchronizer once that something waits for it; people's receivers can't keep it from hearing."""
        if self._together:
            return
        for ledger in tuple(self.ledgers.values()):
            if not ledger.rung and ledger.waits:
                ledger.rung = True
                for receiver in list(self.signals.waiting.receivers_for(self.root)):
                    receiver(self.root, storage=ledger.name)


def ledger_reach(source: Association) -> list[Association]:
    """Whom another type of the source may begin or end storing: itself and its instances, all the way down."""
    found: dict[Association, None] = {source: None}
    stack = [source]
    while stack:
        for instance in each(stack.pop().instances()):
            if instance not in found:
                found[instance] = None
                stack.append(instance)
    return list(found)


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


def _stranger(owner: Association | str, field: Field, target: Association) -> DestroyedError | OtherSpaceError:
    if target.destroyed:
        return DestroyedError(association=repr(target))
    return OtherSpaceError(association=repr(target), owner=owner, field=field.attribute)


def _sourceless(function: object) -> WrongTypeError:
    return WrongTypeError(
        what="a Function that is stored", expected="a function whose source Python can find", value=function
    )


def _gone(association: Association) -> Space:
    return Gone(f"{association.id}")  # pyright: ignore[reportReturnType]


def _dispose(subscriptions: list[tuple[EventKind, Subscription]]) -> None:
    for _, subscription in subscriptions:
        subscription()


def _known(reference: Reference) -> Association | None:
    return reference if isinstance(reference, Association) else None


def _id(reference: Reference) -> str | None:
    return reference.id if isinstance(reference, Association) else reference
