"""Arrays: members in order, as often as they like; the position of each is the value of its Item.

The space room. What a list does in Python, done with links: one insert is one more link, whatever stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import index as as_int
from typing import TYPE_CHECKING, Final, cast

from deeplinks.errors import NoPlaceError, NotAMemberError, WrongTypeError, described
from deeplinks.space.association import Association, here
from deeplinks.space.collections import ARRAY
from deeplinks.space.data_index import keys
from deeplinks.space.events import EventKind
from deeplinks.space.fields import TO, VALUE
from deeplinks.space.membership import position
from deeplinks.space.positions import Number, after, before, between
from deeplinks.space.values import NOTHING, key

if TYPE_CHECKING:
    from deeplinks.space.space import Space

LAST: Final = -1


class Arrays:
    """The Arrays of one space."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._collections = space.collections

    # looking

    def at(self, array: Association, place: object) -> Association | list[Association]:
        """The member at a place, or those of a slice. Raises `NoPlaceError`, an IndexError."""
        found = self._items_at(array, place)
        if isinstance(found, list):
            with self._collections.membership(array) as known:
                return [known.member(item) for item in found]
        return _member(found)

    def _items_at(self, array: Association, place: object) -> Association | list[Association]:
        with self._collections.membership(array) as known:
            items = known.items()
            if isinstance(place, slice):
                return items[place]  # pyright: ignore[reportUnknownArgumentType]
            try:
                return items[_int(array, place)]
            except IndexError:
                raise NoPlaceError(association=array, place=place, size=len(items)) from None

    def _item_at(self, array: Association, place: object) -> Association:
        if isinstance(place, slice):
            raise WrongTypeError(
                what=f"one place in {described(array)}", expected="an int", value=cast("object", place)
            )
        found = self._items_at(array, place)
        assert isinstance(found, Association)
        return found

    def index(self, array: Association, asked: object) -> int:
        """The first place of a member, given itself or its data. Raises `NotAMemberError`, a ValueError."""
        items = self._collections.find(array, asked)
        if not items:
            raise NotAMemberError(association=array, value=asked)
        with self._collections.membership(array) as known:
            return known.index(items[0])

    # changing

    def fill(self, array: Association, values: Iterable[object]) -> None:
        """Put members into a new Array."""
        with self._collections.pushing(array):
            for number, value in enumerate(values, 1):
                self._hold(array, value, number)

    def _hold(self, array: Association, value: object, position: Number) -> None:
        space = self._space
        member = self._collections.taken(array, value)
        number = space.construct(space.built_in_names["Number"], position, None, None, None)
        space.construct(space.built_in_names["Item"], NOTHING, array, member, number)

    def put_last(self, array: Association, value: object) -> None:
        """Put a member behind all others."""
        self._hold(array, value, self._behind(array))

    def _behind(self, array: Association) -> Number:
        """A position behind all others."""
        if self._position_at(array, LAST) is None and self._collections.size(array):
            self._renumber(array)
        return after(self._position_at(array, LAST))

    def append(self, array: Association, values: Iterable[object]) -> None:
        """Put members at the end."""
        given = list(values)
        with self._space._undoable():
            with self._collections.pushing(array), self._collections.at_once(array):
                for value in given:
                    self.put_last(array, value)
            if given:
                self._collections.tell(EventKind.data_changed, array)

    def insert(self, array: Association, place: object, value: object) -> None:
        """Put a member in front of who is at a place; behind the end is the end, as in a list."""
        with self._space._undoable():
            size = self._collections.size(array)
            start, _, _ = slice(_int(array, place), None).indices(size)
            self._hold(array, value, self._gap(array, start, size))

    def _gap(self, array: Association, place: int, size: int) -> Number:
        """A position for a newcomer in front of a place."""
        if place == size:
            return self._behind(array)
        found = self._room(array, place)
        if found is None:
            self._renumber(array)
            found = self._room(array, place)
        assert found is not None
        return found

    def _room(self, array: Association, place: int) -> Number | None:
        right = self._position_at(array, place)
        if right is None:
            return None
        if place == 0:
            return before(right)
        left = self._position_at(array, place - 1)
        return None if left is None else between(left, right)

    def _position_at(self, array: Association, place: int) -> Number | None:
        with self._collections.membership(array) as known:
            items = known.items()
            return position(items[place]) if items else None

    def _renumber(self, array: Association) -> None:
        """Give all members positions 1, 2, 3 and so on, where two have the same one, one has none, or none has room."""
        with self._collections.membership(array) as known:
            items = list(known.items())
        self._number(items)

    def reverse(self, array: Association) -> None:
        """Turn the order around."""
        with self._space._undoable():
            with self._collections.membership(array) as known:
                items = known.items()[::-1]
            self._number(items)
            if len(items) > 1:
                self._collections.tell(EventKind.data_changed, array)

    def _number(self, items: Iterable[Association]) -> None:
        """Give these positions in their order."""
        for number, item in enumerate(items, 1):
            own = here(item._value)
            if own is not None and _alone(own) and own._type is self._space.built_in_names["Number"]:
                self._space.assign(own, number)
            else:
                fresh = self._space.construct(self._space.built_in_names["Number"], number, None, None, None)
                self._space.refer(item, VALUE, fresh)

    def put(self, array: Association, place: object, value: object) -> None:
        """Put somebody else at a place. Raises `NoPlaceError`."""
        with self._space._undoable():
            item = self._item_at(array, place)
            if key(_member(item)._data) not in keys(value):
                self._space.refer(item, TO, self._collections.taken(array, value))

    def take(self, array: Association, place: object) -> None:
        """Take out who is at a place, or in a slice. Raises `NoPlaceError`."""
        with self._space._undoable():
            found = self._items_at(array, place)
            for item in found if isinstance(found, list) else (found,):
                item.destroy()

    def pop(self, array: Association, place: object) -> Association:
        """Take out who is at a place, and give it. Raises `NoPlaceError`."""
        with self._space._undoable():
            item = self._item_at(array, place)
            member = _member(item)
            item.destroy()
        return member

    def positions(self, items: Iterable[Association]) -> Iterator[Association]:
        """The positions of Items of Arrays that nothing else has to do with: they go with their Items."""
        for item in items:
            number = here(item._value) if self._collections.is_item(item) else None
            if number is None or number._type is not self._space.built_in_names["Number"] or not _alone(number):
                continue
            start = self._collections.start_of(item)
            if start is not None and self._collections.form(start) == ARRAY:
                yield number


def _member(item: Association) -> Association:
    member = here(item._to)
    assert member is not None
    return member


def _alone(number: Association) -> bool:
    others = (number._typed, number._out, number._in, number._from, number._to, number._value)
    return isinstance(number._valued, Association) and all(other is None for other in others)


def _int(array: Association, place: object) -> int:
    try:
        return as_int(place)  # pyright: ignore[reportArgumentType]
    except TypeError:
        raise WrongTypeError(what=f"a place in {described(array)}", expected="an int", value=place) from None
