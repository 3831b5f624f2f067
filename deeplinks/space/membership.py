"""Membership: who is in a collection, in order and by data, kept from the first question on and right at every later one.

The space room. It follows the Items that changed since it was asked last; what a collection tells and does is not known here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Iterator
from decimal import Decimal
from threading import Lock
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from deeplinks.space.association import Association, Reference, here
from deeplinks.space.back_references import each
from deeplinks.space.fields import FROM, TYPE, Field
from deeplinks.space.positions import place
from deeplinks.space.values import NOTHING, key

# What Items are sorted by: no two have the same.
Rank: TypeAlias = tuple[Any, ...]
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

# Up to so many links are looked through before an index is worth its making.
FEW: Final = 16
# So many changes may wait for a question, and as many as there are Items: then they are followed at once, so that a
# collection which nobody asks any more does not keep what is gone.
MOST_WAITING: Final = 1024


class _Place(NamedTuple):
    rank: Rank
    member: Association
    key: Hashable
    # Whose data the rank and the key depend on.
    watched: tuple[Association, ...]


class Membership:
    """The Items of one collection that have a member, in order; an index by member, and one by data once that is asked for."""

    def __init__(
        self, rank: Callable[[Association], Rank], watch: _Watch, belongs: Callable[[Association], bool]
    ) -> None:
        self._rank = rank
        self._watch = watch
        self._belongs = belongs
        self._places: dict[Association, _Place] = {}
        self._ranks: list[Rank] = []
        self._items: list[Association] = []
        self._of: dict[Association, dict[Association, None]] = {}
        self._by_data: dict[Hashable, dict[Association, None]] | None = None
        # Items that changed since the last question.
        self.changed: dict[Association, None] = {}

    # asking, under the lock of all memberships

    def items(self) -> list[Association]:
        """The Items in order; not to be changed."""
        return self._items

    def member(self, item: Association) -> Association:
        """The member that an Item holds."""
        return self._places[item].member

    def members(self) -> list[Association]:
        """The member of each Item, in order."""
        return [self._places[item].member for item in self._items]

    def each_once(self) -> dict[Association, dict[Association, None]]:
        """The members, each with its Items."""
        return self._of

    def of(self, member: Association) -> list[Association]:
        """The Items of a member, in order."""
        return sorted(self._of.get(member, ()), key=self._by_rank)

    def with_data(self, keys: Iterable[Hashable]) -> list[Association]:
        """The Items of the members that have such data, in order."""
        if self._by_data is None:
            self._by_data = {}
            self._again(list(self._places))
        found = [item for one in keys for item in self._by_data.get(one, ())]
        return sorted(found, key=self._by_rank)

    def index(self, item: Association) -> int:
        """At which place an Item is."""
        return bisect_left(self._ranks, self._places[item].rank)

    def _by_rank(self, item: Association) -> Rank:
        return self._places[item].rank

    # following

    def catch_up(self) -> None:
        """Place what changed; the lock of all memberships is held."""
        changed: list[Association] = []
        while self.changed:
            changed.append(self.changed.popitem()[0])
        if changed:
            self._again(changed)

    def full(self) -> bool:
        """Whether more waits than is worth keeping."""
        return len(self.changed) > MOST_WAITING + len(self._places)

    def _again(self, items: list[Association]) -> None:
        many = len(items) * FEW > len(self._places)
        for item in items:
            self._displace(item, listed=not many)
            if self._belongs(item) and (member := here(item._to)) is not None:
                self._place(item, member, listed=not many)
        if many:
            self._sort()

    def _place(self, item: Association, member: Association, *, listed: bool) -> None:
        asked = self._by_data is not None and member._data is not NOTHING
        number = here(item._value)
        watched = tuple(one for one in (number, member if self._by_data is not None else None) if one is not None)
        found = self._places[item] = _Place(self._rank(item), member, key(member._data) if asked else None, watched)
        self._of.setdefault(member, {})[item] = None
        if self._by_data is not None and asked:
            self._by_data.setdefault(found.key, {})[item] = None
        for one in watched:
            self._watch.add(one, item, self)
        if listed:
            at = bisect_left(self._ranks, found.rank)
            self._ranks.insert(at, found.rank)
            self._items.insert(at, item)

    def _displace(self, item: Association, *, listed: bool) -> None:
        found = self._places.pop(item, None)
        if found is None:
            return
        _discard(self._of, found.member, item)
        if self._by_data is not None:
            _discard(self._by_data, found.key, item)
        for one in found.watched:
            self._watch.remove(one, item)
        if listed:
            at = bisect_left(self._ranks, found.rank)
            del self._ranks[at], self._items[at]

    def _sort(self) -> None:
        self._items = sorted(self._places, key=self._by_rank)
        self._ranks = [self._places[item].rank for item in self._items]

    def let_go(self) -> None:
        """Nobody asks any more."""
        for item, found in self._places.items():
            for one in found.watched:
                self._watch.remove(one, item)


class _Watch:
    """Whose data an Item's place depends on."""

    def __init__(self) -> None:
        self._items: dict[Association, dict[Association, Membership]] = {}

    def add(self, whose: Association, item: Association, membership: Membership) -> None:
        """A place depends on it."""
        self._items.setdefault(whose, {})[item] = membership

    def remove(self, whose: Association, item: Association) -> None:
        """It depends no more."""
        _discard(self._items, whose, item)

    def of(self, whose: Association) -> Iterator[tuple[Association, Membership]]:
        """The Items, each with its collection's membership."""
        return iter(tuple(self._items.get(whose, {}).items()))


class Memberships:
    """The memberships of the collections that were asked for; whoever changes a reference or data tells them."""

    def __init__(self, item: Association) -> None:
        self._item = item
        self._known: dict[Association, tuple[str, Membership]] = {}
        self._watch = _Watch()
        self.lock = Lock()

    def of(self, collection: Association, shape: str) -> Membership:
        """The membership of a collection as it is now; whoever asks has the lock."""
        known = self._known.get(collection)
        if known is None or known[0] != shape:
            known = self._begin(collection, shape)
        known[1].catch_up()
        return known[1]

    def _begin(self, collection: Association, shape: str) -> tuple[str, Membership]:
        self._forget(collection)

        def belongs(item: Association) -> bool:
            return item._type is self._item and item._from is collection

        membership = Membership(RANKS[shape], self._watch, belongs)
        # First known, then filled: what changes meanwhile is not missed.
        known = self._known[collection] = shape, membership
        membership.changed.update(dict.fromkeys(link for link in tuple(each(collection._out)) if belongs(link)))
        return known

    def _forget(self, collection: Association) -> None:
        known = self._known.pop(collection, None)
        if known is not None:
            known[1].let_go()

    # hearing

    def leave(self, collection: Association) -> None:
        """The collection is gone."""
        if collection in self._known:
            with self.lock:
                self._forget(collection)

    def pointed(self, source: Association, field: Field, old: Reference) -> None:
        """A reference changed, of what is or was an Item, maybe."""
        if source._type is not self._item and not (field is TYPE and old is self._item):
            return
        self._mark(source, source._from)
        if field is FROM:
            self._mark(source, old)

    def _mark(self, item: Association, start: Reference) -> None:
        known = self._known.get(start) if isinstance(start, Association) else None
        if known is not None:
            self._wait(known[1], item)

    def _wait(self, membership: Membership, item: Association) -> None:
        if membership.full():
            with self.lock:
                membership.catch_up()
        membership.changed[item] = None

    def filled(self, association: Association) -> None:
        """Data changed, which may be a position or a member's."""
        for item, membership in self._watch.of(association):
            self._wait(membership, item)


def _by_seq(item: Association) -> Rank:
    return (item.seq,)


def _by_position(item: Association) -> Rank:
    """By position, then by id, so that all replicas have one order; what has no position comes last."""
    number = position(item)
    return (1, 0, item.id) if number is None else (0, place(number), item.id)


def position(item: Association) -> int | float | Decimal | None:
    """The position of an Item: its value is a Number."""
    value = here(item._value)
    number = None if value is None else value._data
    return number if isinstance(number, int | float | Decimal) and not isinstance(number, bool) else None


RANKS: Final[dict[str, Callable[[Association], Rank]]] = {"Set": _by_seq, "Array": _by_position}


def _discard(index: dict[Key, dict[Association, Value]], at: Key, item: Association) -> None:
    found = index.get(at)
    if found is not None:
        found.pop(item, None)
        if not found:
            del index[at]
