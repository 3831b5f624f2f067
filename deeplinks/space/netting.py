"""Netting: what a `together()` tells in the end of all that happened in it; nothing that did not last.

The space room. Pure: queued steps in, those to be delivered out, in the order that one change would have had.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from deeplinks.space.association import Association, here
from deeplinks.space.events import Event, EventKind, Step, Told
from deeplinks.space.fields import FIELDS, VALUE
from deeplinks.space.values import same

_K = EventKind

# What adds one, and what takes one away: of these as many are told as are more in the end.
_BALANCED: Final = {
    **{one.added_kind: (one, 1) for one in FIELDS},
    **{one.removed_kind: (one, -1) for one in FIELDS},
    _K.data_add: ("data", 1),
    _K.data_push: ("data", 1),
    _K.data_delete: ("data", -1),
    _K.store_added: ("store", 1),
    _K.store_removed: ("store", -1),
}
# What says old and new: told once, from the first old to the last new, where the first was.
_MERGED: Final = {
    **{kind: one.name for one in FIELDS for kind in (one.set_kind, one.deleted_kind)},
    _K.data_set: "data_set",
    _K.item_set: "item_set",
}
# The same, but told where the last was: it follows from what others tell.
_FOLLOWING: Final = {one.changed_kind: one.changed_kind for one in FIELDS}
_DATA: Final = (_K.data_set, _K.item_set, _K.data_add, _K.data_push, _K.data_delete, _K.data_clear)


def net(steps: list[Step]) -> list[Step]:
    """The steps without what did not last."""
    netting = _Netting()
    for place, step in enumerate(steps):
        event = step.facts.get("event") if isinstance(step, Told) else None
        if isinstance(step, Told) and isinstance(event, Event):
            netting.add(place, step, event)
        else:
            netting.keep(place, step)
    return netting.rest()


@dataclass(slots=True)
class _Balance:
    """Events that add and events that take away, of one member."""

    count: int = 0
    added: list[tuple[int, Told]] = field(default_factory=list[tuple[int, Told]])
    taken: list[tuple[int, Told]] = field(default_factory=list[tuple[int, Told]])


class _Netting:
    def __init__(self) -> None:
        self._kept: dict[int, Step] = {}
        self._merged: dict[Hashable, tuple[int, Told, Event, Event]] = {}
        self._balances: dict[tuple[Hashable, Association, object], _Balance] = {}
        self._lives: dict[Association, list[tuple[int, Told]]] = {}
        # The last one of each source: that its data changed, that it was emptied.
        self._changed: dict[Hashable, tuple[int, Told, Event]] = {}
        self._cleared: dict[Association, tuple[int, Told]] = {}
        self._added_at: dict[Association, int] = {}

    def keep(self, place: int, step: Step) -> None:
        self._kept[place] = step

    def add(self, place: int, told: Told, event: Event) -> None:
        kind = event.kind
        if kind in (_K.constructed, _K.destroyed):
            self._lives.setdefault(event.source, []).append((place, told))
        elif kind in _MERGED or kind in _FOLLOWING:
            self._merge(place, told, event)
        elif kind in _BALANCED:
            self._weigh(place, told, event)
        elif kind is _K.data_changed:
            self._changed[event.source, told.signal] = (place, told, event)
        elif kind is _K.data_clear:
            self._cleared[event.source] = (place, told)
        else:
            self.keep(place, told)

    def _merge(self, place: int, told: Told, event: Event) -> None:
        name = _MERGED.get(event.kind) or _FOLLOWING[event.kind]
        key = (name, event.source, event.item if event.kind in _FOLLOWING else None, event.field)
        first = self._merged.get(key)
        at = first[0] if first and event.kind in _MERGED else place
        self._merged[key] = (at, told, first[2] if first else event, event)

    def _weigh(self, place: int, told: Told, event: Event) -> None:
        name, step = _BALANCED[event.kind]
        member = event.item if event.item is not None else event.new or event.old
        balance = self._balances.setdefault((name, event.source, member), _Balance())
        balance.count += step
        (balance.added if step > 0 else balance.taken).append((place, told))
        if step > 0 and name == "data":
            self._added_at[event.source] = place

    def rest(self) -> list[Step]:
        """What is left, in order."""
        self._rest_of_lives()
        self._rest_of_merged()
        self._rest_of_balances()
        self._rest_of_data()
        steps = (self._kept[place] for place in sorted(self._kept))
        return [step for step in steps if not isinstance(step, Told) or step.signal.receivers]

    def _rest_of_lives(self) -> None:
        for told in self._lives.values():
            if len(told) == 1:
                self.keep(*told[0])

    def _rest_of_merged(self) -> None:
        for place, told, first, last in self._merged.values():
            event = replace(last, old=first.old)
            if last.kind in _FOLLOWING:
                event = _followed(event)
            if not event.source.destroyed and not same(event.old, event.new):
                self.keep(place, replace(told, facts={"event": event}))

    def _never_was(self, source: Association) -> bool:
        """Whether it was made and destroyed."""
        return len(self._lives.get(source, ())) > 1

    def _rest_of_balances(self) -> None:
        for (name, source, _), balance in self._balances.items():
            if self._never_was(source) or (name == "store" and source.destroyed):
                continue
            left = balance.added if balance.count > 0 else balance.taken
            for place, told in left[-abs(balance.count) :] if balance.count else ():
                self.keep(place, told)

    def _rest_of_data(self) -> None:
        kept = [step.facts["event"] for step in self._kept.values() if isinstance(step, Told) and "event" in step.facts]
        events = [event for event in kept if isinstance(event, Event)]
        emptied = {event.source for event in events if event.kind is _K.data_delete}
        for source, (place, told) in self._cleared.items():
            if source in emptied and self._added_at.get(source, -1) < place:
                self.keep(place, told)
        touched = {event.source for event in events if event.kind in _DATA}
        moved = {(event.source, event.kind) for event in events}
        for place, told, event in self._changed.values():
            if _lasts(event, touched, moved):
                self.keep(place, told)


def _followed(event: Event) -> Event:
    """What a source hears of what it points at: how that is now; nothing if it does not point there any more."""
    moved = next(one for one in FIELDS if one.name == event.field)
    by = next(one for one in FIELDS if one.changed_kind is event.kind)
    start = here(getattr(event.source, by.slot))
    reached = _chain(start) if by is VALUE else (start,)
    if event.item is None or event.item.destroyed or event.item not in reached:
        return replace(event, new=event.old)
    return replace(event, new=here(getattr(event.item, moved.slot)))


def _lasts(event: Event, touched: set[Association], moved: set[tuple[Association, EventKind]]) -> bool:
    """Whether what a `data_changed` follows from is still so: members of a live set, or data down the value chain."""
    backs = [one for one in FIELDS if one.back_name == event.field]
    if backs:
        return any((event.source, kind) in moved for one in backs for kind in (one.added_kind, one.removed_kind))
    return not event.source.destroyed and any(one in touched for one in _chain(event.source))


def _chain(association: Association | None) -> Iterable[Association]:
    seen: dict[Association, None] = {}
    one = association
    while one is not None and one not in seen:
        seen[one] = None
        one = one.value
    return seen
