"""Telling: who listens to which association, and what is told to whom of a change.

The space room. It makes events for listeners only, and queues them; when they are delivered is the dispatcher's business.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from blinker import ANY

from deeplinks.space.association import Association, Reference, here, id_of
from deeplinks.space.events import Change, Event, EventKind, Handler, Subscription, check_handler
from deeplinks.space.fields import DATA, Field
from deeplinks.space.grouping import Grouping
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
