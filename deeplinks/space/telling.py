"""Telling: who listens to which association, and what is told to whom of a change.

The space room. It makes events for listeners only, and queues them; when they are delivered is the dispatcher's business.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from blinker import ANY

from deeplinks.space.association import Association, Reference, here, id_of
from deeplinks.space.back_references import each
from deeplinks.space.events import AnyHandler, Change, Event, EventKind, OrderedSignal, Subscription, check_handler
from deeplinks.space.fields import DATA, FIELDS, Field
from deeplinks.space.grouping import Grouping
from deeplinks.space.referrers import heard
from deeplinks.space.values import NOTHING

if TYPE_CHECKING:
    from deeplinks.space.collections import Collections
    from deeplinks.space.deep import Deep


class Telling(Grouping):
    """The subscriptions of one space, and what its changes tell."""

    collections: Collections

    def __init__(self, root: Deep) -> None:
        super().__init__(root)
        self._subscriptions: dict[Association, dict[Subscription, None]] = {}
        self._parting: dict[Association, list[Subscription]] = {}
        # Those who hear on behalf of somebody who is gone; and those whom their own listeners keep.
        self._leaving: deque[list[Subscription]] = deque()
        self.kept_listening: dict[object, None] = {}

    def subscribe(
        self,
        kind: EventKind | str,
        handler: AnyHandler,
        association: Association,
        as_event: Callable[[Event], Event | None] | None = None,
        signals: Mapping[EventKind, OrderedSignal] | None = None,
        *,
        once: bool = False,
    ) -> Subscription:
        """Let a handler hear an association; the root hears everybody. Raises `WrongTypeError` for what is no handler."""
        check_handler(handler)
        self.leave_now()
        sender = ANY if association is self.root else association
        ended = partial(self._unsubscribed, association)
        subscription = Subscription(signals or self.signals, kind, handler, sender, as_event, ended, once)
        self._subscriptions.setdefault(association, {})[subscription] = None
        return subscription

    def leave_later(self, subscriptions: list[Subscription]) -> None:
        """Whom these were for is gone. The collector tells so at any time, also amidst a change: here nothing ends yet."""
        self._leaving.append(subscriptions)

    def leave_now(self) -> None:
        """End the subscriptions of those who are gone."""
        while self._leaving:
            try:
                subscriptions = self._leaving.popleft()
            except IndexError:
                # Another thread was quicker.
                return
            for subscription in subscriptions:
                subscription()

    def _unsubscribed(self, association: Association, subscription: Subscription) -> None:
        own = self._subscriptions.get(association)
        if own is not None:
            own.pop(subscription, None)
            if not own:
                del self._subscriptions[association]
        self.signals.forget(subscription.kind)

    def unsubscribe(self, kind: EventKind | str, handler: AnyHandler, association: Association) -> bool:
        """End every subscription of a handler to a kind."""
        own = self._subscriptions.get(association, {})
        ended = [one for one in own if one.kind == kind and one.handler == handler]
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
        if self.tells(kind):
            name = field.name if field else None
            event = Event(kind, source, name, old, new, item, origin)
            self.dispatcher.queue(self.signals.of_kind[kind], source, event=event)

    def tells(self, kind: EventKind) -> bool:
        """Whether a kind is to be told: somebody hears it, or, in a together(), what may undo it or be undone by it."""
        if self.signals.of_kind[kind].receivers:
            return True
        return self._turn is not None and self.signals.family_heard(kind)

    def _tell_member(
        self, kind: EventKind, owner: Association, field: Field, item: Association, origin: str | None
    ) -> None:
        """Somebody came to or went from those who point at an owner."""
        self._tell(kind, owner, field, item=item, origin=origin)
        signal = self.signals.of_members[field.back_name]
        if signal.receivers:
            event = Event(EventKind.data_changed, owner, field.back_name, origin=origin)
            self.dispatcher.queue(signal, owner, event=event)

    def emit(self, kind: EventKind, event: Event) -> None:
        """Tell an event of people's making; those of data also go up the value chain, each once."""
        for one in and_valued(event.source) if kind.of_data else (event.source,):
            self.dispatcher.queue(self.signals.of_kind[kind], one, event=replace(event, source=one))
        self.dispatcher.deliver()

    def emit_own(self, key: str, source: Association, facts: tuple[object, ...]) -> None:
        """Tell an event of people's own, with what they give."""
        signal = self.signals.own.get(key)
        if signal is not None:
            self.dispatcher.tell(signal, source, event=facts)

    def _tell_reference(
        self, source: Association, field: Field, old: Reference, new: Reference, origin: str | None
    ) -> None:
        before, after = here(old), here(new)
        if before is after:
            return
        kind = field.deleted_kind if after is None else field.set_kind
        self._tell(kind, source, field, before, after, None, origin)
        if before is not None:
            self._tell_member(field.removed_kind, before, field, source, origin)
        if after is not None:
            self._tell_member(field.added_kind, after, field, source, origin)
        if self.signals.referred:
            self._tell_referrers(source, field, before, after, origin)

    def _tell_referrers(
        self, source: Association, field: Field, old: Association | None, new: Association | None, origin: str | None
    ) -> None:
        """Those who point at what has changed, of whom somebody wants to hear it."""
        for back in FIELDS:
            signal = self.signals.of_kind[back.changed_kind]
            if signal.receivers:
                for one in heard(signal, back, source):
                    event = Event(back.changed_kind, one, field.name, old, new, source, origin)
                    self.dispatcher.queue(signal, one, event=event)

    def _tell_pointed(
        self, source: Association, field: Field, old: Reference, new: Reference, origin: str | None
    ) -> None:
        self._tell_reference(source, field, old, new, origin)
        self.collections.tell_pointed(source, field, old, origin)
        self._tell_change(source, field.name, id_of(old), id_of(new), origin)

    def _tell_data(self, association: Association, old: object, new: object, origin: str | None) -> None:
        before, after = (None if data is NOTHING else data for data in (old, new))
        if self.tells(EventKind.data_set):
            event = Event(EventKind.data_set, association, DATA, before, after, None, origin)
            self.dispatcher.queue(self.signals.of_kind[EventKind.data_set], association, event=event)
        self._tell_above(association, before, after, origin)
        self._tell_change(association, DATA, before, after, origin)

    def _tell_above(self, association: Association, old: object, new: object, origin: str | None) -> None:
        """Up the value chain, each once, that the data which they show has changed."""
        if self.tells(EventKind.data_changed):
            signal = self.signals.of_kind[EventKind.data_changed]
            for one in and_valued(association)[1:]:
                event = Event(EventKind.data_changed, one, DATA, old, new, None, origin)
                self.dispatcher.queue(signal, one, event=event)

    def tell_key(
        self, mapping: Association, key: object, before: object, after: object, old: object, new: object
    ) -> None:
        """A key of an Object or a Map was set, or taken out."""
        one, other = (None if value is NOTHING else value for value in (before, after))
        for kind in (EventKind.data_set, EventKind.data_changed):
            if self.tells(kind):
                event = Event(kind, mapping, key, one, other)
                self.dispatcher.queue(self.signals.of_kind[kind], mapping, event=event)
        self._tell_above(mapping, old, new, None)
        self._tell_change(mapping, DATA, old, new, None)

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


def and_valued(association: Association) -> list[Association]:
    """The association, those that have it as value, those that have them as value, and so on: nearest first."""
    found = {association: None}
    queue = deque(found)
    while queue:
        for one in each(queue.popleft()._valued):
            if one not in found:
                found[one] = None
                queue.append(one)
    return list(found)
