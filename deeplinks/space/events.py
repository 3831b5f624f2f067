"""What happened, and who hears it: event kinds, the event value, one blinker signal a kind, guarded delivery.

The space room. It knows no storage and does no I/O; a receiver may do what it likes, and harms nobody else by it.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sized
from dataclasses import dataclass
from enum import StrEnum
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from blinker import ANY, Signal
from blinker.base import ANY_ID

from deeplinks.errors import SignalLoopError, WrongTypeError

if TYPE_CHECKING:
    from deeplinks.space.association import Association

Receiver = TypeVar("Receiver", bound=Callable[..., object])

logger = logging.getLogger("deeplinks.space.events")

# A loop of receivers ends here, by name; an honest cascade is far below. What receivers cause is counted, with
# MOST_GENERATIONS allowed for every signal that started it; a big together() is no loop.
MOST_GENERATIONS = 1_000
MOST_SIGNALS = 100_000
LOOPING = 20


class EventKind(StrEnum):
    """The kinds of events; equal in every space and process, so a handler may be declared once."""

    constructed = "constructed"
    destroyed = "destroyed"
    type_set = "type_set"
    type_deleted = "type_deleted"
    typed_added = "typed_added"
    typed_deleted = "typed_deleted"
    typed_changed = "typed_changed"
    from_set = "from_set"
    from_deleted = "from_deleted"
    out_added = "out_added"
    out_deleted = "out_deleted"
    out_changed = "out_changed"
    to_set = "to_set"
    to_deleted = "to_deleted"
    in_added = "in_added"
    in_deleted = "in_deleted"
    in_changed = "in_changed"
    value_set = "value_set"
    value_deleted = "value_deleted"
    valued_added = "valued_added"
    valued_deleted = "valued_deleted"
    valued_changed = "valued_changed"
    data_set = "data_set"
    data_add = "data_add"
    data_push = "data_push"
    data_delete = "data_delete"
    data_clear = "data_clear"
    item_set = "item_set"
    data_changed = "data_changed"
    store_added = "store_added"
    store_removed = "store_removed"
    db_association_created = "db_association_created"
    db_link_updated = "db_link_updated"
    db_data_updated = "db_data_updated"
    db_association_deleted = "db_association_deleted"
    db_batch_started = "db_batch_started"
    db_batch_completed = "db_batch_completed"
    db_batch_failed = "db_batch_failed"

    @property
    def of_storage(self) -> bool:
        """Whether it tells what became of a change in a storage; all others tell of the space itself."""
        return self.value.startswith("db_")

    @property
    def of_data(self) -> bool:
        """Whether it is told up the value chain too."""
        return self.value.startswith("data_") or self is EventKind.item_set

    @property
    def family(self) -> str:
        """What it tells of: kinds of one family may undo one another."""
        return _FAMILIES.get(self.value.partition("_")[0], "data")


_FAMILIES = {
    "type": "type",
    "typed": "type",
    "from": "from",
    "out": "from",
    "to": "to",
    "in": "to",
    "value": "value",
    "valued": "value",
    "constructed": "life",
    "destroyed": "life",
    "store": "store",
    "db": "db",
}


def event_kind(kind: EventKind | str) -> EventKind:
    """The kind of that name. Raises `WrongTypeError`."""
    try:
        return EventKind(kind)
    except ValueError:
        raise WrongTypeError(what="an event kind", expected="one of deep.events", value=kind) from None


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to `source`.

    `field` is the reference or "data" (of a `_changed` kind, the reference of `item` that changed), of an Object or a Map also the key, of an Array the place; `old` and `new` are
    associations or data; `item` is the other association of an added or deleted member; `origin` names the storage the
    change came from, None when it was made here. Of a `db_` kind, `origin` is the storage that tells, and `new` the attempt to write it speaks of.
    """

    kind: EventKind
    source: Association
    field: object = None
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


class _InOrder(dict[object, None]):
    """A set that keeps the order of arrival: blinker's `set_class`, so that receivers hear in the order in which they
    were connected, those of everybody's events first.
    """

    def add(self, item: object) -> None:
        self[item] = None

    def discard(self, item: object) -> None:
        self.pop(item, None)


class OrderedSignal(Signal):
    """A blinker signal whose receivers hear in order, and that lets go of a receiver whole and at once."""

    set_class = _InOrder  # pyright: ignore[reportAssignmentType]

    def __init__(self, doc: str, connected: Callable[[], object] | None = None) -> None:
        super().__init__(doc)
        self._connected = connected

    def connect(self, receiver: Receiver, sender: object = ANY, weak: bool = False) -> Receiver:
        """As blinker's, but that the receiver is kept: a lambda would else be gone at once. `disconnect` lets it go."""
        if self._connected:
            self._connected()
        return super().connect(receiver, sender, weak)

    @property
    def hears_all(self) -> bool:
        """Whether somebody listens to everybody."""
        # blinker looks for them in a defaultdict, so that they may be there and be nobody.
        return bool(self._by_sender.get(ANY_ID))

    @property
    def heard_senders(self) -> Sized:
        """The ids, as Python has them, of those whom somebody listens to."""
        return self._by_sender

    def hears(self, sender: object) -> bool:
        """Whether somebody listens to this one, or to everybody."""
        return bool(self._by_sender.get(id(sender))) or self.hears_all

    def senders(self) -> Iterator[object]:
        """Those whom somebody listens to, by name."""
        for reference in tuple(self._weak_senders.values()):
            sender = reference()
            if sender is not None and self._by_sender.get(id(sender)):
                yield sender

    def release(self, receiver: Callable[..., object], sender: object) -> None:
        """Disconnect a receiver that has this one sender.

        blinker's own `disconnect` keeps the receiver alive if it is given a sender, and walks all senders if not.
        """
        known, heard = id(receiver), ANY_ID if sender is ANY else id(sender)
        self.receivers.pop(known, None)
        self._by_receiver.pop(known, None)
        listeners = self._by_sender[heard]
        listeners.discard(known)
        if not listeners:
            del self._by_sender[heard]
            self._weak_senders.pop(heard, None)


class Signals:
    """The blinker signals of one space, one a kind, and those that tell of the space as a whole.

    `changed` tells a change set once: sender the space, `changes` a tuple of `Change`. `waiting` tells that the change
    set of `storage` turned from empty to not empty. `conflict`, `refused`, `stalled`, `resynchronized`, `progress`,
    `file_failed` and `receiver_error` tell what their names say.
    """

    def __init__(self, attend: Callable[[], object]) -> None:
        self._attend = attend
        # Whether anybody ever listened to changes: until then nothing is told of them, which is quicker than to ask.
        self.heard = False
        # Whether anybody ever listened to changes of what somebody points at.
        self.referred = False
        self.changed = OrderedSignal("A change set, told once.", self._hear)
        self.waiting = OrderedSignal("A storage's change set turned from empty to not empty.")
        self.conflict = OrderedSignal("Two wrote the same; `conflict` has both values.")
        self.refused = OrderedSignal("`storage` refused something for good, which was set aside: `refusal`.")
        self.file_failed = OrderedSignal(
            "The file of `storage` was opened and looked at anew, for the disk failed: `why`."
        )
        self.stalled = OrderedSignal(
            "Nothing gets through to `storage` for `seconds` now: `what` it is, and `why`; told again and again."
        )
        self.resynchronized = OrderedSignal(
            "The log of `storage` could not be continued, for `why`: all was read anew."
        )
        self.receiver_error = OrderedSignal("A receiver raised `error`.")
        self.progress = OrderedSignal("How far reading or writing is: `progress`.")
        self.of_kind = {kind: self._of_kind(kind) for kind in EventKind}
        # That the members of a live set changed, by the name of the set; and people's own events.
        self.of_members = {
            back: OrderedSignal(f"{back}: changed", self._hear) for back in ("typed", "out", "in", "valued")
        }
        self.own: dict[str, OrderedSignal] = {}
        self._families: dict[str, list[OrderedSignal]] = {}
        for kind, signal in self.of_kind.items():
            self._families.setdefault(kind.family, []).append(signal)
        for back, signal in self.of_members.items():
            self._families[_FAMILIES[back]].append(signal)

    def _of_kind(self, kind: EventKind) -> OrderedSignal:
        # What a storage tells is no change: who hears it alone leaves changes untold.
        if kind.of_storage:
            return OrderedSignal(kind.value)
        referring = kind.value.endswith("_changed") and kind is not EventKind.data_changed
        return OrderedSignal(kind.value, self._hear_referrers if referring else self._hear)

    def _hear(self) -> None:
        self.heard = True
        self._attend()

    def _hear_referrers(self) -> None:
        self.referred = True
        self._hear()

    def family_heard(self, kind: EventKind) -> bool:
        """Whether anybody hears any kind of the family."""
        return any(signal.receivers for signal in self._families[kind.family])

    def forget(self, kind: EventKind | str) -> None:
        """Let go of an event of people's own that nobody hears any more."""
        if kind in self.own and not self.own[kind].receivers:
            del self.own[kind]

    def __getattr__(self, name: str) -> OrderedSignal:
        try:
            return self.of_kind[EventKind(name)]
        except ValueError:
            raise AttributeError(f"there is no signal {name!r}") from None

    def __getitem__(self, kind: EventKind | str) -> OrderedSignal:
        if isinstance(kind, EventKind):
            return self.of_kind[kind]
        # What people tell themselves is no change: who hears it alone leaves changes untold.
        return self.own.get(kind) or self.own.setdefault(kind, OrderedSignal(kind))


Handler: TypeAlias = Callable[[Event], object]
# A handler of people's own events takes what was emitted.
AnyHandler: TypeAlias = Callable[..., object]


class Subscription:
    """A handler that listens until it is called off: call it, or leave its `with` block; or, of `once`, until it has heard."""

    __slots__ = ("__weakref__", "_ended", "_receive", "_sender", "_signal", "handler", "kind")

    def __init__(
        self,
        signals: Signals | Mapping[EventKind, OrderedSignal],
        kind: EventKind | str,
        handler: AnyHandler,
        sender: object,
        as_event: Callable[[Event], Event | None] | None,
        ended: Callable[[Subscription], object],
        once: bool = False,
    ) -> None:
        self.kind = kind
        self.handler = handler
        own = not isinstance(kind, EventKind)
        self._signal = signals[kind]  # pyright: ignore[reportArgumentType]
        self._sender = sender
        self._ended = ended

        def receive(_sender: object, event: Event) -> None:
            shown = as_event(event) if as_event else event
            # Called off by somebody who heard the same signal first: it hears no more.
            if shown is None or not self.listening:
                return
            if once:
                self()
            if own:
                handler(*shown)  # pyright: ignore[reportGeneralTypeIssues]
            else:
                handler(shown)

        receive.__qualname__ = getattr(handler, "__qualname__", repr(handler))
        self._receive: Callable[..., object] | None = receive
        self._signal.connect(receive, sender=sender, weak=False)

    @property
    def listening(self) -> bool:
        """Whether it was not called off yet."""
        return self._receive is not None

    def __call__(self) -> None:
        """Stop listening; a second call is harmless."""
        receive, self._receive = self._receive, None
        if receive is not None:
            self._signal.release(receive, self._sender)
            self._ended(self)

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, *_: object) -> None:
        self()


def check_handler(handler: object) -> None:
    """Refuse what could not hear. Raises `WrongTypeError`."""
    if not callable(handler) or iscoroutinefunction(handler):
        raise WrongTypeError(what="a handler", expected="a function that is not async", value=handler)


@dataclass(frozen=True, slots=True)
class Told:
    """A signal that waits to be sent."""

    signal: Signal
    sender: object
    facts: dict[str, object]
    generation: int


# What waits its turn: a signal to send, or an ending that must come after the signals before it.
Step: TypeAlias = "Told | Callable[[], object]"


class _Delivery(threading.local):
    """One thread's signals on their way; another thread's are neither held, counted nor dropped with them."""

    def __init__(self) -> None:
        self.queue: deque[Step] = deque()
        self.held: list[list[Step]] = []
        self.running = False
        self.generation = 0
        self.started = 0
        self.caused = 0
        self.looping: dict[str, None] = {}

    def count(self, told: Told) -> None:
        """Count a signal. Raises `SignalLoopError`."""
        self.generation = told.generation
        if told.generation == 1:
            self.started += 1
        else:
            self.caused += 1
        most = MOST_SIGNALS + MOST_GENERATIONS * self.started
        if told.generation > MOST_GENERATIONS - LOOPING:
            # Near the end it is a loop: whoever hears now is in it.
            self.looping.update(dict.fromkeys(_names(told)))
        if told.generation > MOST_GENERATIONS or self.caused > most:
            raise SignalLoopError(generations=told.generation, receivers=", ".join(self.looping or _names(told)))

    def rest(self) -> None:
        """All is delivered, or a loop was ended: what is left is forgotten, but endings happen."""
        for step in self.queue:
            if not isinstance(step, Told):
                step()
        self.queue.clear()
        self.running = False
        self.generation = self.started = self.caused = 0
        self.looping.clear()


class Dispatcher:
    """Delivers signals breadth first: what a receiver causes waits until the present signal has been heard by all.

    Each receiver runs in its own guard: one that raises is told on `receiver_error` and stops nobody.
    """

    def __init__(self, signals: Signals) -> None:
        self._signals = signals
        self._delivery = _Delivery()

    def tell(self, signal: Signal, sender: object, **facts: object) -> None:
        """Queue a signal, and deliver unless a delivery or a hold is under way."""
        self.queue(signal, sender, **facts)
        self.deliver()

    def queue(self, signal: Signal, sender: object, **facts: object) -> None:
        """Queue a signal, for a `deliver` when all that one change tells is queued: then nothing comes between."""
        self._append(Told(signal, sender, facts, self._delivery.generation + 1))

    def then(self, ending: Callable[[], object]) -> None:
        """Queue what is to be done after what was queued so far has been heard."""
        self._append(ending)

    def deliver(self) -> None:
        """Deliver what is queued, unless a delivery or a hold is under way."""
        mine = self._delivery
        if mine.queue and not mine.running and not mine.held:
            self._deliver(mine)

    def tell_now(self, signal: Signal, sender: object, **facts: object) -> None:
        """Send at once, past the queue: what a storage must hear, whatever people's receivers do."""
        self._send(Told(signal, sender, facts, 1))

    def hold(self) -> None:
        """Keep what is told from now on, until `release` or `drop`."""
        self._delivery.held.append([])

    def release(self, settle: Callable[[list[Step]], list[Step]] | None = None) -> None:
        """Deliver what was kept, or hand it to the hold around this one; `settle` says what is left of it."""
        mine = self._delivery
        kept = mine.held.pop()
        if settle and kept:
            kept = settle(kept)
        (mine.held[-1] if mine.held else mine.queue).extend(kept)
        self.deliver()

    def drop(self) -> None:
        """Forget what was kept: it was undone."""
        self._delivery.held.pop()

    def _append(self, step: Step) -> None:
        mine = self._delivery
        (mine.held[-1] if mine.held else mine.queue).append(step)

    def _deliver(self, mine: _Delivery) -> None:
        mine.running = True
        try:
            while mine.queue:
                step = mine.queue.popleft()
                if isinstance(step, Told):
                    mine.count(step)
                    self._send(step)
                else:
                    step()
        finally:
            mine.rest()

    def _send(self, told: Told) -> None:
        for receiver in list(told.signal.receivers_for(told.sender)):
            try:
                receiver(told.sender, **told.facts)
            except Exception as error:  # noqa: BLE001  one faulty receiver must not silence the rest
                self._report(receiver, error, told)

    def _report(self, receiver: object, error: Exception, told: Told) -> None:
        errors = self._signals.receiver_error
        if told.signal is errors or not errors.receivers:
            logger.error("a receiver raised: %r", receiver, exc_info=error)
        else:
            self.tell(errors, told.sender, error=error, receiver=receiver)


def _names(told: Told) -> list[str]:
    receivers = told.signal.receivers_for(told.sender)
    return [getattr(receiver, "__qualname__", repr(receiver)) for receiver in receivers]
