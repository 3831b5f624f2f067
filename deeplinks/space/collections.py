"""Collections: a Set or an Array keeps its members as links of the built-in type `Item`, from it to the member.

The space room. What makes a link a membership, how members come and go, and what a collection tells of it; no row, no I/O.
"""

from __future__ import annotations

import uuid
from collections.abc import Generator, Hashable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from deeplinks.errors import (
    DestroyedError,
    NoCollectionError,
    OtherCollectionError,
    OtherSpaceError,
    UnstorableError,
    WrongTypeError,
    described,
)
from deeplinks.space.association import Association, Reference, here
from deeplinks.space.back_references import each
from deeplinks.space.data_index import keys
from deeplinks.space.events import Event, EventKind
from deeplinks.space.fields import DATA, FIELDS, FROM, TO, TYPE, Field
from deeplinks.space.ledger import references, upwards
from deeplinks.space.membership import FEW, Membership
from deeplinks.space.objects import MOST_DEPTH
from deeplinks.space.telling import and_valued
from deeplinks.space.values import NOTHING, key, kind_for

if TYPE_CHECKING:
    from deeplinks.space.space import Space

# A collection and one of its members.
Pair: TypeAlias = tuple[Association, Association]

SET: Final = "Set"
ARRAY: Final = "Array"
OBJECT: Final = "Object"
MAP: Final = "Map"
ITEM: Final = "Item"
SHAPES: Final = (SET, ARRAY)


class Collections:
    """The collections of one space: what they hold, how that changes, and what they tell of it.

    A link of type `Item` whose `from_` is a collection makes its `to` a member; in a Set two Items to one member count
    once, in an Array each is a place. One that has not both its ends here counts for nothing, and goes when an end of it
    goes.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        # Those of which a verb changes much: they tell that they changed once, at its end.
        self._quiet: set[Association] = set()
        # Arrays that members are put at the end of.
        self._pushed: set[Association] = set()
        # Lists on their way to be wrapped, which may be in themselves.
        self._wrapping: list[int] = []

    # Looked up once: they are asked for at every change of what is stored.
    @cached_property
    def _item(self) -> Association:
        return self._space.built_in_names[ITEM]

    @cached_property
    def _forms(self) -> dict[Association, str]:
        """The built-in types that say what an instance holds."""
        return {**self._space.kinds, **{self._space.built_in_names[shape]: shape for shape in SHAPES}}

    # looking

    def form(self, association: Association) -> str | None:
        """What an association holds, by the first type in its chain that says so: a Set, an Object, a String, …"""
        return self.form_of(here(association._type))

    def form_of(self, type: Association | None) -> str | None:
        """What instances of a type hold."""
        direct = None if type is None else self._forms.get(type)
        return direct or next((self._forms[one] for one in upwards(type) if one in self._forms), None)

    def collects(self, association: Association) -> bool:
        """Whether it is a collection."""
        return self.form(association) in SHAPES

    def made_by(self, type: Association | None) -> bool:
        """Whether instances of a type are collections."""
        return self.form_of(type) in SHAPES

    def end_of(self, owner: Association) -> tuple[str | None, Association]:
        """What is at the end of a value chain: its form, and itself."""
        end = owner.val
        return self.form(end), end

    def need(self, owner: Association, verb: str, *forms: str) -> tuple[str, Association]:
        """What is at the end of a value chain, if it is in one of these forms. Raises `NoCollectionError`."""
        form, end = self.end_of(owner)
        if form in forms:
            return str(form), end
        if form in (SET, ARRAY, OBJECT, MAP):
            raise OtherCollectionError(association=owner, kind=_a(form), verb=verb, kinds=" or ".join(map(_a, forms)))
        raise NoCollectionError(association=owner)

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

    @contextmanager
    def membership(self, collection: Association) -> Generator[Membership]:
        """The membership of a collection, which nobody else brings up to date meanwhile."""
        known = self._space.known_members
        self._space.indexed = self._space.followed = self._space.attended = True
        with known.lock:
            yield known.of(collection, self.form(collection) or SET)

    def members(self, collection: Association) -> list[Association]:
        """The members of a collection that are here, in order; those of a Set each once."""
        with self.membership(collection) as known:
            found = known.members()
            once = len(known.each_once())
        if len(found) > once and self.form(collection) == SET:
            return list(dict.fromkeys(found))
        return found

    def size(self, collection: Association) -> int:
        """How many members there are."""
        with self.membership(collection) as known:
            return len(known.each_once()) if self.form(collection) == SET else len(known.items())

    def holds(self, collection: Association, asked: object) -> bool:
        """Whether an association is a member, or that with an id, or one that has this very data. Asking makes nothing."""
        if self.find(collection, asked):
            return True
        named = self._space.look_up(asked)
        return named is not None and bool(self.between(collection, named))

    def find(self, collection: Association, asked: object) -> list[Association]:
        """The Items of a member, given itself or its data, in order."""
        if isinstance(asked, Association):
            return self.between(collection, asked)
        wanted = keys(asked)
        if not wanted:
            return []
        with self.membership(collection) as known:
            return known.with_data(wanted)

    def meant(self, collection: Association, others: Iterable[object]) -> Iterable[object]:
        """These, each as the member whose data it is, where there is one. Raises `WrongTypeError`."""
        if not isinstance(others, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise WrongTypeError(what=f"sets with {described(collection)}", expected="an iterable", value=others)
        for one in others:
            items = [] if isinstance(one, Association) else self.find(collection, one)
            yield _end(items[0]) if items else one

    def between(self, collection: Association, member: Association) -> list[Association]:
        """The Items from one to the other, in order."""
        fewer = min(collection.out, member.in_, key=len)
        if len(fewer) <= FEW:
            found = [one for one in fewer if one._type is self._item and one._from is collection and one._to is member]
            if len(found) < 2:
                return found
        with self.membership(collection) as known:
            return known.of(member)

    # changing

    def wrap(self, value: object, what: str = "wrap", owner: Association | None = None) -> Association:
        """An association for a value: itself, a new one that has it as data, or a new Set or Array of what is wrapped.

        An error calls it `what`, of the owner.
        """
        if isinstance(value, Association):
            return self.own(value, self._space.root, "wrap")
        kind = kind_for(value)
        if kind is not None:
            return self._space.construct(self._space.built_in_names[kind], value, None, None, None)
        shape = next((shape for classes, shape in _SHAPED.items() if isinstance(value, classes)), None)
        if shape is None:
            expected = "an association, a text, a number, a bool, a date, a function, a dict, a list or a set"
            whose = what if owner is None else f"{what} of {described(owner)}"
            raise WrongTypeError(what=whose, expected=expected, value=value)
        with self._once(value):
            return self.make(self._space.built_in_names[shape], value)

    @contextmanager
    def _once(self, value: object) -> Generator[None]:
        if id(value) in self._wrapping or len(self._wrapping) >= MOST_DEPTH:
            why = "it is inside itself" if id(value) in self._wrapping else f"the most is {MOST_DEPTH} levels"
            raise UnstorableError(value=f"a {type(value).__name__}", association="an association", why=why)
        self._wrapping.append(id(value))
        try:
            yield
        finally:
            self._wrapping.pop()

    def make(
        self,
        type: Association,
        members: object,
        from_: Association | str | uuid.UUID | None = None,
        to: Association | str | uuid.UUID | None = None,
        value: Association | str | uuid.UUID | None = None,
    ) -> Association:
        """A new collection with its members, or nothing."""
        shape = self.form_of(type)
        if not isinstance(members, Iterable):
            raise WrongTypeError(what=f"a new {shape}", expected="an iterable of members", value=members)
        # Before anything is made: an iterable is other people's code.
        given: list[object] = list(members)  # pyright: ignore[reportUnknownArgumentType]
        with self._space._undoable():
            collection = self._space.construct(type, NOTHING, from_, to, value)
            if shape == ARRAY:
                self._space.arrays.fill(collection, given)
            else:
                self._fill(collection, given)
        return collection

    def _fill(self, collection: Association, given: Iterable[object]) -> None:
        """Put members into a new Set: what is equal as data is one member."""
        known: dict[Hashable, Association] = {}
        held: set[Association] = set()
        for value in given:
            wanted = () if isinstance(value, Association) else keys(value)
            member = next((known[one] for one in wanted if one in known), None) or self.taken(collection, value)
            if member._data is not NOTHING:
                known.setdefault(key(member._data), member)
            if member not in held:
                held.add(member)
                self._space.construct(self._item, NOTHING, collection, member, None)

    def add(self, owner: Association, value: object) -> None:
        """Add a member; who is one already is no change."""
        shape, collection = self.need(owner, "add", *SHAPES)
        with self._space._undoable():
            if self.find(collection, value):
                return
            if shape == ARRAY:
                self._space.arrays.put_last(collection, value)
            else:
                self._space.construct(self._item, NOTHING, collection, self.taken(collection, value), None)

    def update(self, collection: Association, given: Iterable[object], keys: Mapping[str, object]) -> None:
        """Add the members of iterables to a Set, all or none. Raises `WrongTypeError`, and what adding one raises."""
        for wrong in (*(one for one in given if not isinstance(one, Iterable)), *([keys] if keys else ())):
            what = f"update of {described(collection)}"
            raise WrongTypeError(what=what, expected="iterables of members", value=wrong)
        # Before anything is added: an iterable is other people's code.
        members = [one for each in cast("Iterable[Iterable[object]]", given) for one in each]
        with self._space._undoable():
            had = self.size(collection)
            with self.at_once(collection):
                for one in members:
                    self.add(collection, one)
            if self.size(collection) != had:
                self.tell(EventKind.data_changed, collection)

    def taken(self, collection: Association, value: object) -> Association:
        """A new member: an association of this space itself, of anything else a new one."""
        if isinstance(value, Association):
            return self.own(value, collection, "add")
        return self.wrap(value, "a member", collection)

    def own(self, member: Association, owner: Association, verb: str) -> Association:
        """An association, if it is alive and of this space."""
        if member.destroyed:
            raise DestroyedError(association=repr(member), owner=owner, field=verb)
        if member._space is not self._space:
            raise OtherSpaceError(association=repr(member), owner=owner, field=verb)
        return member

    def discard(self, owner: Association, asked: object) -> bool:
        """Take a member out, given itself or its data, of an Array at its first place; whether it was one."""
        shape, collection = self.need(owner, "discard", *SHAPES)
        with self._space._undoable():
            items = self.find(collection, asked)
            if shape == SET and items:
                items = self.between(collection, _end(items[0]))
            for item in items[:1] if shape == ARRAY else items:
                item.destroy()
        return bool(items)

    def clear(self, collection: Association) -> None:
        """Take all members out."""
        with self._space._undoable():
            had = bool(self.size(collection))
            with self.at_once(collection):
                for item in self.items(collection):
                    item.destroy()
            if had:
                self.tell(EventKind.data_clear, collection)
                self.tell(EventKind.data_changed, collection)

    @contextmanager
    def at_once(self, collection: Association) -> Generator[None]:
        """Whoever changes much of a collection tells itself that it changed."""
        self._quiet.add(collection)
        try:
            yield
        finally:
            self._quiet.discard(collection)

    @contextmanager
    def pushing(self, array: Association) -> Generator[None]:
        """What comes is put at the end."""
        self._pushed.add(array)
        try:
            yield
        finally:
            self._pushed.discard(array)

    def with_items(self, ending: Sequence[Association]) -> list[Association]:
        """What goes when these are destroyed: before them the Items at them, and before those the Items at them; after them
        positions that nobody else knows.
        """
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
        positions = [one for one in self._space.arrays.positions(found) if one not in found]
        return [*reversed(list(found)[len(ending) :]), *ending, *positions]

    # telling, after the fact: what became of an Item, as its collection sees it

    def tell_come(self, links: Iterable[Association], origin: str | None) -> None:
        """These links, which may be Items, were made or found their ends."""
        come = dict.fromkeys(link for link in links if link._type is self._item)
        pairs = {item: pair for item in come if (pair := self._pair(references(item)))}
        told: set[Pair] = set()
        for item, pair in pairs.items():
            if self.form(pair[0]) == ARRAY:
                self._tell_placed(item, pair, origin)
            elif pair not in told and come.keys() >= set(self.between(*pair)):
                told.add(pair)
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
        if field is TO and before and after and self.form(after[0]) == ARRAY:
            self._tell_set(source, before[1], after, origin)
            return
        if before and not self._still(before):
            self._tell_member(EventKind.data_delete, before, origin)
        if after and self.form(after[0]) == ARRAY:
            self._tell_placed(source, after, origin)
        elif after and len(self.between(*after)) == 1:
            self._tell_member(EventKind.data_add, after, origin)

    def tell_gone(self, kept: Sequence[Reference], origin: str | None) -> None:
        """What had these references is gone; it was an Item, maybe."""
        pair = self._pair(kept) if kept[0] is self._item else None
        if pair and not self._still(pair):
            self._tell_member(EventKind.data_delete, pair, origin)

    def _still(self, pair: Pair) -> bool:
        """Whether a Set holds its member still; of an Array each place counts."""
        return self.form(pair[0]) == SET and bool(self.between(*pair))

    def _pair(self, kept: Sequence[Reference]) -> Pair | None:
        """The collection and the member that these references, in the order of FIELDS, bring together."""
        type, start, end = (here(reference) for reference in kept[:3])
        if type is self._item and start is not None and end is not None and self.collects(start):
            return start, end
        return None

    def _tell_placed(self, item: Association, pair: Pair, origin: str | None) -> None:
        kind = EventKind.data_push if pair[0] in self._pushed else EventKind.data_add
        heard = origin is None and self._space.tells(kind)
        self._tell_member(kind, pair, origin, self._place(item) if heard else DATA)

    def _tell_set(self, item: Association, old: Association, pair: Pair, origin: str | None) -> None:
        array, member = pair
        if self._space.tells(EventKind.item_set):
            self.tell(EventKind.item_set, array, member, origin, self._place(item), old, member)
        if array not in self._quiet:
            self.tell(EventKind.data_changed, array, None, origin)

    def _place(self, item: Association) -> int:
        with self.membership(item._from) as known:  # pyright: ignore[reportArgumentType]
            return known.index(item)

    def _tell_member(self, kind: EventKind, pair: Pair, origin: str | None, field: object = DATA) -> None:
        collection, member = pair
        self.tell(kind, collection, member, origin, field)
        if collection not in self._quiet:
            self.tell(EventKind.data_changed, collection, None, origin)

    def tell(
        self,
        kind: EventKind,
        collection: Association,
        member: Association | None = None,
        origin: str | None = None,
        field: object = DATA,
        old: object = None,
        new: object = None,
    ) -> None:
        """On the collection and up the value chain, each once."""
        signal = self._space.signals.of_kind[kind]
        if self._space.tells(kind):
            for one in and_valued(collection):
                event = Event(kind, one, field, old, new, member, origin)
                self._space.dispatcher.queue(signal, one, event=event)


def _a(form: str) -> str:
    return f"{'an' if form[0] in 'AO' else 'a'} {form}"


_SHAPED: Final[dict[tuple[type, ...], str]] = {(set, frozenset): SET, (list, tuple): ARRAY}


def _end(item: Association) -> Association:
    end = here(item._to)
    assert end is not None
    return end


def _by_seq(association: Association) -> int:
    return association.seq
