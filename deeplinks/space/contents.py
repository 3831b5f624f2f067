"""What an association holds, as Python's own collections are used: a Set, an Array, an Object or a Map.

The space room. Whatever is asked is asked of the end of the value chain; how it is kept there is not known here.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, ValuesView
from typing import TYPE_CHECKING, Final, Self, cast, overload

from deeplinks.errors import NoKeyError, NotAMemberError, WrongTypeError
from deeplinks.space.back_references import OrderedSet
from deeplinks.space.values import NOTHING

if TYPE_CHECKING:
    from deeplinks.space.association import Association
    from deeplinks.space.objects import Mapped
    from deeplinks.space.space import Space

SET: Final = "Set"
ARRAY: Final = "Array"
MAPPINGS: Final = ("Object", "Map")
ALL: Final = (SET, ARRAY, *MAPPINGS)


class Contents:
    """The verbs of Python's collections, for every association; where there is nothing to use them on, they say so.

    All raise `NoCollectionError`, a TypeError, where the value chain ends in no collection, or in another kind of one.
    """

    __slots__ = ()

    _space: Space

    # members of a Set or an Array

    def add(self, member: object) -> Association:
        """Add a member and return this one; what is no association is wrapped, as by `deep.wrap`.

        A member is held by a link of type `Item`, which `out` shows. Who is a member already, or has that data, is not
        added again; in an Array who is new comes last. Raises what `deep.wrap` raises.
        """
        self._space.collections.add(_this(self), member)
        return _this(self)

    def discard(self, member: object) -> bool:
        """Take out a member, given itself or its data, of an Array at its first place; whether it was one."""
        return self._space.collections.discard(_this(self), member)

    def delete(self, member: object) -> bool:
        """The same as `discard`."""
        return self.discard(member)

    def remove(self, member: object) -> None:
        """Take out a member as `discard` does. Raises `NotAMemberError`, a ValueError and a KeyError, for who is none."""
        _, end = self._end("remove", SET, ARRAY)
        if not self.discard(member):
            raise NotAMemberError(association=end, value=member)

    def update(self, *given: object, **keys: object) -> None:
        """Add the members of iterables to a Set; set the keys of mappings, or pairs of keys and values: all or nothing."""
        form, end = self._end("update", SET, *MAPPINGS)
        if form in MAPPINGS:
            self._space.mappings.update(end, given, keys)
        else:
            self._space.collections.update(end, given, keys)

    def clear(self) -> None:
        """Take out all members, which stay in the space; or all keys."""
        form, end = self._end("clear", *ALL)
        if form in MAPPINGS:
            self._space.mappings.clear(end)
        else:
            self._space.collections.clear(end)

    @property
    def size(self) -> int:
        """How many members or keys there are."""
        form, end = self._end("size", *ALL)
        return len(self._space.mappings.data(end)) if form in MAPPINGS else self._space.collections.size(end)

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[Association]:
        form, end = self._end("iteration", *ALL)
        if form in MAPPINGS:
            # Keys; people who have types write .keys().
            return cast("Iterator[Association]", iter(self._space.mappings.data(end)))
        return iter(self._space.collections.members(end))

    def __contains__(self, asked: object) -> bool:
        """Whether it is a member: an association, an id, or the data of one; or a key."""
        form, end = self._end("in", *ALL)
        if form in MAPPINGS:
            return self._space.mappings.holds(end, asked)
        return self._space.collections.holds(end, asked)

    # a Set among sets: what is data of a member stands for it

    def __or__(self, other: Iterable[object]) -> OrderedSet:
        """The members and what is in another, as a set that changes no more. So `&`, `-` and `^`; `|=` changes this one."""
        return cast("OrderedSet", self._plain() | self._plain(other))

    def __and__(self, other: Iterable[object]) -> OrderedSet:
        also = self._plain(other)
        return OrderedSet(one for one in self._plain() if one in also)

    def __sub__(self, other: Iterable[object]) -> OrderedSet:
        return cast("OrderedSet", self._plain() - self._plain(other))

    def __xor__(self, other: Iterable[object]) -> OrderedSet:
        return cast("OrderedSet", self._plain() ^ self._plain(other))

    def __le__(self, other: Iterable[object]) -> bool:
        return self._plain() <= self._plain(other)

    def __lt__(self, other: Iterable[object]) -> bool:
        return self._plain() < self._plain(other)

    def __ge__(self, other: Iterable[object]) -> bool:
        return self._plain() >= self._plain(other)

    def __gt__(self, other: Iterable[object]) -> bool:
        return self._plain() > self._plain(other)

    def __ior__(self, other: Iterable[object]) -> Self:
        self.update(other)
        return self

    def __iand__(self, other: Iterable[object]) -> Self:
        return self._without(self._plain() - self._plain(other))

    def __isub__(self, other: Iterable[object]) -> Self:
        return self._without(self._plain() & self._plain(other))

    def _without(self, members: Iterable[object]) -> Self:
        with self._space._undoable():
            for member in members:
                self.discard(member)
        return self

    def _plain(self, *others: Iterable[object]) -> OrderedSet:
        """The members, or what another holds, each as the member that it means."""
        _, end = self._end("the operators of sets", SET)
        if not others:
            return OrderedSet(self._space.collections.members(end))
        return OrderedSet(self._space.collections.meant(end, others[0]))

    # places in an Array

    def append(self, member: object) -> None:
        """Put a member at the end; what is no association is wrapped."""
        self.extend((member,))

    def extend(self, members: Iterable[object]) -> None:
        """Put members at the end, all or none."""
        self._space.arrays.append(self._end("append", ARRAY)[1], members)

    def __iadd__(self, members: Iterable[object]) -> Self:
        """As `extend`."""
        self.extend(members)
        return self

    def reverse(self) -> None:
        """Turn the order around, by new positions."""
        self._space.arrays.reverse(self._end("reverse", ARRAY)[1])

    def insert(self, place: int, member: object) -> None:
        """Put a member in front of who is at that place, as in a list. No other member's row changes."""
        self._space.arrays.insert(self._end("insert", ARRAY)[1], place, member)

    def index(self, member: object) -> int:
        """The first place of a member, given itself or its data. Raises `NotAMemberError`, a ValueError."""
        return self._space.arrays.index(self._end("index", ARRAY)[1], member)

    def count(self, member: object) -> int:
        """At how many places a member is, given itself or its data."""
        return len(self._space.collections.find(self._end("count", ARRAY)[1], member))

    @overload
    def pop(self, place: int = -1) -> Association: ...
    @overload
    def pop(self, place: object, default: object = ...) -> object: ...
    def pop(self, place: object = -1, default: object = NOTHING) -> object:
        """Take out who is at a place, the last if none is given, or what a key has; and give it.

        Raises `NoPlaceError`, an IndexError, and `NoKeyError`, a KeyError, if no default is given.
        """
        form, end = self._end("pop", ARRAY, *MAPPINGS)
        if form == ARRAY:
            if default is not NOTHING:
                raise WrongTypeError(what=f"pop of {end}, an Array,", expected="a place and no default", value=default)
            return self._space.arrays.pop(end, place)
        if default is not NOTHING and not self._space.mappings.holds(end, place):
            return default
        value = self._space.mappings.at(end, place)
        self._space.mappings.take(end, place)
        return value

    # keys of an Object or a Map

    def popitem(self) -> tuple[object, object]:
        """Take out the last key, and give it with what it had. Raises `NoKeyError`, a KeyError, where there is none."""
        _, end = self._end("popitem", *MAPPINGS)
        with self._space._undoable():
            data = self._space.mappings.data(end)
            if not data:
                raise NoKeyError(association=end, key="any")
            key = list(data)[-1]
            value = data[key]  # pyright: ignore[reportArgumentType]
            self._space.mappings.take(end, key)
        return key, value

    def get(self, key: object, default: object = None) -> object:
        """What a key has, or the default."""
        _, end = self._end("get", *MAPPINGS)
        try:
            return self._space.mappings.at(end, key)
        except NoKeyError:
            return default

    def setdefault(self, key: object, default: object = None) -> object:
        """What a key has; the default, which is set, if there is no such key."""
        _, end = self._end("setdefault", *MAPPINGS)
        with self._space._locked():
            if not self._space.mappings.holds(end, key):
                self._space.mappings.put(end, key, default)
            return self._space.mappings.at(end, key)

    def keys(self) -> KeysView[object]:
        """The keys as they are now."""
        return self._mapped("keys").keys()

    def values(self) -> ValuesView[object]:
        """What the keys have, as it is now."""
        return self._mapped("values").values()

    def items(self) -> ItemsView[object, object]:
        """Keys with what they have, as it is now."""
        return self._mapped("items").items()

    def _mapped(self, verb: str) -> dict[object, object]:
        data: Mapped = self._space.mappings.data(self._end(verb, *MAPPINGS)[1])
        return cast("dict[object, object]", data)

    def _end(self, verb: str, *forms: str) -> tuple[str, Association]:
        return self._space.collections.need(_this(self), verb, *forms)


def _this(contents: Contents) -> Association:
    return cast("Association", contents)


class Places:
    """What `a[key]` means where the value chain ends in an Array, an Object or a Map; elsewhere items are names."""

    def __init__(self, space: Space) -> None:
        self._space = space

    def holder(self, owner: Association, key: object) -> Association | None:
        """Who holds what is at that place, or under that key; None where it is a name."""
        form, end = self._space.collections.end_of(owner)
        if owner is self._space.root or (form == ARRAY and isinstance(key, str)):
            return None
        return end if form == ARRAY or (form in MAPPINGS and self._named(owner, end, key) is None) else None

    def setter(self, owner: Association, key: object) -> Association | None:
        """Who takes what is set there: an Object and a Map any key but the name of a Field; None where it is a name."""
        form, end = self._space.collections.end_of(owner)
        if owner is self._space.root or form not in MAPPINGS:
            return self.holder(owner, key)
        named = self._named(owner, end, key)
        return None if named is not None and self._space.living.is_field(named) else end

    def _named(self, owner: Association, end: Association, key: object) -> Association | None:
        """Who has that as a name, if it is no key of what is held.

        Names of the root and of built-ins are everybody's, and would be in the way of keys.
        """
        if not self._space.naming or not isinstance(key, str) or self._space.mappings.holds(end, key):
            return None
        return self._space.names.below_root(owner, key)

    def at(self, holder: Association, key: object) -> object:
        """The member at a place, or what a key has."""
        if self._is_array(holder):
            return self._space.arrays.at(holder, key)
        return self._space.mappings.at(holder, key)

    def put(self, holder: Association, key: object, value: object) -> None:
        """Put a member at a place, or set what a key has."""
        if self._is_array(holder):
            self._space.arrays.put(holder, key, value)
        else:
            self._space.mappings.put(holder, key, value)

    def take(self, holder: Association, key: object) -> None:
        """Take out who is at a place, or a key."""
        if self._is_array(holder):
            self._space.arrays.take(holder, key)
        else:
            self._space.mappings.take(holder, key)

    def _is_array(self, holder: Association) -> bool:
        return self._space.collections.form(holder) == ARRAY
