"""Collections: a Set keeps its members as links of the built-in type `Item`, from the collection to the member.

The space room. What makes a link a membership, how members come and go, and what a collection tells of it; no row, no I/O.
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeAlias

from deeplinks.errors import DestroyedError, InvalidError, NoCollectionError, OtherSpaceError, WrongTypeError
from deeplinks.space.association import Association, Reference, here
from deeplinks.space.back_references import each
from deeplinks.space.events import Event, EventKind
from deeplinks.space.fields import DATA, FIELDS, FROM, TYPE, Field
from deeplinks.space.ledger import references, upwards
from deeplinks.space.values import NOTHING, FunctionSource, checked, told_back

if TYPE_CHECKING:
    from deeplinks.space.space import Space

# A collection and one of its members.
Pair: TypeAlias = tuple[Association, Association]

SET: Final = "Set"
ITEM: Final = "Item"


class Collections:
    """The collections of one space: what they hold, how that changes, and what they tell of it.

    A link of type `Item` whose `from_` is a collection makes its `to` a member. Two Items to one member count once; one
    that has not both its ends here counts for nothing, and goes when an end of it goes.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        # Those that are being emptied: they tell that they changed once, at the end.
        self._clearing: set[Association] = set()

    # Looked up once: they are asked for at every change of what is stored.
    @cached_property
    def _item(self) -> Association:
        return self._space.built_in_names[ITEM]

    @cached_property
    def _set(self) -> Association:
        return self._space.built_in_names[SET]

    # looking

    def collects(self, association: Association) -> bool:
        """Whether it is a collection."""
        return self.made_by(here(association._type))

    def made_by(self, type: Association | None) -> bool:
        """Whether instances of a type are collections: Set is the first in the chain that holds anything."""
        for one in upwards(type):
            if one in self._space.kinds:
                return False
            if one is self._set:
                return True
        return False

    def _of(self, owner: Association) -> Association:
        end = owner.val
        if not self.collects(end):
            raise NoCollectionError(association=owner)
        return end

    def items(self, collection: Association) -> list[Association]:
        """The Items that start at a collection, in the order in which they were made; none for what is no collection."""
        if self._item._typed is None or collection._out is None or not self.collects(collection):
            return []
        return sorted((link for link in each(collection._out) if link._type is self._item), key=_by_seq)

    def is_item(self, association: Association) -> bool:
        """Whether it is a link of type `Item`."""
        return association._type is self._item

    def may_draw(self, source: Association, field: Field, target: Reference) -> bool:
        """Whether a reference may make an Item of a collection: asked often, so quick, and not exact."""
        if field is FROM:
            return source._type is self._item
        return field is TYPE and (target is self._item or self._item._typed is not None)

    def start_of(self, item: Association) -> Association | None:
        """The collection at which a link starts as an Item."""
        start = here(item._from) if item._type is self._item else None
        return start if start is not None and self.collects(start) else None

    def members(self, collection: Association) -> list[Association]:
        """The members of a collection that are here, each once, in the order of their Items."""
        ends = (here(item._to) for item in self.items(collection))
        return list(dict.fromkeys(end for end in ends if end is not None))

    def members_of(self, owner: Association) -> list[Association]:
        """The members of the collection at the end of a value chain. Raises `NoCollectionError`, as all that take an owner."""
        return self.members(self._of(owner))

    def holds(self, owner: Association, asked: object) -> bool:
        """Whether an association is a member, or that with an id, or one that has this very data. Asking makes nothing."""
        collection = self._of(owner)
        if self._found(collection, asked):
            return True
        named = self._space.look_up(asked)
        return named is not None and bool(self._between(collection, named))

    def _found(self, collection: Association, asked: object) -> Association | None:
        if not isinstance(asked, Association):
            return _Held(self.members(collection)).find(asked)
        return asked if self._between(collection, asked) else None

    def _between(self, collection: Association, member: Association) -> list[Association]:
        """The Items from one to the other, looked for at the end that has fewer links."""
        fewer = min(collection.out, member.in_, key=len)
        return [link for link in fewer if link._type is self._item and link._from is collection and link._to is member]

    # changing

    def wrap(self, value: object) -> Association:
        """An association for a value: itself, a new String, Number or Function, or a new Set of what is wrapped."""
        if isinstance(value, Association):
            return self._own(value, self._space.root, "wrap")
        kind = _kind(value)
        if kind is not None:
            return self._space.construct(self._space.built_in_names[kind], value, None, None, None)
        if isinstance(value, set | frozenset):
            return self.make(self._set, value)  # pyright: ignore[reportUnknownArgumentType]
        raise WrongTypeError(
            what="a member", expected="an association, a text, a number, a function or a set", value=value
        )

    def make(
        self,
        type: Association,
        members: object,
        from_: Association | str | uuid.UUID | None = None,
        to: Association | str | uuid.UUID | None = None,
        value: Association | str | uuid.UUID | None = None,
    ) -> Association:
        """A new collection with its members, or nothing."""
        if not isinstance(members, Iterable):
            raise WrongTypeError(what="a new Set", expected="an iterable of members", value=members)
        # Before anything is made: an iterable is other people's code.
        given: list[object] = list(members)  # pyright: ignore[reportUnknownArgumentType]
        with self._space._undoable():
            collection = self._space.construct(type, NOTHING, from_, to, value)
            self._enter(collection, given)
        return collection

    def add(self, owner: Association, value: object) -> None:
        """Add a member; who is one already is no change."""
        self._enter(self._of(owner), (value,))

    def _enter(self, collection: Association, values: Sequence[object]) -> None:
        with self._space._undoable():
            for member in self._as_members(collection, values):
                if not self._between(collection, member):
                    self._space.construct(self._item, NOTHING, collection, member, None)

    def _as_members(self, collection: Association, values: Iterable[object]) -> Iterator[Association]:
        held: _Held | None = None
        for value in values:
            if isinstance(value, Association):
                member = self._own(value, collection, "add")
            else:
                held = held or _Held(self.members(collection))
                member = held.find(value) or self.wrap(value)
            if held:
                held.add(member)
            yield member

    def _own(self, member: Association, owner: Association, verb: str) -> Association:
        if member.destroyed:
            raise DestroyedError(association=repr(member), owner=owner, field=verb)
        if member._space is not self._space:
            raise OtherSpaceError(association=repr(member), owner=owner, field=verb)
        return member

    def discard(self, owner: Association, asked: object) -> bool:
        """Take a member out, given itself or its data; whether it was one."""
        collection = self._of(owner)
        with self._space._undoable():
            member = self._found(collection, asked)
            for item in self._between(collection, member) if member else ():
                item.destroy()
        return member is not None

    def clear(self, owner: Association) -> None:
        """Take all members out."""
        collection = self._of(owner)
        with self._space._undoable():
            had = bool(self.members(collection))
            self._clearing.add(collection)
            try:
                for item in self.items(collection):
                    item.destroy()
            finally:
                self._clearing.discard(collection)
            if had:
                self._tell(EventKind.data_clear, collection, None, None)
                self._tell(EventKind.data_changed, collection, None, None)

    def with_items(self, ending: Sequence[Association]) -> list[Association]:
        """What goes when these are destroyed: before them the Items at them, and before those the Items at them."""
        if self._item._typed is None:
            return list(ending)
        found = dict.fromkeys(ending)
        stack = list(ending)
        while stack:
            one = stack.pop()
            for link in (*each(one._out), *each(one._in)):
                if link._type is self._item and link not in found:
                    found[link] = None
                    stack.append(link)
        return [*reversed(list(found)[len(ending) :]), *ending]

    # telling, after the fact: what became of an Item, as its collection sees it

    def tell_come(self, items: Iterable[Association], origin: str | None) -> None:
        """These Items, maybe, were made or found their ends."""
        come = {item for item in items if item._type is self._item}
        for pair in dict.fromkeys(pair for item in come if (pair := self._pair(references(item)))):
            if come.issuperset(self._between(*pair)):
                self._tell_member(EventKind.data_add, pair, origin)

    def tell_pointed(self, source: Association, field: Field, old: Reference, origin: str | None) -> None:
        """A reference of what is or was an Item, maybe, was something else before."""
        if source._type is not self._item and old is not self._item:
            return
        now = references(source)
        before = self._pair([old if one is field else target for one, target in zip(FIELDS, now, strict=True)])
        after = self._pair(now)
        if before == after:
            return
        if before and not self._between(*before):
            self._tell_member(EventKind.data_delete, before, origin)
        if after and len(self._between(*after)) == 1:
            self._tell_member(EventKind.data_add, after, origin)

    def tell_gone(self, kept: Sequence[Reference], origin: str | None) -> None:
        """What had these references is gone; it was an Item, maybe."""
        pair = self._pair(kept) if kept[0] is self._item else None
        if pair and not self._between(*pair):
            self._tell_member(EventKind.data_delete, pair, origin)

    def _pair(self, kept: Sequence[Reference]) -> Pair | None:
        """The collection and the member that these references, in the order of FIELDS, bring together."""
        type, start, end = (here(reference) for reference in kept[:3])
        if type is self._item and start is not None and end is not None and self.collects(start):
            return start, end
        return None

    def _tell_member(self, kind: EventKind, pair: Pair, origin: str | None) -> None:
        collection, member = pair
        self._tell(kind, collection, member, origin)
        if collection not in self._clearing:
            self._tell(EventKind.data_changed, collection, None, origin)

    def _tell(self, kind: EventKind, collection: Association, member: Association | None, origin: str | None) -> None:
        """On the collection and up the value chain, each once."""
        signal = self._space.signals.of_kind[kind]
        if signal.receivers:
            for one in _and_valued(collection):
                event = Event(kind, one, DATA, item=member, origin=origin)
                self._space.dispatcher.queue(signal, one, event=event)


class _Held:
    """Members by their own data, to find many of them quickly. Sets are found by identity alone."""

    def __init__(self, members: Iterable[Association]) -> None:
        self._by_text: dict[tuple[type, str], Association] = {}
        self._functions: list[Association] = []
        for member in members:
            self.add(member)

    def add(self, member: Association) -> None:
        """One more member."""
        if isinstance(member._data, str | int | float | Decimal):
            self._by_text.setdefault(_text(member._data), member)
        elif member._data is not NOTHING:
            self._functions.append(member)

    def find(self, value: object) -> Association | None:
        """The member that has this data, None for what is no data."""
        kind = _kind(value)
        try:
            data = None if kind is None else checked(kind, value, f"a new {kind}")
        except InvalidError:
            return None
        if isinstance(data, str | int | float | Decimal):
            return self._by_text.get(_text(data))
        return next((one for one in self._functions if told_back(data, one._data)), None)


def _text(data: str | int | float | Decimal) -> tuple[type, str]:
    # 1, 1.0 and Decimals of other digits are different data, and their texts say so.
    return type(data), str(data)


def _kind(value: object) -> str | None:
    """The built-in type that holds such a value."""
    if isinstance(value, str):
        return "String"
    if isinstance(value, int | float | Decimal):
        return None if isinstance(value, bool) else "Number"
    return "Function" if callable(value) or isinstance(value, FunctionSource) else None


def _and_valued(association: Association) -> list[Association]:
    """The association, those that have it as value, those that have them as value, and so on: nearest first."""
    found = {association: None}
    queue = deque(found)
    while queue:
        for one in each(queue.popleft()._valued):
            if one not in found:
                found[one] = None
                queue.append(one)
    return list(found)


def _by_seq(association: Association) -> int:
    return association.seq
