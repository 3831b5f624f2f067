"""What happened, and who hears it: event kinds, the event value, one blinker signal a kind, guarded delivery.

The space room. It knows no storage and does no I/O; a receiver may do what it likes, and harms nobody else by it.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from blinker import ANY, Signal

from deeplinks.errors import SignalLoopError

if TYPE_CHECKING:
    from deeplinks.space.association import Association

logger = logging.getLogger("deeplinks.space.events")

# A loop of receivers ends here, by name; an honest cascade is far below.
MOST_GENERATIONS = 1_000
MOST_SIGNALS = 100_000


class EventKind(StrEnum):
    """The kinds of events; equal in every space and process, so a handler may be declared once."""

    constructed = "constructed"
    destroyed = "destroyed"
    type_set = "type_set"
    type_deleted = "type_deleted"
    typed_added = "typed_added"
    typed_deleted = "typed_deleted"
    from_set = "from_set"
    from_deleted = "from_deleted"
    out_added = "out_added"
    out_deleted = "out_deleted"
    to_set = "to_set"
    to_deleted = "to_deleted"
    in_added = "in_added"
    in_deleted = "in_deleted"
    value_set = "value_set"
    value_deleted = "value_deleted"
    valued_added = "valued_added"
    valued_deleted = "valued_deleted"
    data_set = "data_set"
    data_add = "data_add"
    data_delete = "data_delete"
    store_added = "store_added"
    store_removed = "store_removed"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to `source`.

    `field` is the reference or "data"; `old` and `new` are associations or data; `item` is the other association of an
    added or deleted member; `origin` names the storage the change came from, None when it was made here.
    """

    kind: EventKind
    source: Association
    field: str | None = None
    old: object = None
    new: object = None
    item: Association | None = None
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One change as a value: ids instead of associations, so that it may cross rooms, threads and processes."""

    id: str
    field: str
    old: object
    new: object
    origin: str | None = None


class Signals:
    """The blinker signals of one space, one a kind, and those that tell of the space as a whole.

    `changed` tells a change set once: sender the space, `changes` a tuple of `Change`. `waiting` tells that the change
    set of `storage` turned from empty to not empty. `conflict` and `receiver_error` tell what their names say.
    """

    def __init__(self) -> None:
        self.changed = Signal("A change set, told once.")
        self.waiting = Signal("A storage's change set turned from empty to not empty.")
        self.conflict = Signal("Two wrote the same; `conflict` has both values.")
        self.receiver_error = Signal("A receiver raised `error`.")
        self.of_kind = {kind: Signal(kind.value) for kind in EventKind}

    def __getattr__(self, name: str) -> Signal:
        try:
            return self.of_kind[EventKind(name)]
        except ValueError:
            raise AttributeError(f"there is no signal {name!r}") from None

    def __getitem__(self, kind: EventKind) -> Signal:
        return self.of_kind[kind]


Handler: TypeAlias = Callable[[Event], object]


class Subscription:
    """A handler that listens until it is called off: call it, or leave its `with` block."""

    __slots__ = ("__weakref__", "_dispose", "handler")

    def __init__(
        self, signal: Signal, sender: object, handler: Handler, as_event: Callable[[Event], Event | None]
    ) -> None:
        self.handler = handler

        def receive(_sender: object, event: Event) -> None:
            shown = as_event(event)
            if shown is not None:
                handler(shown)

        receive.__qualname__ = getattr(handler, "__qualname__", repr(handler))
        signal.connect(receive, sender=sender, weak=False)
        self._dispose: Callable[[], None] | None = lambda: signal.disconnect(receive, sender=sender)

    def __call__(self) -> None:
        """Stop listening; a second call is harmless."""
        dispose, self._dispose = self._dispose, None
        if dispose:
            dispose()

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, *_: object) -> None:
        self()


def subscribe(
    signals: Signals,
    kind: EventKind,
    handler: Handler,
    sender: object = ANY,
    as_event: Callable[[Event], Event | None] | None = None,
) -> Subscription:
    """Let a handler hear one kind of event, of one sender or of all."""
    return Subscription(signals[kind], sender, handler, as_event or _as_it_is)


def _as_it_is(event: Event) -> Event:
    return event


@dataclass(frozen=True, slots=True)
class _Told:
    signal: Signal
    sender: object
    facts: dict[str, object]
    generation: int


class Dispatcher:
    """Delivers signals breadth first: what a receiver causes waits until the present signal has been heard by all.

    Each receiver runs in its own guard: one that raises is told on `receiver_error` and stops nobody.
    """

    def __init__(self, signals: Signals) -> None:
        self._signals = signals
        self._queue: deque[_Told] = deque()
        self._generation = 0
        self._delivering = False
        self._held: list[list[_Told]] = []

    def tell(self, signal: Signal, sender: object, **facts: object) -> None:
        """Queue a signal, and deliver unless a delivery or a hold is under way."""
        told = _Told(signal, sender, facts, self._generation + 1)
        if self._held:
            self._held[-1].append(told)
            return
        self._queue.append(told)
        if not self._delivering:
            self._deliver()

    def hold(self) -> None:
        """Keep what is told from now on, until `release` or `drop`."""
        self._held.append([])

    def release(self) -> None:
        """Deliver what was kept, or hand it to the hold around this one."""
        kept = self._held.pop()
        if self._held:
            self._held[-1].extend(kept)
            return
        self._queue.extend(kept)
        if not self._delivering:
            self._deliver()

    def drop(self) -> None:
        """Forget what was kept: it was undone."""
        self._held.pop()

    def _deliver(self) -> None:
        self._delivering = True
        count = 0
        try:
            while self._queue:
                told = self._queue.popleft()
                count += 1
                if told.generation > MOST_GENERATIONS or count > MOST_SIGNALS:
                    raise SignalLoopError(generations=told.generation, receivers=_names(told))
                self._generation = told.generation
                self._send(told)
        finally:
            self._queue.clear()
            self._generation = 0
            self._delivering = False

    def _send(self, told: _Told) -> None:
        for receiver in list(told.signal.receivers_for(told.sender)):
            try:
                receiver(told.sender, **told.facts)
            except Exception as error:  # noqa: BLE001  one faulty receiver must not silence the rest
                self._report(receiver, error, told)

    def _report(self, receiver: object, error: Exception, told: _Told) -> None:
        errors = self._signals.receiver_error
        if told.signal is errors or not errors.receivers:
            logger.error("a receiver raised: %r", receiver, exc_info=error)
            return
        self._queue.append(_Told(errors, told.sender, {"error": error, "receiver": receiver}, told.generation + 1))


def _names(told: _Told) -> str:
    receivers = told.signal.receivers_for(told.sender)
    return ", ".join(getattr(receiver, "__qualname__", repr(receiver)) for receiver in receivers)
