"""Who points here: back references kept as nothing, one association, or an ordered dict of them; and the live view.

The space room. Ordered, so that runs repeat; most associations are pointed at once or never, so a lone one costs no dict.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Set
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from deeplinks.errors import InvalidError
from deeplinks.space import showing
from deeplinks.space.events import Event, EventKind, Handler, Subscription, event_kind
from deeplinks.space.fields import FROM, TO, TYPE, VALUE

if TYPE_CHECKING:
    from deeplinks.space.association import Association
    from deeplinks.space.fields import Field

Members: TypeAlias = "Association | dict[Association, None] | None"


def added(members: Members, member: Association) -> Members:
    """The members with one more."""
    if members is None:
        return member
    if isinstance(members, dict):
        members[member] = None
        return members
    return {members: None, member: None}


def removed(members: Members, member: Association) -> Members:
    """The members with one less."""
    if isinstance(members, dict):
        members.pop(member, None)
        return members or None
    return None if members is member else members


def each(members: Members) -> Iterable[Association]:
    """The members, in the order in which they came."""
    if members is None:
        return ()
    return members if isinstance(members, dict) else (members,)


class OrderedSet(Set[object], Hashable):
    """A frozen set that keeps the order in which its members came, so that runs repeat."""

    __slots__ = ("_members",)

    def __init__(self, members: Iterable[object] = ()) -> None:
        self._members = dict.fromkeys(members)

    def __iter__(self) -> Iterator[object]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, item: object) -> bool:
        return item in self._members

    def __hash__(self) -> int:
        return self._hash()

    def __repr__(self) -> str:
        return f"{{{', '.join(map(repr, self._members))}}}"


class BackReferences(Set["Association"]):
    """A live set: the associations whose `field` is `owner`, now and at every later look.

    Ordered by arrival; `in` takes an association or an id; `|`, `&`, `-` and `^` give plain sets in that order.
    """

    __slots__ = ("_owner",)

    # Of the class, one a field: a view is made at every look, by the owner itself, so it carries its owner alone.
    _field: ClassVar[Field]
    _owner: Association

    def _members(self) -> Members:
        raise NotImplementedError

    def __iter__(self) -> Iterator[Association]:
        members = self._members()
        # A copy, so that a loop may change what it walks over.
        if isinstance(members, dict):
            return iter([*members])
        return iter(()) if members is None else iter((members,))

    def __len__(self) -> int:
        members = self._members()
        if members is None:
            return 0
        return len(members) if isinstance(members, dict) else 1

    def __contains__(self, item: object) -> bool:
        association = self._owner.space_of().look_up(item)
        return association is not None and getattr(association, self._field.slot) is self._owner

    @classmethod
    def _from_iterable(cls, it: Iterable[object]) -> OrderedSet:  # pyright: ignore[reportIncompatibleMethodOverride]
        return OrderedSet(it)

    def on(self, kind: EventKind | str, handler: Handler) -> Subscription:
        """Hear `data_add` and `data_delete` of this set, `event.item` is who came or went, and after each `data_changed`.

        Returns a disposer. Raises `WrongTypeError` and `InvalidError` for what a set does not tell.
        """
        kinds = {EventKind.data_add: self._field.added_kind, EventKind.data_delete: self._field.removed_kind}
        heard = event_kind(kind)
        if heard is EventKind.data_changed:
            return self._on_changed(handler)
        if heard not in kinds:
            raise InvalidError(what=f"event {heard}", why="a live set tells data_add, data_delete and data_changed")

        def as_set_event(event: Event) -> Event | None:
            # The root hears everybody's events; its sets tell of the root's alone.
            if event.source is not self._owner:
                return None
            return Event(heard, event.source, self._field.back_name, item=event.item, origin=event.origin)

        return self._owner.space_of().subscribe(kinds[heard], handler, self._owner, as_set_event)

    def _on_changed(self, handler: Handler) -> Subscription:
        space, kind = self._owner.space_of(), EventKind.data_changed

        def own(event: Event) -> Event | None:
            return event if event.source is self._owner else None

        signals = {kind: space.signals.of_members[self._field.back_name]}
        return space.subscribe(kind, handler, self._owner, own, signals)

    def __repr__(self) -> str:
        return showing.live_line(self)

    def _repr_html_(self) -> str:
        return showing.live_page(self, self._owner, self._field.back_name)


class Typed(BackReferences):
    """The instances of a type."""

    __slots__ = ()
    _field = TYPE

    def _members(self) -> Members:
        return self._owner._typed


class Out(BackReferences):
    """The links that start at an association."""

    __slots__ = ()
    _field = FROM

    def _members(self) -> Members:
        return self._owner._out

    def __iter__(self) -> Iterator[Association]:
        # Written out: it is asked for by the million.
        members = self._owner._out
        if isinstance(members, dict):
            return iter([*members])
        return iter(()) if members is None else iter((members,))


class In(BackReferences):
    """The links that end at an association."""

    __slots__ = ()
    _field = TO

    def _members(self) -> Members:
        return self._owner._in

    def __iter__(self) -> Iterator[Association]:
        # Written out: it is asked for by the million.
        members = self._owner._in
        if isinstance(members, dict):
            return iter([*members])
        return iter(()) if members is None else iter((members,))


class Valued(BackReferences):
    """The associations that have one as value."""

    __slots__ = ()
    _field = VALUE

    def _members(self) -> Members:
        return self._owner._valued
