"""Changing: the one door for what people do to associations; checked, noted for the storages, made, and told.

The space room. Everything that is refused is refused before anything has changed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from deeplinks.errors import BuiltInError, DestroyedError, InvalidError, described, shown
from deeplinks.ids import new_id
from deeplinks.space.association import Association, Gone, Reference, here, id_of
from deeplinks.space.back_references import added, each, removed
from deeplinks.space.climbing import Climbed
from deeplinks.space.data_index import DataIndex, keys
from deeplinks.space.events import Change, EventKind, Subscription
from deeplinks.space.fields import DATA, FIELDS, FROM, TO, TYPE, VALUE, Field
from deeplinks.space.grouping import CREATED, DESTROYED
from deeplinks.space.ledger import Ledger, and_instances, references
from deeplinks.space.promising import Promising
from deeplinks.space.register import Target, _New
from deeplinks.space.values import NOTHING, check_source, same

if TYPE_CHECKING:
    from deeplinks.space.alive import Living
    from deeplinks.space.deep import Deep
    from deeplinks.space.membership import Memberships
    from deeplinks.space.names import Names
    from deeplinks.space.space import Space

Held: TypeAlias = "list[tuple[Ledger, list[tuple[Association, bool]]]]"
Along: TypeAlias = "list[tuple[Ledger, list[Association]]]"


def now() -> int:
    """Nanoseconds since 1970, UTC."""
    return time.time_ns()


class Changing(Promising):
    """The verbs that make, point, fill and end associations."""

    names: Names
    living: Living
    known_members: Memberships

    def __init__(self, root: Deep, id: str) -> None:
        super().__init__(root, id)
        self.by_data = DataIndex()
        self.unresolved: dict[str, dict[tuple[Association, Field], None]] = {}

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
        """Make an instance of a type, with its references and its data; all of it or, if something is wrong, nothing.

        `told`: whoever calls tells the function of an Alive type. `id`: one that nobody has here.
        """
        if data is not NOTHING and type not in self.kinds and self.collections.made_by(type):
            return self.collections.make(type, data, from_, to, value)
        if self.alive._typed is not None and not told and (hook := self.living.hook(type)) is not None:
            return self.living.make(hook, type, data, from_, to, value)
        new = _New(type)
        with self._locked():
            targets = self._targets(new, from_, to, value)
            if data is not NOTHING:
                data = self._data(new, self.kinds.get(type) or self.kind_of(type), type, data)
            association = self._make(type, targets, data, id)
            along = self._along_with(association) if self.ledgers else ()
            self.journal(self._unmake, association)
            if type is self.item:
                self._touch(association._from)
            for ledger, coming, first in along:
                ledger.bring(coming, first)
        self._ring()
        if self.signals.heard:
            self._tell_made(association, type, targets)
            self.dispatcher.deliver()
        return association

    def interned(self, type: Association, value: object) -> Association:
        """The first instance of a type that has this very data, or a new one."""
        type.space_of()
        kind = self.kinds.get(type) or self.kind_of(type)
        data = self._data(_New(type), kind, type, value)
        wanted = keys(data)
        found = self.held().first(wanted, type)
        if found is not None:
            return found
        # Looked for again under the lock: another thread may have made it meanwhile.
        with self._undoable():
            return self.held().first(wanted, type) or self.construct(type, data, None, None, None)

    def held(self) -> DataIndex:
        """The index by data, kept from the first question on."""
        if not self.by_data.kept:
            self.indexed = self.followed = self.attended = True
            self.by_data.begin(self.associations.values())
        return self.by_data

    def _targets(self, new: _New, from_: Target, to: Target, value: Target) -> list[tuple[Field, Association]]:
        given = ((FROM, from_), (TO, to), (VALUE, value))
        found = [(field, self._target(new, field, target)) for field, target in given if target is not None]
        return [(field, target) for field, target in found if target is not None]

    def ensure(self, id: str, type: Association) -> Association:
        """The association of that id, made if it is not here; what waited for the id heals."""
        found = self.find(id)
        if found is not None:
            return found
        with self._undoable():
            association = self.construct(type, NOTHING, None, None, None, id=id)
            for source, field in tuple(self.unresolved.get(id, ())):
                # It is what it was for every storage, and for the times: as if it came from one.
                self._refer_noted(source, field, association, "")
                self._tell_reference(source, field, None, association, None)
        return association

    def _make(
        self, type: Association, targets: list[tuple[Field, Association]], data: object, id: str = ""
    ) -> Association:
        association = Association(self.itself, id or new_id(), self._next_seq(), now())
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
        self.living.states.pop(association, None)
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
            if self.collections.is_item(association) or association._type is self.contain:
                along += [(ledger, coming, None) for ledger, coming in self._drawn((association,), None)]
            return along
        except InvalidError:
            self._unmake(association)
            raise

    def _tell_made(self, association: Association, type: Association, targets: list[tuple[Field, Association]]) -> None:
        self._tell(EventKind.constructed, association)
        self._tell_member(TYPE.added_kind, type, TYPE, association, None)
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
            with self._locked():
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
                given = "nothing" if found is None else described(found)
                raise BuiltInError(association=source, action=f"given {given} as its {field.attribute}")
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
        may_draw = self.collections.may_draw(source, field, target) or (
            self.naming and self.names.may_draw(source, field, target)
        )
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

    def _drawn(self, links: Iterable[Association], origin: str | None) -> Along:
        """What comes along where: Items as the collections are held there at which they start, Contains as both ends are."""
        return [
            (ledger, coming)
            for link in links
            for ledger in self._drawing(link, origin)
            if (coming := ledger.along((link,)))
        ]

    def _drawing(self, link: Association, origin: str | None) -> list[Ledger]:
        start = self.collections.start_of(link)
        if start is not None or link._type is not self.contain:
            return self._holding(start, origin) if start is not None else []
        return [one for one in self.ledgers.values() if one.name != origin and self.names.comes(link, one)]

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
        if origin is None and source._type is self.item:
            self._touch(source._from)
        self._point(source, field, target)
        if origin is None:
            source._updated_at = now()
            if source._type is self.item:
                self._touch(source._from)

    def _touch(self, start: Reference) -> None:
        """A collection has changed when who is in it has."""
        if isinstance(start, Association) and self.collections.collects(start):
            self.journal(setattr, start, "_updated_at", start._updated_at)
            start._updated_at = now()

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
        if field is TYPE and self.living.hooks:
            self._climb_anew(source, old)
        if self.naming and (source._type is self.contain or old is self.contain):
            self.names.follow(source)
        if self.indexed:
            self._follow_reference(source, field, old)

    def _climb_anew(self, source: Association, old: Reference) -> None:
        """What the types of associations say of being Alive may be something else now."""
        if old is self.alive and self.alive._typed is None:
            self.living.hooks = {}
        elif source in self.living.hooks:
            self.living.forget_hook(source)

    def _follow_reference(self, source: Association, field: Field, old: Reference) -> None:
        self.known_members.pointed(source, field, old)
        if field is TYPE and source._data is not NOTHING:
            self.by_data.changed(source)

    def _follow_data(self, association: Association) -> None:
        self.known_members.filled(association)
        self.by_data.changed(association)

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
            given = "no data" if data is NOTHING else f"{shown(data)} as data"
            raise BuiltInError(association=association, action=f"given {given}")
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
        if association in self.living.hooks:
            self.living.forget_hook(association)
        if self.naming and association._valued is not None:
            self.names.filled(association)
        if self.indexed:
            self._follow_data(association)

    def _restore_data(self, association: Association, old: object, updated_at: int | str) -> None:
        association._data = old
        association._updated_at = updated_at
        if association in self.living.hooks:
            self.living.forget_hook(association)
        self.names.filled(association)
        if self.indexed:
            self._follow_data(association)

    def destroy(self, association: Association, *, cascade: bool = False) -> None:
        """End an association: references to it are cleared with their events, its rows go; `cascade`: so do all instances."""
        if self.permanent(association):
            raise BuiltInError(association=association, action="destroyed")
        with self._undoable():
            ending = and_instances(association)[::-1] if cascade else [association]
            climbed = Climbed(self.itself)
            for one in self.collections.with_items(self.names.with_names(ending)):
                if self.alive._typed is not None:
                    climbed.part(one)
                if not one.destroyed:
                    retypes = one._typed is not None
                    self._destroy(one, climbed.holding(one) if cascade else self._holding(one, None))
                    if retypes:
                        climbed.forget()

    def _destroy(self, association: Association, holding: list[Ledger]) -> None:
        for ledger in holding:
            ledger.destroy(association)
        if association._type is self.item:
            self._touch(association._from)
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
        self._unmark_by(association)
        kept = references(association)
        for field, target in zip(FIELDS, kept, strict=True):
            self._point(association, field, None)
            if isinstance(target, Association) and target is not association:
                self._tell_member(field.removed_kind, target, field, association, origin)
        self.collections.tell_gone(kept, origin)
        del self.associations[association.id]
        subscriptions = self._subscriptions.pop(association, {})
        self.journal(self._bring_back, association, kept, subscriptions)
        self.living.forget(association)
        if self.indexed:
            self.known_members.leave(association)
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

    def _unmark_by(self, marker: Association) -> None:
        """With a marker of people's own the marks that it made are gone."""
        for ledger in self.ledgers.values():
            for one in tuple(ledger.custom.get(marker, ())):
                ledger.unmark(one, [marker])
                self._tell(EventKind.store_removed, one, old=(ledger.name, marker))

    def part(self, association: Association) -> None:
        """A storage has told that a destroyed association is gone there: once all have, nobody listens to it any more."""
        if association in self._parting and not self.sync_states(association):
            for subscription in self._parting.pop(association):
                subscription()

    def _bring_back(
        self, association: Association, kept: list[Reference], subscriptions: dict[Subscription, None]
    ) -> None:
        association._space = self.itself
        self._parting.pop(association, None)
        self.associations[association.id] = association
        for field, target in zip(FIELDS, kept, strict=True):
            self._point(association, field, target)
        listening = {one: None for one in subscriptions if one.listening}
        if listening:
            self._subscriptions[association] = listening


def _gone(association: Association) -> Space:
    return Gone(association.id)  # pyright: ignore[reportReturnType]
