"""Tracking: the answer to a query as a set that follows every change, until it is closed or nobody has it.

The space room. It asks again only whom a change may touch, in the state after that change; how a term answers it does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set
from typing import TYPE_CHECKING, Final, TypeAlias
from weakref import ref

from deeplinks.errors import InvalidError
from deeplinks.space import showing
from deeplinks.space.association import Association
from deeplinks.space.back_references import OrderedSet
from deeplinks.space.events import Event, EventKind, Handler, OrderedSignal, Subscription, check_handler, event_kind
from deeplinks.space.fields import DATA, FIELDS, Field
from deeplinks.space.plan import Ordering
from deeplinks.space.terms import Look, Moved, Term

if TYPE_CHECKING:
    from deeplinks.space.space import Space

_KINDS: Final = (EventKind.data_add, EventKind.data_delete)


class LiveQuery(Set[Association]):
    """A tracked set: who is in it now, in order, told by `data_add` and `data_delete` exactly when that changes.

    `|`, `&`, `-` and `^` give plain sets of who is in it at that moment. What happens inside `together()` is seen at its end. Closed by `close()` or a `with` block, it keeps what it held, and
    nothing of it listens any more. One that nobody has any more ends by itself, but not before its handlers have.
    """

    __slots__ = (
        "__weakref__",
        "_following",
        "_handlers",
        "_matches",
        "_members",
        "_order",
        "_signals",
        "_space",
        "_term",
    )

    def __init__(
        self,
        space: Space,
        term: Term,
        order: Ordering,
        matches: Callable[[Association, Look], bool],
        found: Iterable[Association],
    ) -> None:
        if space.grouping:
            raise InvalidError(
                what="live()", why="a together() is open, which may yet be undone; ask for it before or after"
            )
        self._space = space
        self._term = term
        self._order = order
        self._matches = matches
        self._members = dict.fromkeys(found)
        self._signals = {kind: OrderedSignal(kind.value) for kind in _KINDS}
        self._handlers: dict[Subscription, None] = {}
        self._following: list[Subscription] = []
        self._follow(self._following)

    def _follow(self, following: list[Subscription]) -> None:
        """Listen, held by nobody for it: the space ends what follows for one that is gone when it next may."""
        space = self._space
        weak = ref(self, lambda _: space.leave_later(following))

        def heard_by(understand: Understand) -> Handler:
            def hear(event: Event) -> None:
                live = weak()
                if live is None:
                    space.leave_now()
                else:
                    understand(live, event)

            return hear

        following += (space.subscribe(kind, heard_by(one), space.root) for kind, one in _heard(self._term.fields))

    def _hear_itself(self, event: Event) -> None:
        self._ask((event.source,), event.origin)

    def _hear_data(self, event: Event) -> None:
        self._hear(Moved(DATA, event.source), event.origin)

    def _hear_pointing(self, field: Field, event: Event) -> None:
        if event.item is not None:
            self._hear(Moved(field, event.item, event.source), event.origin)

    def _hear(self, moved: Moved, origin: str | None) -> None:
        self._ask(tuple(self._term.touched(moved, Look(self._space))), origin)

    def _ask(self, touched: Iterable[Association], origin: str | None) -> None:
        look = Look(self._space)
        for one in touched:
            now = self._matches(one, look)
            if now is (one in self._members):
                continue
            if now:
                self._members[one] = None
            else:
                del self._members[one]
            self._tell(EventKind.data_add if now else EventKind.data_delete, one, origin)

    def _tell(self, kind: EventKind, one: Association, origin: str | None) -> None:
        signal = self._signals[kind]
        if signal.receivers:
            event = Event(kind, self._space.root, "query", item=one, origin=origin)
            self._space.dispatcher.tell(signal, self, event=event)

    def on(self, kind: EventKind | str, handler: Handler) -> Subscription:
        """Hear `data_add` or `data_delete`: `event.item` is who came or went. Returns a disposer.

        Raises `WrongTypeError` for what can't be called, `InvalidError` for another kind of event.
        """
        heard = event_kind(kind)
        check_handler(handler)
        if heard not in _KINDS:
            raise InvalidError(what=f"event {heard}", why="a live query tells data_add and data_delete")
        if not self._following:
            raise InvalidError(what="on()", why="this live query is closed")
        subscription = Subscription(self._signals, heard, handler, self, None, self._ended)
        self._handlers[subscription] = None
        self._space.kept_listening[self] = None
        return subscription

    def _ended(self, subscription: Subscription) -> None:
        self._handlers.pop(subscription, None)
        if not self._handlers:
            self._space.kept_listening.pop(self, None)

    def close(self) -> None:
        """Follow no more; a second call is harmless."""
        for subscription in (*self._following, *self._handlers):
            subscription()
        self._following.clear()

    def __enter__(self) -> LiveQuery:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Association]:
        return iter(self._order.sorted(self._members))

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, item: object) -> bool:
        """Whether an association, or that with an id, is in it."""
        one = self._space.look_up(item)
        return one is not None and one in self._members

    @classmethod
    def _from_iterable(cls, it: Iterable[object]) -> OrderedSet:  # pyright: ignore[reportIncompatibleMethodOverride]
        return OrderedSet(it)

    def __hash__(self) -> int:
        # Who is in it changes: as a key it is itself.
        return id(self)

    def __repr__(self) -> str:
        return f"<live query {self._term}: {len(self)}>"

    def _repr_html_(self) -> str:
        return showing.answer_page(f"{self._term}: {len(self)}", self)


# How a live query understands an event.
Understand: TypeAlias = Callable[[LiveQuery, Event], None]


def _heard(fields: frozenset[Field | str]) -> Iterator[tuple[EventKind, Understand]]:
    """Which events may touch who is in it, and how each is understood."""
    yield EventKind.constructed, LiveQuery._hear_itself
    yield EventKind.destroyed, LiveQuery._hear_itself
    if DATA in fields:
        yield EventKind.data_set, LiveQuery._hear_data
    for field in FIELDS:
        if field in fields:
            for kind in (field.removed_kind, field.added_kind):
                yield kind, _pointing(field)


def _pointing(field: Field) -> Understand:
    return lambda live, event: live._hear_pointing(field, event)
